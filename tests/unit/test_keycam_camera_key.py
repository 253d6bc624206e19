"""Counters of a key file: their own troubles are the key's, and those of the command are not."""

from pathlib import Path

import pytest

from keycam.camera_key import counters_of, open_camera_key
from keycam.key import KeyFileError, new_key
from keycam.keyfile import write_plain


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with new_key("door", ["host"]) as key:
        write_plain(key, tmp_path / "door.key")
    return tmp_path / "door.key"


def test_counters_rise_over_several_openings_and_so_many_are_reserved(file: Path) -> None:
    issued = []
    for _ in range(2):
        with open_camera_key(file, None) as key, counters_of(file, key, "host", reserve=8) as counters:
            assert counters is not None
            issued += [counters.issue() for _ in range(3)]
    assert issued == [0, 1, 2, 8, 9, 10]


def test_without_a_file_there_are_no_counters() -> None:
    with new_key("door", ["host"]) as key, counters_of(None, key, "host") as counters:
        assert counters is None


def test_an_error_of_the_command_is_not_taken_for_one_of_the_counters(file: Path) -> None:
    other = OSError(28, "No space left on device", "picture.png")
    with (
        pytest.raises(OSError, match=r"picture\.png") as raised,
        open_camera_key(file, None) as key,
        counters_of(file, key, "host"),
    ):
        raise other
    assert raised.value is other


def test_a_counter_that_cannot_be_written_is_a_sentence_about_the_key(file: Path) -> None:
    with (
        pytest.raises(
            KeyFileError, match=rf"^key = {file}: its frame counter cannot be kept \(.*\); allowed is a key in a folder"
        ),
        open_camera_key(file, None) as key,
        counters_of(file, key, "host") as counters,
    ):
        assert counters is not None
        (path,) = file.parent.glob("*.counter.lock")
        Path(str(path).removesuffix(".lock") + ".tmp").mkdir()  # in the place of what is to be written
        counters.issue()
