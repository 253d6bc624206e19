"""Recordings that were cut, flipped or forged: whole frames come out exactly, the rest is counted, and nothing else happens."""

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.recording import DamagedFrameError, IndexLine, Recording, RecordingError, RecordingWriter
from inference.recording.index import TITLE
from inference.recording.lines import MOST_BYTES, opened, sealed, whole_lines
from tests.recorded_frames import noise_frame, noise_frames, same

FRAMES = noise_frames(3)
FEW, MANY = 300, 20_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return whole(tmp_path / "door.keycam")


def whole(folder: Path) -> Path:
    with RecordingWriter(folder) as writer:
        for raw in FRAMES:
            writer.write(raw, float(raw.header.counter))
    return folder


def readable(folder: Path) -> tuple[list[int], dict[str, int]]:
    """The counters of the frames that come out, which must be exact, and the trouble."""
    recording = Recording(folder)
    found = list(recording)
    assert all(same([raw], [FRAMES[raw.header.counter]]) for raw in found)
    return [raw.header.counter for raw in found], recording.trouble


def index_of(folder: Path) -> Path:
    return folder / "index.jsonl"


def chunk_of(folder: Path, number: int = 0) -> Path:
    return folder / f"chunk-{number:06}.raw"


def test_an_index_cut_anywhere_gives_the_frames_of_its_whole_lines(folder: Path) -> None:
    text = index_of(folder).read_bytes()
    ends = [at + 1 for at, octet in enumerate(text) if octet == ord("\n")]
    assert len(ends) == 4
    for cut in range(len(text)):
        index_of(folder).write_bytes(text[:cut])
        frames = max(sum(end <= cut for end in ends) - 1, 0)
        assert readable(folder) == ([0, 1, 2][:frames], {"unfinished": 1})


def test_a_chunk_cut_anywhere_gives_the_frames_before_the_cut(folder: Path) -> None:
    content = chunk_of(folder).read_bytes()
    size_bytes = len(content) // 3
    for cut in range(len(content)):
        chunk_of(folder).write_bytes(content[:cut])
        frames = cut // size_bytes
        assert readable(folder) == ([0, 1, 2][:frames], {"missing": 3 - frames})


