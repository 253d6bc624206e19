"""Disks that are full, read-only, broken or without power: one sentence, and what was written before is kept."""

import errno
import os
import resource
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from inference.recording import Recording, RecordingError, RecordingWriter, appended
from tests.recorded_frames import noise_frame, noise_frames, same

Write = Callable[[int, bytes], int]
LONG_S = 300.0
"""Far longer than anything here takes, so that a hang fails instead of hanging."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "door.keycam"


class FullDisk:
    """Takes `room` more bytes, the last of them of a write that it does not take whole, as POSIX lets a disk do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self._write: Write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, descriptor: int, data: bytes) -> int:
        if self.room is None:
            return self._write(descriptor, data)
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = self._write(descriptor, memoryview(data)[: self.room])
        self.room -= taken
        return taken


def test_a_disk_that_fills_up_anywhere_keeps_the_frames_before_and_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    frames = noise_frames(3)
    with RecordingWriter(tmp_path / "measure") as writer:
        writer.write(frames[0], 0.0)
    line_bytes = len((tmp_path / "measure" / "index.jsonl").read_bytes().splitlines(keepends=True)[1])
    frame_bytes = Recording(tmp_path / "measure").index[0].size_bytes
    for room in range(0, frame_bytes + line_bytes, 7):
        folder = tmp_path / str(room)
        with RecordingWriter(folder) as writer:
            writer.write(frames[0], 0.0)
            disk.room = room
            says = rf"^recording = {folder}: frame 1 cannot be written \(No space left on device\), those before it are kept; "
            with pytest.raises(RecordingError, match=says):
                writer.write(frames[1], 0.0)
            disk.room = None
            # Nothing is left of the frame, and its room is given back.
            assert Recording(folder).chunk_sizes == {0: frame_bytes}
            assert same(list(Recording(folder)), frames[:1])
            assert not Recording(folder).trouble
            writer.write(frames[2], 0.0)
        assert writer.frames == 2
        assert same(list(Recording(folder)), [frames[0], frames[2]])
        assert not Recording(folder).trouble


