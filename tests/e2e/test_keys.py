"""`keycam keys new`: a key of its own for every device, that nobody else can read and nothing overwrites."""

import re
import stat
from pathlib import Path


def test_a_new_key_is_a_file_for_its_owner_only_and_is_never_shown(command, tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    run = command("keys", "new", file)
    assert run.code == 0
    assert run.err == ""
    assert re.fullmatch(rf"{re.escape(str(file))}: key [0-9a-f]{{16}}\n", run.out)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert re.fullmatch(r"[0-9a-f]{64}\n", text)
    assert text[:16] not in run.out


def test_two_keys_differ(command, tmp_path: Path) -> None:
    shown = [command("keys", "new", tmp_path / name).out.split()[-1] for name in ("a.key", "b.key")]
    assert shown[0] != shown[1]
    assert (tmp_path / "a.key").read_text() != (tmp_path / "b.key").read_text()


def test_an_existing_key_is_not_overwritten(command, tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    command("keys", "new", file)
    before = file.read_text()
    run = command("keys", "new", file)
    assert run.code == 3
    assert run.out == ""
    assert run.err == f"keycam: file = {file}: it exists, and a key is never overwritten; allowed is a new file\n"
    assert file.read_text() == before