def test_a_flipped_bit_of_a_chunk_costs_its_frame_and_no_other(folder: Path) -> None:
    content = chunk_of(folder).read_bytes()
    size_bytes, causes = len(content) // 3, set()
    for at in range(len(content)):
        flipped = bytearray(content)
        flipped[at] ^= 1 << at % 8
        chunk_of(folder).write_bytes(flipped)
        counters, trouble = readable(folder)
        assert counters == [counter for counter in (0, 1, 2) if counter != at // size_bytes]
        assert list(trouble.values()) == [1]
        causes |= set(trouble)
    assert causes == {"crc", "header"}


def test_a_flipped_bit_of_the_index_costs_its_line_and_no_other(folder: Path) -> None:
    text = index_of(folder).read_bytes()
    title_bytes = text.index(b"\n") + 1
    for at in range(len(text)):
        flipped = bytearray(text)
        flipped[at] ^= 1 << at % 8
        index_of(folder).write_bytes(flipped)
        counters, trouble = readable(folder)
        if at < title_bytes - 1:
            assert counters == [0, 1, 2]
        # A line end that is gone takes two lines with it, or none but its own at the end of the file.
        else:
            assert len(counters) >= 1
            assert counters == sorted(set(counters))
        assert trouble.get("line", 0) + trouble.get("unfinished", 0) >= 1


@pytest.mark.parametrize("what", ["index", "chunk"])
def test_append_goes_on_behind_whatever_was_broken_off(tmp_path: Path, what: str) -> None:
    folder = whole(tmp_path / "whole.keycam")
    file = index_of(folder) if what == "index" else chunk_of(folder)
    content = file.read_bytes()
    for cut in np.random.default_rng(1).integers(len(content) // 2, len(content), 12).tolist():
        broken = tmp_path / "broken.keycam"
        shutil.copytree(folder, broken)
        (broken / file.name).write_bytes(content[:cut])
        before, _ = readable(broken)
        tail = chunk_of(broken).read_bytes()
        with RecordingWriter(broken, append=True) as writer:
            for counter in (10, 11):
                writer.write(noise_frame(counter))
        recording = Recording(broken)
        assert same(list(recording), [*(FRAMES[counter] for counter in before), noise_frame(10), noise_frame(11)])
        assert chunk_of(broken).read_bytes() == tail  # nobody knows what may be saved of it
        assert "line" not in recording.trouble
        shutil.rmtree(broken)


def test_a_line_that_was_broken_off_does_not_take_the_next_one_with_it(folder: Path) -> None:
    with index_of(folder).open("ab") as file:
        file.write(b'{"counter":3,"chu')
    with RecordingWriter(folder, append=True) as writer:
        writer.write(noise_frame(4))
    assert same(list(Recording(folder)), [*FRAMES, noise_frame(4)])


def test_a_stop_at_the_very_beginning_leaves_an_empty_recording(tmp_path: Path) -> None:
    for cut in range(len(TITLE) + 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        index_of(folder).write_bytes(TITLE[:cut])
        assert readable(folder) == ([], {})
        with RecordingWriter(folder, append=True) as writer:
            writer.write(FRAMES[0])
        assert readable(folder) == ([0], {})
        assert index_of(folder).read_bytes().startswith(TITLE)


def test_another_version_is_refused_and_damage_to_the_title_is_not_taken_for_one(folder: Path) -> None:
    lines = index_of(folder).read_bytes().removeprefix(TITLE)
    for version in (2, "1", None, True, 1.5):
        index_of(folder).write_bytes(sealed({"keycam recording": version}) + lines)
        with pytest.raises(RecordingError, match=r"its index has version .*, not 1; allowed is"):
            Recording(folder)
    index_of(folder).write_bytes(b"#" + TITLE[1:] + lines)
    assert readable(folder) == ([0, 1, 2], {"line": 1})
    index_of(folder).write_bytes(lines)
    assert readable(folder) == ([0, 1, 2], {})


def test_lines_without_end_or_measure_are_counted_and_not_kept(folder: Path) -> None:
    text = index_of(folder).read_bytes()
    for line in (b"x" * 3_000_000, b"[" * 900, sealed({"a": "b" * MOST_BYTES})[:-1], b"\0" * 5000, b"", b"{}"):
        index_of(folder).write_bytes(text + line + b"\n" + text.removeprefix(TITLE))
        assert readable(folder) == ([0, 1, 2] * 2, {"counter": 1, "line": 1})
    index_of(folder).write_bytes(text + b"x" * 3_000_000)
    assert readable(folder) == ([0, 1, 2], {})


def test_of_a_line_without_measure_little_is_kept() -> None:
    lines = list(whole_lines(io.BytesIO(b"x" * 10**6 + b"\n" + b"short\n" + b"y" * 10**6)))
    assert [len(line) for line in lines] == [MOST_BYTES, len(b"short\n")]


LINE = {
    "counter": 0, "chunk": 0, "offset_bytes": 0, "header_bytes": 71, "size_bytes": 177, "crc32": "00000000", "received_s": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"counter": -1}, {"counter": 2**64}, {"counter": True}, {"counter": 1.0}, {"counter": "0"}, {"counter": None},
        {"chunk": 10**6}, {"offset_bytes": -1}, {"offset_bytes": 2**63}, {"header_bytes": 2**16}, {"size_bytes": 86},
        {"size_bytes": 2**63}, {"crc32": 0}, {"crc32": "0000000"}, {"crc32": "0000000G"}, {"crc32": "+0000000"},
        {"received_s": 0}, {"received_s": -1.0}, {"received_s": float("nan")}, {"received_s": float("inf")}, {"received_s": 1e12},
        {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_lines_of_impossible_values_are_counted(folder: Path, change: dict[str, Any]) -> None:
    assert opened(sealed(LINE | change)) is not None  # it is the values that are refused, not the form
    with pytest.raises((ValueError, TypeError)):
        IndexLine.of(LINE | change)
    with index_of(folder).open("ab") as file:
        file.write(sealed(LINE | change))
    assert readable(folder) == ([0, 1, 2], {"line": 1})


def test_a_line_without_one_of_its_members_or_in_another_sequence_is_counted(folder: Path) -> None:
    with index_of(folder).open("ab") as file:
        for name in LINE:
            file.write(sealed({other: value for other, value in LINE.items() if other != name}))
        file.write(sealed(dict(reversed(LINE.items()))))
    assert readable(folder) == ([0, 1, 2], {"line": len(LINE) + 1})
    assert IndexLine.of(LINE).to_bytes() == sealed(LINE)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"offset_bytes": 1}, "header"),
        ({"header_bytes": 60}, "header"),
        ({"header_bytes": 0}, "header"),
        ({"size_bytes": 170}, "header"),
        ({"size_bytes": 2**62}, "missing"),
        ({"offset_bytes": 2**62, "size_bytes": 2**62}, "missing"),
        ({"chunk": 5}, "missing"),
        ({"counter": 1}, "header"),
        ({"crc32": "ffffffff"}, "crc"),
    ],
    ids=str,
)
def test_a_line_that_names_the_wrong_bytes_gives_no_frame(folder: Path, change: dict[str, Any], cause: str) -> None:
    right = opened(index_of(folder).read_bytes().splitlines(keepends=True)[1])
    assert right is not None
    index_of(folder).write_bytes(TITLE + sealed(right | change))
    recording = Recording(folder)
    with pytest.raises(DamagedFrameError) as damaged:
        recording[0]
    assert damaged.value.cause == cause
    assert "; allowed is" in str(damaged.value)
    assert recording.trouble[cause] == 1
    assert list(recording) == []
    assert recording.trouble[cause] == 1  # a frame counts once


