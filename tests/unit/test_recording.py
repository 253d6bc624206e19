"""Frames go into a recording and come out of it exactly, whatever happens to the files in between."""

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import PAPER, FrameError, Geometry, KeySchedule, RawFrame
from inference.isp import IspSettings
from inference.receiver import FrameRefused, Receiver
from inference.recording import DamagedFrameError, FrameNotRecorded, Recording, RecordingError, RecordingWriter, recorded
from inference.recording.index import TITLE
from inference.stream import stream
from tests.recorded_frames import GEOMETRY, SCHEDULE, keyed_frame, noise_frame, noise_frames, same


def record(folder: Path, frames: list[RawFrame], **options) -> Recording:
    with RecordingWriter(folder, **options) as writer:
        for raw in frames:
            writer.write(raw)
    return Recording(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "door.keycam"


@pytest.mark.parametrize("bits", range(7, 17))
@pytest.mark.parametrize("cfa", ["mono", "rggb", "rgb"])
def test_every_depth_and_filter_comes_back_exactly(folder: Path, bits: int, cfa) -> None:
    frames = noise_frames(3, Geometry(6, 10, bits, cfa))
    recording = record(folder, frames)
    assert same(list(recording), frames)
    assert same([recording[number] for number in (0, 1, -1)], frames)
    assert not recording.trouble


@pytest.mark.parametrize("geometry", [Geometry(1, 1, 12), Geometry(1, 65535, 9), Geometry(65535, 1, 15)], ids=str)
def test_odd_arrays_come_back_exactly(folder: Path, geometry: Geometry) -> None:
    frames = noise_frames(2, geometry)
    assert same(list(record(folder, frames)), frames)


def test_the_holder_of_the_key_restores_every_frame_exactly(folder: Path) -> None:
    frames = [keyed_frame(counter) for counter in (3, 4, 9)]
    receiver = Receiver(SCHEDULE, live=False)
    restored = [raw.restore(receiver.accept(raw)) for raw in record(folder, frames)]
    for raw, raster in zip(frames, restored, strict=True):
        assert np.array_equal(raster, raw.restore(SCHEDULE.frame_key(raw.header.counter, GEOMETRY)))


def test_what_a_link_carried_is_refused_at_replay_as_it_was_live(folder: Path) -> None:
    # A forged counter must not keep the authentic frames behind it out of the recording.
    forged = replace(keyed_frame(1), header=replace(keyed_frame(1).header, counter=2**63))
    frames = [keyed_frame(0), forged, keyed_frame(1), keyed_frame(1), keyed_frame(2)]
    recording = record(folder, frames)
    assert same(list(recording), frames)
    assert recording.trouble == {"counter": 2}
    receiver, accepted = Receiver(SCHEDULE, live=False), []
    for raw in recording:
        try:
            accepted.append(receiver.accept(raw).counter)
        except FrameRefused:
            continue
    assert accepted == [0, 1, 2]
    assert receiver.refused == {"tag": 1, "replay": 1}


def test_frames_outside_of_the_recording_are_no_frames(folder: Path) -> None:
    recording = record(folder, noise_frames(2))
    assert len(recording) == 2
    for number in (2, -3):
        with pytest.raises(IndexError):
            recording[number]
    for wrong in ("0", slice(0, 1), 0.0):
        with pytest.raises(TypeError):
            recording[wrong]


def test_a_frame_lies_in_one_chunk_and_chunks_keep_to_their_size(folder: Path) -> None:
    frames = noise_frames(10)
    size_bytes = record(folder, frames[:1]).index[0].size_bytes
    shutil.rmtree(folder)
    recording = record(folder, frames, chunk_bytes=3 * size_bytes)
    assert recording.chunk_sizes == {0: 3 * size_bytes, 1: 3 * size_bytes, 2: 3 * size_bytes, 3: size_bytes}
    assert same(list(recording), frames)


def test_a_frame_larger_than_a_chunk_has_one_of_its_own(folder: Path) -> None:
    frames = noise_frames(3)
    recording = record(folder, frames, chunk_bytes=1)
    assert len(recording.chunk_sizes) == 3
    assert same(list(recording), frames)


def test_times_are_kept_and_by_default_those_of_the_clock(folder: Path) -> None:
    with RecordingWriter(folder) as writer:
        writer.write(noise_frame(0), 1_700_000_000.123456789)
        writer.write(noise_frame(1))
        for impossible in (float("nan"), -1.0, 1e300):
            with pytest.raises(ValueError, match="received_s = "):
                writer.write(noise_frame(2), impossible)
    recording = Recording(folder)
    assert recording.index[0].received_s == 1_700_000_000.123456789
    # Any clock that runs: between the writing of this test and the year 2200.
    assert 1_760_000_000 < recording.index[1].received_s < 7_258_118_400
    assert len(recording) == 2
    assert not recording.trouble


def test_a_recording_is_never_overwritten(folder: Path) -> None:
    record(folder, noise_frames(2))
    before = {file: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(RecordingError, match=r"^recording = .*door\.keycam: something is there already; allowed is a new folder"):
        RecordingWriter(folder)
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_an_empty_folder_and_folders_above_it_will_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        assert len(record(folder, noise_frames(1))) == 1


def test_a_folder_of_something_else_is_neither_written_nor_appended_to(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for append, says in ((False, "something is there already"), (True, "it has no index")):
        with pytest.raises(RecordingError, match=says):
            RecordingWriter(tmp_path, append=append)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("under", ["", "under"])
def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path, under: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordingError, match=r"recording = .*file.*: a file is in the place of a folder; allowed is"):
        RecordingWriter(tmp_path / "file" / under)
    assert (tmp_path / "file").read_text() == "in the way"


def test_appended_frames_come_behind_the_others_in_a_chunk_of_their_own(folder: Path) -> None:
    frames = noise_frames(6)
    record(folder, frames[:3])
    first_chunk = (folder / "chunk-000000.raw").read_bytes()
    recording = record(folder, frames[3:], append=True)
    assert same(list(recording), frames)
    assert (folder / "chunk-000000.raw").read_bytes() == first_chunk
    assert not recording.trouble


def test_append_makes_a_recording_where_there_is_none_and_goes_on_with_an_empty_one(folder: Path) -> None:
    for count in (0, 0, 2):
        recording = record(folder, noise_frames(count), append=True)
        assert len(recording) == count
    assert (folder / "index.jsonl").read_bytes().count(TITLE) == 1


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("device", noise_frame(7, device="gate")),
        ("client", noise_frame(7, client="host")),
        ("epoch", noise_frame(7, epoch=1)),
        ("policy", noise_frame(7, policy=PAPER)),
        ("geometry", noise_frame(7, Geometry(6, 10, 12, "mono"))),
    ],
)
@pytest.mark.parametrize("append", [False, True])
def test_frames_of_another_stream_are_refused_by_the_field_that_differs(
    folder: Path, field: str, other: RawFrame, append
) -> None:
    frames = noise_frames(2)
    if append:
        record(folder, frames)
    with RecordingWriter(folder, append=append) as writer:
        for raw in () if append else frames:
            writer.write(raw)
        with pytest.raises(FrameNotRecorded, match=rf"^{field} = .*: frame 7 is of another stream; allowed is ") as refused:
            writer.write(other)
        writer.write(noise_frame(8))
        assert writer.refused == {field: 1}
    assert refused.value.cause == field
    assert same(list(Recording(folder)), [*frames, noise_frame(8)])


