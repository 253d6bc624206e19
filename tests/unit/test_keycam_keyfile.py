"""A key file holds 64 hexadecimal digits, is its owner's alone, and is whole or not there."""

import os
import stat
from pathlib import Path

import pytest

from keycam.keyfile import KeyFileError, fingerprint, make_key, read_key


def test_a_key_is_read_as_it_was_made(tmp_path: Path) -> None:
    master = make_key(tmp_path / "a.key")
    assert len(master) == 32
    assert read_key(tmp_path / "a.key") == master


def test_a_key_is_readable_by_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_key(tmp_path / "a.key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


def test_keys_are_drawn_afresh(tmp_path: Path) -> None:
    assert len({make_key(tmp_path / str(number)) for number in range(20)}) == 20


@pytest.mark.parametrize("text", ["AB" * 32, "ab" * 32, "  " + "ab" * 32 + "\r\n"])
def test_upper_case_and_white_space_around_the_digits_do_no_harm(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.key").write_bytes(text.encode())
    assert read_key(tmp_path / "a.key") == b"\xab" * 32


@pytest.mark.parametrize("text", ["", "ab" * 31, "ab" * 33, "ab" * 31 + "a", "ab " * 32, "0x" + "ab" * 31, "xy" * 32, "é" * 64])
def test_anything_else_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.key").write_text(text, "utf-8")
    with pytest.raises(KeyFileError, match="allowed is a file of 64 hexadecimal digits") as refused:
        read_key(tmp_path / "a.key")
    assert str(tmp_path / "a.key") in str(refused.value)
    assert "abab" not in str(refused.value)
    # A chained error would quote the file in a traceback.
    assert refused.value.__cause__ is None


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    endless = Path(os.devnull).with_name("zero")
    if not endless.exists():
        pytest.skip("this system has no endless file")
    with pytest.raises(KeyFileError, match="longer than 1024 bytes"):
        read_key(endless)


def test_a_key_that_cannot_be_written_to_its_end_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError, match="No space left on device"):
        make_key(tmp_path / "a.key")
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="it exists"):
        make_key(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_fingerprint_names_a_key_and_is_not_part_of_it() -> None:
    masters = [bytes([number]) * 32 for number in range(50)]
    prints = [fingerprint(master) for master in masters]
    assert len(set(prints)) == 50
    assert prints == [fingerprint(master) for master in masters]
    assert all(len(bytes.fromhex(name)) == 8 and name not in master.hex() for name, master in zip(prints, masters, strict=True))