def test_a_header_that_asks_for_more_memory_than_there_is_gets_none(folder: Path) -> None:
    # A sparse file of an exabyte's pretence costs a forger nothing.
    right = opened(index_of(folder).read_bytes().splitlines(keepends=True)[1])
    assert right is not None
    os.truncate(chunk_of(folder), 2**42)
    index_of(folder).write_bytes(TITLE + sealed(right | {"size_bytes": 2**42}))
    assert readable(folder) == ([], {"header": 1})


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "nothing"])
def test_what_is_no_file_in_the_place_of_a_chunk_is_not_read(folder: Path, kind: str) -> None:
    chunk_of(folder).unlink()
    if kind == "pipe":
        os.mkfifo(chunk_of(folder))  # whose opening would wait for ever
    elif kind == "folder":
        chunk_of(folder).mkdir()
    elif kind == "device":
        chunk_of(folder).symlink_to("/dev/zero")
    assert readable(folder) == ([], {"missing": 3})


def test_a_pipe_in_the_place_of_the_index_is_not_waited_for(folder: Path) -> None:
    index_of(folder).unlink()
    os.mkfifo(index_of(folder))
    for make in (Recording, lambda path: RecordingWriter(path, append=True)):
        with pytest.raises(RecordingError, match="it has no index; allowed is"):
            make(folder)


def test_files_of_others_in_the_folder_do_no_harm(folder: Path) -> None:
    for name in ("notes.txt", "chunk-1.raw", "chunk-000001.raw.bak", "xchunk-000001.raw"):
        (folder / name).write_text("something")
    assert readable(folder) == ([0, 1, 2], {})


def test_a_chunk_that_no_line_names_is_a_frame_that_was_broken_off(folder: Path) -> None:
    chunk_of(folder, 1).write_bytes(b"")
    assert readable(folder) == ([0, 1, 2], {})
    chunk_of(folder, 1).write_bytes(b"KCAM")
    assert readable(folder) == ([0, 1, 2], {"unfinished": 1})


def test_a_chunk_that_shrinks_while_it_is_read_gives_no_frame(folder: Path) -> None:
    recording = Recording(folder)
    os.truncate(chunk_of(folder), 200)
    assert [raw.header.counter for raw in recording] == [0]
    assert recording.trouble == {"missing": 2}


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes of which some parts were replaced, taken out, put in or repeated; or any bytes at all."""
    if draw(st.integers(0, 7)) == 0:
        return draw(st.binary(max_size=300))
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(content)))
        end = draw(st.integers(begin, min(len(content), begin + 20)))
        part = draw(st.one_of(st.binary(max_size=9), st.just(content[begin:end] * 2), st.just(content[end : end + 200])))
        content = content[:begin] + part + content[end:]
    return content


def check_damaged(folder: Path, cases: int) -> None:
    contents = {file: file.read_bytes() for file in (index_of(folder), chunk_of(folder))}
    seen: set[str] = set()

    @settings(max_examples=cases, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(index=damaged(contents[index_of(folder)]), chunk=damaged(contents[chunk_of(folder)]))
    def check(index: bytes, chunk: bytes) -> None:
        index_of(folder).write_bytes(index)
        chunk_of(folder).write_bytes(chunk)
        try:
            counters, trouble = readable(folder)
        except RecordingError as refused:
            assert "; allowed is" in str(refused)
            seen.add("refused")
            return
        seen.update(trouble)
        assert all(count > 0 for count in trouble.values())
        if (index, chunk) == tuple(contents.values()):
            assert (counters, trouble) == ([0, 1, 2], {})
            seen.add("whole")

    check()
    assert seen >= {"refused", "line", "unfinished", "missing", "crc", "header", "whole"}


def test_whatever_bytes_lie_there_only_whole_frames_and_documented_errors_come_out(folder: Path) -> None:
    check_damaged(folder, FEW)


@pytest.mark.slow
def test_whatever_bytes_lie_there_in_twenty_thousand_cases(folder: Path) -> None:
    check_damaged(folder, MANY)


def test_no_frame_at_all_is_read_ahead(folder: Path) -> None:
    numbered: Iterator[tuple[int, Any]] = Recording(folder).numbered()
    assert next(numbered)[0] == 0
    chunk_of(folder).unlink()
    assert next(numbered, None) is None
