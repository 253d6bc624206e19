"""`keycam keys`: keys that nobody else can read, nothing overwrites, and that are handed out client by client."""

import getpass
import json
import re
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from adc import PAPER, SECURE, Geometry
from keycam import key_guard
from keycam.key import ClientEpoch
from keycam.key_text import written
from keycam.keyfile import open_key, read_card

from .conftest import Command

GEOMETRY = Geometry(6, 8)
PASSPHRASE = "correct horse, battery staple"


@pytest.fixture(autouse=True)
def quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_guard, "LOG2_N", 10)


@pytest.fixture
def key(command: Command, tmp_path: Path) -> Path:
    file = tmp_path / "a.key"
    assert command("keys", "new", file, "--device", "door", "--client", "host", "--client", "lab").code == 0
    return file


@pytest.fixture
def passphrase(tmp_path: Path) -> tuple[str, Path]:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\nnothing that counts\n")
    return "--passphrase-file", file


@pytest.fixture
def sealed(command: Command, key: Path, passphrase: tuple[str, Path]) -> Path:
    file = key.with_name("a.sealed")
    assert command("keys", "seal", key, file, *passphrase).code == 0
    return file


@pytest.fixture(scope="module")
def pems(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key pairs as PEM: NAME.pem and NAME.pub; `locked` is under the passphrase, `short` has 2048 bits, `curve` is no RSA."""
    folder = tmp_path_factory.mktemp("pems")
    bits = {"camera": 3072, "other": 3072, "locked": 3072, "short": 2048}
    pairs = {name: rsa.generate_private_key(65537, size) for name, size in bits.items()}
    for name, pair in {**pairs, "curve": ec.generate_private_key(ec.SECP256R1())}.items():
        guard = BestAvailableEncryption(PASSPHRASE.encode()) if name == "locked" else NoEncryption()
        (folder / f"{name}.pem").write_bytes(pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, guard))
        public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{name}.pub").write_bytes(public)
    return folder


def secret_of(file: Path) -> str:
    return json.loads(file.read_text())["guard"]["secret"]


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def frame_order(file: Path, client: str, policy=SECURE) -> list[int]:
    with open_key(file, lambda: PASSPHRASE) as opened, opened.schedule(policy, client) as schedule:
        return schedule.frame_key(7, GEOMETRY).order.tolist()


def test_a_new_key_is_a_file_for_its_owner_only_and_is_never_shown(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    run = command("keys", "new", file)
    assert run.code == 0
    assert run.err == ""
    assert re.fullmatch(rf"{re.escape(str(file))}: key [0-9a-f]{{16}}\n", run.out)
    assert mode(file) == 0o600
    for shown in (run, command("keys", "show", file), command("keys", "show", file, "--json")):
        assert shown.code == 0
        assert secret_of(file) not in shown.out


def test_two_keys_differ(command: Command, tmp_path: Path) -> None:
    shown = [command("keys", "new", tmp_path / name).out.split()[-1] for name in ("a.key", "b.key")]
    assert shown[0] != shown[1]
    assert secret_of(tmp_path / "a.key") != secret_of(tmp_path / "b.key")


def test_no_command_overwrites_a_file(command: Command, key: Path, sealed: Path, passphrase, pems: Path) -> None:
    there = key.with_name("there")
    there.write_text("mine")
    for line in (
        ("new", there), ("seal", key, there), ("open", sealed, there), ("wrap", key, there, "--public-key", pems / "camera.pub"),
    ):  # fmt: skip
        run = command("keys", *line, *(passphrase if line[0] in ("seal", "open") else ()))
        assert run.code == 3
        assert run.out == ""
        assert run.err == f"keycam: file = {there}: it exists, and a key is never overwritten; allowed is a new file\n"
    assert there.read_text() == "mine"


def test_what_is_sealed_opens_again_with_its_passphrase_only(command: Command, key: Path, sealed: Path, passphrase) -> None:
    assert mode(sealed) == 0o600
    assert secret_of(key) not in sealed.read_text()
    opened = key.with_name("opened.key")
    assert command("keys", "open", sealed, opened, *passphrase).code == 0
    assert mode(opened) == 0o600
    assert opened.read_text() == key.read_text()
    passphrase[1].write_text("another")
    run = command("keys", "open", sealed, key.with_name("not.key"), *passphrase)
    wrong = f"keycam: key = {sealed}: the passphrase is wrong; allowed is the one that it was sealed with\n"
    assert (run.code, run.out, run.err) == (3, "", wrong)
    assert not key.with_name("not.key").exists()


def test_show_says_what_a_key_is_and_asks_for_no_passphrase(command: Command, key: Path, sealed: Path) -> None:
    shown = [command("keys", "show", file, "--json").json() for file in (key, sealed)]
    assert [result.pop("form") for result in shown] == ["plain", "sealed"]
    assert [result.pop("file") for result in shown] == [str(key), str(sealed)]
    assert shown[0] == shown[1]
    assert (shown[0]["device"], shown[0]["purpose"]) == ("door", "device")
    assert shown[0]["clients"] == {name: {"epoch": 0, "revoked": False} for name in ("host", "lab")}
    table = command("keys", "show", sealed)
    assert all(word in table.out for word in ("door", "sealed", "host", "lab", "active", shown[0]["fingerprint"]))


def test_sixty_four_digits_are_a_plain_key_still(command: Command, tmp_path: Path) -> None:
    (tmp_path / "old.key").write_text("1f" * 32 + "\n")
    shown = command("keys", "show", tmp_path / "old.key", "--json").json()
    assert (shown["form"], shown["device"], shown["created"], list(shown["clients"])) == ("plain", "cam0", None, ["host"])
    assert "not noted" in command("keys", "show", tmp_path / "old.key").out
    assert command("keys", "rotate", tmp_path / "old.key").code == 0
    assert command("keys", "show", tmp_path / "old.key", "--json").json()["clients"]["host"]["epoch"] == 1


@pytest.mark.parametrize("form", ["plain", "sealed"])
def test_a_rotated_revoked_and_admitted_client_leaves_the_others_as_they_were(
    command: Command, key: Path, sealed: Path, passphrase, form: str
) -> None:
    file, options = (key, ()) if form == "plain" else (sealed, passphrase)
    others, own = frame_order(file, "host"), [frame_order(file, "lab")]
    assert others != own[0]
    assert command("keys", "rotate", file, "--client", "lab", *options).code == 0
    own.append(frame_order(file, "lab"))
    assert command("keys", "revoke", file, "--client", "lab", *options).out.endswith("host epoch 0, lab revoked\n")
    with pytest.raises(ValueError, match="client = 'lab': it is revoked; allowed is host"):
        frame_order(file, "lab")
    assert command("keys", "admit", file, "--client", "lab", *options).out.endswith("host epoch 0, lab epoch 3\n")
    own.append(frame_order(file, "lab"))
    assert len({tuple(order) for order in own}) == 3
    assert frame_order(file, "host") == others
    assert command("keys", "rotate", file, *options).out.endswith("host epoch 1, lab epoch 4\n")
    assert frame_order(file, "host") != others
    assert mode(file) == 0o600
    assert [other.name for other in file.parent.iterdir() if other.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("rotate FILE --client nobody", "client = 'nobody': this key has none of that name; allowed is host, lab"),
        ("revoke FILE --client nobody", "client = 'nobody': this key has none of that name; allowed is host, lab"),
        ("admit FILE --client lab", "client = 'lab': it is a client already; allowed is a new name or a revoked client"),
    ],
)
def test_an_impossible_change_changes_nothing(command: Command, key: Path, line: str, says: str) -> None:
    before = key.read_bytes()
    run = command("keys", *(str(key) if word == "FILE" else word for word in line.split()))
    assert (run.code, run.out, run.err) == (2, "", f"keycam: {says}\n")
    assert key.read_bytes() == before


def test_a_client_gets_its_epoch_and_neither_the_master_nor_a_say(command: Command, key: Path, pems: Path) -> None:
    wrapped, own = key.with_name("lab.wrapped"), key.with_name("lab.key")
    assert command("keys", "wrap", key, wrapped, "--client", "lab", "--public-key", pems / "camera.pub").code == 0
    assert command("keys", "open", wrapped, own, "--private-key", pems / "camera.pem").code == 0
    assert secret_of(own) != secret_of(key)
    for policy in (SECURE, PAPER):
        assert frame_order(own, "lab", policy) == frame_order(key, "lab", policy)
    shown = command("keys", "show", own, "--json").json()
    assert (shown["purpose"], shown["clients"]) == ("client", {"lab": {"epoch": 0, "revoked": False}})
    assert "one client's secret" in command("keys", "show", own).out
    before = own.read_bytes()
    for change in ("rotate", "revoke --client lab", "admit --client host"):
        name, *options = change.split()
        run = command("keys", name, own, *options)
        assert run.code == 3
        assert "this key is one client's for one epoch; allowed is the key of a device" in run.err
    run = command("keys", "open", own, key.with_name("more.key"), "--client", "lab")
    assert run.code == 3
    assert own.read_bytes() == before


def test_a_wrapped_key_opens_for_its_device_alone(command: Command, key: Path, pems: Path, passphrase) -> None:
    for name, options in (("camera", ()), ("locked", passphrase)):
        wrapped, opened = key.with_name(f"{name}.wrapped"), key.with_name(f"{name}.key")
        assert command("keys", "wrap", key, wrapped, "--public-key", pems / f"{name}.pub").code == 0
        assert mode(wrapped) == 0o600
        assert command("keys", "show", wrapped, "--json").json()["form"] == "wrapped"
        assert command("keys", "open", wrapped, opened, "--private-key", pems / f"{name}.pem", *options).code == 0
        assert opened.read_text() == key.read_text()
    refused = {
        ("open", "camera.wrapped", "--private-key", "other.pem"): "it was wrapped for the device whose public key is ",
        ("open", "camera.wrapped", "--private-key", "curve.pem"): "curve.pem: it is not an RSA key; allowed is",
        ("open", "camera.wrapped", "--private-key", "camera.pub"): "camera.pub: it is no private key, or its passphrase is wrong",
        ("open", "camera.wrapped", "--private-key", "none.pem"): "none.pem: there is no such file; allowed is an RSA private key",
        ("open", "camera.wrapped", "--private-key", "short.pem"): "the RSA key has 2048 bits; allowed is 3072 to 16384",
        ("open", "camera.wrapped"): "it is wrapped for a device; allowed is one that 'keycam keys open --private-key' opened",
        ("open", "a.key", "--private-key", "camera.pem"): "it is not wrapped; allowed is what 'keycam keys wrap' made",
        ("wrap", "a.key", "--public-key", "short.pub"): "short.pub: the RSA key has 2048 bits; allowed is 3072 to 16384",
        ("wrap", "a.key", "--public-key", "curve.pub"): "curve.pub: it is not an RSA key; allowed is",
        ("wrap", "a.key", "--public-key", "camera.pem"): "camera.pem: it is no public key; allowed is",
        ("seal", "camera.wrapped"): "it is guarded already; allowed is a plain key",
        ("rotate", "camera.wrapped"): "it is wrapped for a device; allowed is",
    }
    for (name, file, *options), says in refused.items():
        out = () if name == "rotate" else (key.with_name("not.key"),)
        run = command("keys", name, key.with_name(file), *out, *(pems / word if "." in word else word for word in options))
        assert run.code == 3, run
        assert run.err.count("\n") == 1
        assert says in run.err
        assert not key.with_name("not.key").exists()
    run = command("keys", "open", key.with_name("locked.wrapped"), key.with_name("not.key"), "--private-key", pems / "locked.pem")
    assert (run.code, "there is no terminal to ask at" in run.err) == (3, True)


def test_an_edited_or_cut_file_is_told_from_a_wrong_passphrase(command: Command, sealed: Path, passphrase) -> None:
    whole = sealed.read_text()
    cut = {size: whole.encode()[:size] for size in (1, 40, 300, len(whole) - 3)}
    for damaged, says in (
        *((text, "it is cut short or damaged: not whole JSON; allowed is") for text in cut.values()),
        (b"", "it has 0 digits; allowed is"),
        (whole.replace("door", "gate").encode(), "it is damaged or was edited: its checksum does not fit; allowed is"),
        (whole.replace('"keycam key": 1', '"keycam key": 2').encode(), "it has version 2; allowed is version 1"),
        (whole.replace("door", "d\u00f6\u00f6r").encode(), "it is damaged: not ASCII; allowed is"),
    ):
        sealed.write_bytes(damaged)
        run = command("keys", "open", sealed, sealed.with_name("not.key"), *passphrase)
        assert run.code == 3
        assert run.err.startswith(f"keycam: key = {sealed}: {says}")
        assert run.err.count("\n") == 1


@pytest.mark.parametrize("form", ["sealed", "wrapped"])
@pytest.mark.parametrize("field", ["device", "clients", "created", "fingerprint", "purpose", "secret"])
def test_what_is_edited_with_a_fitting_checksum_is_found_by_the_guard(
    command: Command, key: Path, sealed: Path, passphrase, pems: Path, form: str, field: str
) -> None:
    file, options = sealed, passphrase
    if form == "wrapped":
        file, options = key.with_name("a.wrapped"), ("--private-key", pems / "camera.pem")
        assert command("keys", "wrap", key, file, "--public-key", pems / "camera.pub").code == 0
    card, guard = read_card(file)
    if field == "secret":
        content = getattr(guard, form)
        guard = replace(guard, **{form: bytes([content[0] ^ 1]) + content[1:]})
    elif field == "purpose":
        card = replace(card, purpose="client", clients={"lab": ClientEpoch()})
    else:
        edits = {"device": "gate", "clients": {"host": ClientEpoch(9)}, "created": "", "fingerprint": "0" * 16}
        card = replace(card, **{field: edits[field]})
    file.write_bytes(written(card, guard))
    run = command("keys", "open", file, key.with_name("not.key"), *options)
    edited = "it was edited after it was written; allowed is the file as keycam wrote it"
    assert (run.code, run.out, run.err) == (3, "", f"keycam: key = {file}: {edited}\n")
    assert not key.with_name("not.key").exists()


def test_a_passphrase_is_typed_without_echo_and_twice_when_it_is_new(
    command: Command, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[str] = []
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return typed.pop(0)

    monkeypatch.setattr(getpass, "getpass", ask)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    sealed = key.with_name("typed.sealed")
    for typed[:], says in ([["a", "b"], "the two differ"], [[""], "it is empty"]):
        run = command("keys", "seal", key, sealed)
        assert (run.code, says in run.err, sealed.exists()) == (3, True, False)
    asked.clear()
    # e and an accent, in two letters and in one, are the same passphrase.
    typed[:] = ["e\u0301", "\u00e9", "\u00e9"]
    assert command("keys", "seal", key, sealed).code == 0
    assert command("keys", "open", sealed, key.with_name("opened.key")).code == 0
    assert asked == [f"New passphrase for {sealed}: ", "The same again: ", f"Passphrase of {sealed}: "]


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "it cannot be read (No such file or directory)"), (b"", "its first line is empty"),
     (b"\nx", "its first line is empty"), (b"\xff\n", "it is not UTF-8"),
     (b"x" * 1025, "its first line is longer than 1024 bytes")],
)  # fmt: skip
def test_a_bad_passphrase_file_is_refused(command: Command, sealed: Path, passphrase, content: bytes | None, says: str) -> None:
    passphrase[1].unlink()
    if content is not None:
        passphrase[1].write_bytes(content)
    run = command("keys", "rotate", sealed, *passphrase)
    assert (run.code, run.out) == (3, "")
    assert run.err == f"keycam: passphrase_file = {passphrase[1]}: {says}; allowed is a file whose first line is the passphrase\n"


def test_a_change_that_cannot_be_written_leaves_the_key_and_no_other_file(
    command: Command, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = {file: file.read_bytes() for file in key.parent.iterdir()}
    monkeypatch.setattr("os.fsync", full)
    run = command("keys", "rotate", key)
    assert run.code == 3
    assert "No space left on device" in run.err
    assert {file: file.read_bytes() for file in key.parent.iterdir()} == before


def test_a_link_to_a_key_stays_a_link_when_the_key_changes(command: Command, key: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.key"
    link.symlink_to(key)
    assert command("keys", "rotate", link).code == 0
    assert link.is_symlink()
    assert command("keys", "show", key, "--json").json()["clients"]["host"]["epoch"] == 1