def test_only_one_writes_at_a_time_and_others_read_meanwhile(folder: Path) -> None:
    with RecordingWriter(folder) as writer:
        writer.write(noise_frame(0))
        with pytest.raises(RecordingError, match="another process or thread is writing it; allowed is one writer at a time"):
            RecordingWriter(folder, append=True)
        assert same(list(Recording(folder)), noise_frames(1))
        writer.write(noise_frame(1))
    assert same(list(record(folder, [noise_frame(2)], append=True)), noise_frames(3))


def test_a_closed_writer_refuses_and_closing_again_does_no_harm(folder: Path) -> None:
    writer = RecordingWriter(folder)
    for _ in range(2):
        writer.close()
    with pytest.raises(RuntimeError, match="is closed: open it again with append"):
        writer.write(noise_frame(0))


def test_a_writer_that_is_forgotten_lets_others_append_and_leaves_no_thread(folder: Path) -> None:
    writer = RecordingWriter(folder)
    writer.write(noise_frame(0))
    del writer
    assert not [thread for thread in threading.enumerate() if thread.name == "keycam-recording-sync"]
    assert same(list(record(folder, [noise_frame(1)], append=True)), noise_frames(2))


@pytest.mark.parametrize(("name", "value"), [("chunk_bytes", 0), ("chunk_bytes", 1.5), ("sync_s", 0), ("sync_s", float("nan"))])
def test_impossible_options_are_refused_by_name(folder: Path, name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} = {value}: allowed is"):
        RecordingWriter(folder, **{name: value})
    assert not folder.exists()


