"""A file is written whole or not at all, and what is in its place is not lost on the way."""

import os
import stat
from pathlib import Path

import pytest

from keycam.atomic_file import OutputError, folder_of_results, make_folder, whole_file, whole_folder


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.txt"
    with whole_file(file, "out") as unfinished:
        unfinished.write_text("content")
        assert not file.exists()
        assert unfinished.parent == file.parent  # so that it can be moved into place in one step
        assert unfinished.suffix == ".txt"  # which some writers choose the format by
    assert file.read_text() == "content"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_what_was_there_stays_when_the_writing_fails(tmp_path: Path, stop: type[BaseException]) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(stop), whole_file(tmp_path / "a.txt", "out") as unfinished:
        unfinished.write_text("ne")
        raise stop
    assert (tmp_path / "a.txt").read_text() == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "a.txt"]


def test_a_file_gets_the_permissions_that_others_get(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / "a.txt", "out") as unfinished:
            assert stat.S_IMODE(unfinished.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_full_disk_is_a_sentence_about_the_file_that_was_asked_for(tmp_path: Path) -> None:
    expected = rf"out = {tmp_path / 'a.txt'}: it cannot be written \(No space left on device\); allowed is"
    with pytest.raises(OutputError, match=expected), whole_file(tmp_path / "a.txt", "out"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_place_of_the_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with (
        pytest.raises(OutputError, match=f"figure = {tmp_path / 'a.txt'}: a folder is in the place of the file"),
        whole_file(tmp_path / "a.txt", "figure"),
    ):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "a.txt"]


def test_a_folder_is_made_with_those_above_it_and_left_empty(tmp_path: Path) -> None:
    for _ in range(2):
        make_folder(tmp_path / "a" / "b", "out")
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/under"])
def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=f"out = {tmp_path / name}: a file is in the place of a folder; allowed is"):
        make_folder(tmp_path / name, "out")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_private_file_is_its_owner_s_alone_while_it_is_written_and_after(tmp_path: Path) -> None:
    (tmp_path / "a.pt2").write_text("older, and for all to read")
    (tmp_path / "a.pt2").chmod(0o644)
    with whole_file(tmp_path / "a.pt2", "out", private=True) as unfinished:
        unfinished.write_text("secret")
        assert unfinished.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a.pt2").stat().st_mode & 0o777 == 0o600


def test_a_folder_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "a.keycam"
    with whole_folder(folder, "out") as unfinished:
        (unfinished / "content").write_text("content")
        assert not folder.exists()
        assert unfinished.parent == folder.parent
    assert (folder / "content").read_text() == "content"
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_of_a_folder_that_fails(tmp_path: Path, stop: type[BaseException]) -> None:
    with pytest.raises(stop), whole_folder(tmp_path / "a", "out") as unfinished:
        (unfinished / "content").write_text("content")
        raise stop
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled_and_another_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with whole_folder(tmp_path / "empty", "out") as unfinished:
        (unfinished / "content").write_text("content")
    says = f"out = {tmp_path / 'empty'}: something is there already; allowed is a new folder"
    with pytest.raises(OutputError, match=says), whole_folder(tmp_path / "empty", "out"):
        pass
    assert (tmp_path / "empty" / "content").read_text() == "content"


def test_a_folder_gets_the_permissions_that_others_get(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with whole_folder(tmp_path / "a", "out") as unfinished:
            assert stat.S_IMODE(unfinished.stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o750


def test_a_file_in_the_place_of_the_folder_stays_and_a_full_disk_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "under"):
        says = f"out = {folder}: a file is in the place of a folder; allowed is a folder in"
        with pytest.raises(OutputError, match=says), whole_folder(folder, "out"):
            pass
    says = rf"out = {tmp_path / 'a'}: it cannot be written \(No space left on device\); allowed is a folder in"
    with pytest.raises(OutputError, match=says), whole_folder(tmp_path / "a", "out"):
        raise OSError(28, "No space left on device")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_folder_of_results_that_never_came_is_taken_away_as_far_as_it_was_made(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(KeyboardInterrupt), folder_of_results(tmp_path / "mine" / "a" / "b", "out"):
        assert (tmp_path / "mine" / "a" / "b").is_dir()
        raise KeyboardInterrupt
    assert list((tmp_path / "mine").iterdir()) == []
    with pytest.raises(ValueError, match="bad"), folder_of_results(tmp_path / "mine", "out"):
        raise ValueError("bad")
    assert (tmp_path / "mine").is_dir()


def test_a_folder_with_something_in_it_stays(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bad"), folder_of_results(tmp_path / "a" / "b", "out"):
        (tmp_path / "a" / "found").write_text("kept")
        raise ValueError("bad")
    assert (tmp_path / "a" / "found").read_text() == "kept"
    assert not (tmp_path / "a" / "b").exists()
    with folder_of_results(tmp_path / "c", "out"):
        pass
    assert (tmp_path / "c").is_dir()