def test_a_file_that_the_system_lets_grow_no_more_is_a_full_disk(folder: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    frames = noise_frames(9)
    with RecordingWriter(folder) as writer:
        for raw in frames[:2]:
            writer.write(raw)
        size_bytes = Recording(folder).index[0].size_bytes
        resource.setrlimit(resource.RLIMIT_FSIZE, (5 * size_bytes + 10, before[1]))
        try:
            with pytest.raises(RecordingError, match=r"frame 5 cannot be written \(File too large\)"):
                for raw in frames[2:]:
                    writer.write(raw)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
    assert same(list(Recording(folder)), frames[:5])
    assert not Recording(folder).trouble


def test_a_disk_that_takes_nothing_back_leaves_a_tail_that_readers_skip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    disk = FullDisk(monkeypatch)
    with RecordingWriter(folder) as writer:
        writer.write(noise_frame(0))
        monkeypatch.setattr(os, "ftruncate", broken)
        disk.room = 50
        with pytest.raises(RecordingError, match="No space left"):
            writer.write(noise_frame(1))
        disk.room = None
        assert Recording(folder).trouble == {"unfinished": 1}
        writer.write(noise_frame(2))
    recording = Recording(folder)
    assert same(list(recording), [noise_frame(0), noise_frame(2)])
    assert not recording.trouble


@pytest.mark.parametrize("call", ["mkdir", "open"])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_may_not_be_written_is_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    # Simulated, as permissions do not stop every user.
    def forbidden(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, forbidden)
    says = rf"^recording = {folder}: it cannot be written \({os.strerror(number)}\); allowed is a folder that can be written"
    with pytest.raises(RecordingError, match=says):
        RecordingWriter(folder)


def test_a_disk_that_is_full_at_the_title_can_be_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk(monkeypatch)
    disk.room = 10
    with pytest.raises(RecordingError, match=r"it cannot be written \(No space left on device\)"):
        RecordingWriter(folder)
    disk.room = None
    with RecordingWriter(folder) as writer:
        writer.write(noise_frame(0))
    assert same(list(Recording(folder)), noise_frames(1))


def test_files_that_somebody_deletes_are_missed_at_the_next_frame(folder: Path) -> None:
    for name in ("chunk-000000.raw", "index.jsonl"):
        with RecordingWriter(folder, append=True) as writer:
            writer.write(noise_frame(0))
            (folder / name).unlink()
            with pytest.raises(RecordingError, match=r"frame 1 cannot be written \(somebody deleted it while it was written\)"):
                writer.write(noise_frame(1))
        for file in folder.iterdir():
            file.unlink()


@pytest.mark.parametrize("after", [0, 30])
def test_an_interrupt_in_the_middle_of_a_frame_leaves_whole_frames(
    folder: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    write, interrupts = os.write, [0]

    def interrupted(descriptor: int, data: bytes) -> int:
        interrupts[0] -= 1
        if interrupts[0] == 0:
            write(descriptor, memoryview(data)[:after])
            raise KeyboardInterrupt
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", interrupted)
    expected = []
    with RecordingWriter(folder) as writer:
        for counter in range(0, 10, 2):
            interrupts[0] = 1 + counter // 2  # in the header, the samples, the tag, the line, or not at all
            try:
                writer.write(noise_frame(counter))
                expected.append(counter)
            except KeyboardInterrupt:
                assert counter < 8
            interrupts[0] = 0
            writer.write(noise_frame(counter + 1))
            expected.append(counter + 1)
    assert expected == [1, 3, 5, 7, 8, 9]
    assert same(list(Recording(folder)), [noise_frame(counter) for counter in expected])
    assert not Recording(folder).trouble


def test_a_sync_that_fails_is_told_at_the_next_frame_and_at_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = threading.Event()
    fsync, failing = os.fsync, [False]

    def broken(descriptor: int) -> None:
        if failing[0]:
            failing[0] = False  # a system may forget what it could not write, and say that all is well the next time
            failed.set()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", broken)
    writer = RecordingWriter(folder, sync_s=0.01)
    writer.write(noise_frame(0))
    failing[0] = True
    writer.write(noise_frame(1))
    assert failed.wait(LONG_S)
    says = (
        rf"^recording = {folder}: the disk did not take all that was written \(Input/output error\), and the last frames may be"
    )
    with pytest.raises(RecordingError, match=says):
        for counter in range(2, 1000):  # the error is noted a moment after it was raised
            writer.write(noise_frame(counter))
    with pytest.raises(RecordingError, match=says):
        writer.close()
    writer.close()


class SafeDisk:
    """Remembers what each file held when it was synced last: all that is there after the power was cut."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.files: dict[str, bytes] = {}
        self.names: set[str] = set()
        self.is_named = False
        self.synced = threading.Event()
        self._folder, self._fsync = folder.resolve(), os.fsync
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, descriptor: int) -> None:
        self._fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path == self._folder.parent:
            self.is_named = self._folder.is_dir()
        elif path == self._folder:
            self.names |= {file.name for file in path.iterdir()}
        elif path.parent == self._folder:
            self.files[path.name] = path.read_bytes()
            if path.name == "index.jsonl":
                self.synced.set()

    def after_a_power_cut(self, folder: Path) -> Recording:
        folder.mkdir()
        for name in self.names & set(self.files):
            (folder / name).write_bytes(self.files[name])
        return Recording(folder)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks up which file a descriptor is in /proc")
def test_a_power_cut_costs_no_more_than_what_was_written_since_the_last_sync(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SafeDisk(monkeypatch, folder)
    frames = noise_frames(12)
    size_bytes = 0
    with RecordingWriter(folder, chunk_bytes=600, sync_s=0.05) as writer:
        for number, raw in enumerate(frames):
            disk.synced.clear()
            writer.write(raw)
            size_bytes = size_bytes or Recording(folder).index[0].size_bytes
            # Each frame is on the disk after the sync that follows it, without another frame and without an end.
            assert disk.synced.wait(LONG_S)
            recording = disk.after_a_power_cut(tmp_path / f"cut {number}")
            assert same(list(recording), frames[: number + 1])
            assert not recording.trouble
    assert len(recording.chunk_sizes) > 3
    assert 3 * size_bytes <= 600 < 4 * size_bytes


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks up which file a descriptor is in /proc")
def test_a_recording_that_was_just_made_is_on_the_disk_with_its_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SafeDisk(monkeypatch, folder)
    with RecordingWriter(folder, sync_s=3600):
        assert disk.is_named
        assert (disk.names, len(disk.after_a_power_cut(tmp_path / "cut"))) == ({"index.jsonl"}, 0)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks up which file a descriptor is in /proc")
def test_a_closed_recording_is_on_the_disk_whole(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SafeDisk(monkeypatch, folder)
    frames = noise_frames(7)
    with RecordingWriter(folder, chunk_bytes=600, sync_s=3600) as writer:
        for raw in frames:
            writer.write(raw)
        # A chunk that is full is synced before the next is begun, an hour before the thread would.
        assert len(list(disk.after_a_power_cut(tmp_path / "before"))) == 0
    recording = disk.after_a_power_cut(tmp_path / "after")
    assert same(list(recording), frames)
    assert not recording.trouble


def test_writing_does_not_wait_for_a_slow_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    going_on, waited = threading.Event(), []

    def slow(self: appended.AppendedFile) -> None:
        waited.append(going_on.wait(LONG_S))

    with RecordingWriter(folder, sync_s=0.01) as writer:
        monkeypatch.setattr(appended.AppendedFile, "sync", slow)
        for raw in noise_frames(20):
            writer.write(raw)
        assert len(Recording(folder)) == 20
        assert not waited  # the sync that began meanwhile has not ended
        going_on.set()
    assert waited
    assert all(waited)