def test_the_tap_gives_what_it_records_and_passes_other_streams_on(folder: Path) -> None:
    frames = [noise_frame(0), noise_frame(1, device="gate"), noise_frame(2)]
    with RecordingWriter(folder) as writer:
        assert same(list(recorded(iter(frames), writer)), frames)
        assert (writer.frames, writer.refused) == (2, {"device": 1})
    assert same(list(Recording(folder)), [frames[0], frames[2]])


def test_a_frame_is_recorded_before_it_is_given_and_none_ahead(folder: Path) -> None:
    with RecordingWriter(folder) as writer:
        tap = recorded(iter(noise_frames(5)), writer)
        for count in (1, 2):
            next(tap)
            assert len(Recording(folder)) == count


def test_the_end_of_the_tap_ends_the_source(folder: Path) -> None:
    ended = []

    def source():
        try:
            yield from noise_frames(5)
        finally:
            ended.append(True)

    with RecordingWriter(folder) as writer:
        tap = recorded(source(), writer)
        next(tap)
        tap.close()
        assert ended == [True]


def test_a_stream_runs_on_a_recorded_link_and_again_on_the_recording(folder: Path) -> None:
    frames = [keyed_frame(counter) for counter in range(5)]

    def scores(source) -> list[list[float]]:
        def network(x, order):
            assert order.shape == (1, GEOMETRY.pixels)
            return x.reshape(1, -1).sort().values  # an answer that the secret order does not change

        with stream(source, Receiver(SCHEDULE, live=False), network, settings=IspSettings()) as results:
            return [result.answer.scores.tolist() for result in results]

    with RecordingWriter(folder) as writer:
        live = scores(recorded(iter(frames), writer))
    assert len(live) == 5
    assert scores(Recording(folder)) == live


def test_a_missing_folder_and_files_that_are_no_recording_are_refused(tmp_path: Path) -> None:
    (tmp_path / "video.mp4").write_bytes(b"not a folder")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.jsonl").write_text(json.dumps({"something": "else"}) + "\n")
    (tmp_path / "binary").mkdir()
    (tmp_path / "binary" / "index.jsonl").write_bytes(bytes(range(256)))
    for name, says in (
        ("none", "there is no such folder"),
        ("video.mp4", "it is a file, and no video but FFV1 keeps the samples"),
        ("empty", "it has no index"),
        ("other", "its index is that of something else"),
        ("binary", "its index is that of something else"),
    ):
        with pytest.raises(RecordingError, match=rf"^recording = {tmp_path / name}: {says}.*; allowed is a folder"):
            Recording(tmp_path / name)


def test_what_the_reader_raises_is_an_error_of_values_with_its_cause(folder: Path) -> None:
    record(folder, noise_frames(2))
    (folder / "chunk-000000.raw").unlink()
    recording = Recording(folder)
    with pytest.raises(DamagedFrameError, match=r"frame with counter 0: chunk 0 has not all its bytes; allowed is") as damaged:
        recording[0]
    assert damaged.value.cause == "missing"
    assert isinstance(damaged.value, ValueError)
    assert not isinstance(damaged.value, FrameError)
    assert list(recording) == []
    assert recording.trouble == {"missing": 2}


def test_a_recording_without_a_readable_frame_is_not_appended_to(folder: Path) -> None:
    record(folder, noise_frames(2))
    (folder / "chunk-000000.raw").unlink()
    with pytest.raises(RecordingError, match="none of its 2 frames can be read"):
        RecordingWriter(folder, append=True)


def test_another_master_of_the_same_names_is_found_by_its_tags(folder: Path) -> None:
    other = KeySchedule(bytes(32), device="door", client="lab")
    receiver = Receiver(other, live=False)
    for raw in record(folder, [keyed_frame(0), keyed_frame(1)]):
        with pytest.raises(FrameRefused):
            receiver.accept(raw)
    assert receiver.refused == {"tag": 2}
