"""A key file is its owner's alone, is whole or not there, and what it holds is read as it was made."""

import os
import pickle
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from keycam.key import ClientEpoch, Key, KeyCard, KeyFileError, fingerprint, new_key
from keycam.key_text import written
from keycam.keyfile import change_card, counter_file, open_key, read_card, write_plain


def never() -> str:
    raise AssertionError("nothing here has a passphrase")


def made(file: Path) -> Key:
    key = new_key("door", ["host"])
    write_plain(key, file)
    return key


def test_a_key_is_read_as_it_was_made(tmp_path: Path) -> None:
    key = made(tmp_path / "a.key")
    assert len(key.secret) == 32
    assert open_key(tmp_path / "a.key", never) == key


def test_a_key_is_readable_by_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made(tmp_path / "a.key")
        change_card(tmp_path / "a.key", lambda card: card.rotated(None), never)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


def test_keys_are_drawn_afresh() -> None:
    assert len({bytes(new_key("door", ["host"]).secret) for _ in range(20)}) == 20


@pytest.mark.parametrize("text", ["AB" * 32, "ab" * 32, "  " + "ab" * 32 + "\r\n"])
def test_upper_case_and_white_space_around_bare_digits_do_no_harm(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.key").write_bytes(text.encode())
    assert open_key(tmp_path / "a.key", never).secret == b"\xab" * 32


@pytest.mark.parametrize("text", ["", "ab" * 31, "ab" * 33, "ab" * 31 + "a", "ab " * 32, "0x" + "ab" * 31, "xy" * 32, "é" * 64])
def test_anything_else_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.key").write_text(text, "utf-8")
    with pytest.raises(KeyFileError, match="allowed is a key file that 'keycam keys' made, or one of 64 hex") as refused:
        open_key(tmp_path / "a.key", never)
    assert str(tmp_path / "a.key") in str(refused.value)
    assert "abab" not in str(refused.value)
    # A chained error would quote the file in a traceback.
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    endless = Path(os.devnull).with_name("zero")
    if not endless.exists():
        pytest.skip("this system has no endless file")
    with pytest.raises(KeyFileError, match="longer than 65536 bytes"):
        read_card(endless)


def test_a_key_that_cannot_be_written_to_its_end_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError, match="No space left on device"):
        made(tmp_path / "a.key")
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="it exists"):
        made(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_fingerprint_names_a_key_and_is_not_part_of_it() -> None:
    masters = [bytes([number]) * 32 for number in range(50)]
    prints = [fingerprint(master) for master in masters]
    assert len(set(prints)) == 50
    assert prints == [fingerprint(master) for master in masters]
    assert all(len(bytes.fromhex(name)) == 8 and name not in master.hex() for name, master in zip(prints, masters, strict=True))


def test_two_changes_at_once_are_both_made(tmp_path: Path) -> None:
    made(tmp_path / "a.key")
    names = [f"client {number}" for number in range(12)]

    def admit(name: str) -> None:
        change_card(tmp_path / "a.key", lambda card: card.admitting(name), never)

    threads = [threading.Thread(target=admit, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_card(tmp_path / "a.key")[0].clients) == {"host", *names}


def test_a_plain_file_with_another_secret_is_refused(tmp_path: Path) -> None:
    key = made(tmp_path / "a.key")
    card, guard = read_card(tmp_path / "a.key")
    (tmp_path / "a.key").write_bytes(written(card, replace(guard, secret=bytes(32))))
    with pytest.raises(KeyFileError, match="it was edited after it was written"):
        read_card(tmp_path / "a.key")
    assert key.card == card


def test_a_key_is_wiped_at_its_end_and_neither_printed_nor_pickled(tmp_path: Path) -> None:
    with made(tmp_path / "a.key") as key:
        assert key.secret.hex() not in repr(key)
        assert str(bytes(key.secret))[2:-1] not in repr(key)
        assert str(read_card(tmp_path / "a.key")[1]) == "Plain()"
        with pytest.raises(TypeError, match="never pickled"):
            pickle.dumps(key)
    assert key.secret == bytes(32)


def test_a_counter_belongs_to_the_key_the_client_and_the_epoch(tmp_path: Path) -> None:
    card = new_key("door", ["host", "a/b", "a%2Fb"]).card
    later = card.rotated("host")
    files = {counter_file(tmp_path / "a.key", each, client) for each in (card, later) for client in card.clients}
    assert len(files) == 4  # only the host has two epochs
    assert all(file.parent == tmp_path for file in files)
    assert counter_file(tmp_path / "copy.key", card, "host") == counter_file(tmp_path / "a.key", card, "host")


@pytest.mark.parametrize(
    "changed",
    [{"purpose": "both"}, {"device": ""}, {"clients": {}}, {"clients": {"": ClientEpoch()}}, {"clients": {"a": ClientEpoch(-1)}},
     {"clients": {"a": ClientEpoch(2**64)}}, {"clients": {"a": ClientEpoch(0, 1)}}, {"created": "today"}, {"fingerprint": "xy"},
     {"purpose": "client", "clients": {"a": ClientEpoch(0, True)}},
     {"purpose": "client", "clients": {"a": ClientEpoch(), "b": ClientEpoch()}},
     {"clients": {str(number): ClientEpoch() for number in range(257)}}],
)  # fmt: skip
def test_an_impossible_card_is_refused_by_name(changed: dict) -> None:
    card = KeyCard("device", "door", {"host": ClientEpoch()}, "2026-01-31T12:00:00Z", "0" * 16)
    field = "clients" if changed.get("purpose") == "client" else "|".join(["epoch", "revoked", "client", *changed])
    with pytest.raises(ValueError, match=rf"^({field})\b"):
        replace(card, **changed)


def test_the_last_epoch_is_the_last() -> None:
    card = KeyCard("device", "door", {"host": ClientEpoch(2**64 - 1)}, "", "0" * 16)
    with pytest.raises(ValueError, match="epoch = 18446744073709551616: allowed is 0 to"):
        card.rotated(None)
