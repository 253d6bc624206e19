"""A process that records is killed at random moments: every frame that it called written is there, exactly."""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from inference.recording import Recording, RecordingError, RecordingWriter
from tests import recording_until_killed
from tests.recorded_frames import same

KILLS = 25
Kill = Callable[[Path, int, float, bool], int]


@pytest.fixture(scope="module")
def kill() -> Kill:
    """Record into a folder from a counter on; kill the process so many seconds after its first frame, or after its start.

    Gives the last counter that the process called written, or the one before the first.
    """
    context = multiprocessing.get_context("forkserver")
    # Each process begins as a copy of one that has imported all it needs; imports would take a second each.
    context.set_forkserver_preload([recording_until_killed.__name__])

    def run(folder: Path, first: int, after_s: float, is_writing: bool) -> int:
        told, telling = context.Pipe(duplex=False)
        process = context.Process(target=recording_until_killed.record, args=(folder, first, telling))
        process.start()
        telling.close()
        if is_writing:
            assert told.poll(300)
        time.sleep(after_s)
        process.kill()
        process.join()
        assert process.exitcode == -9
        return last_of(told, first - 1)

    return run


def last_of(told: Connection, last: int) -> int:
    try:
        while True:
            last = int.from_bytes(told.recv_bytes())
    except EOFError:
        return last


def test_no_frame_that_was_called_written_is_lost_by_a_kill_at_any_moment(kill: Kill, tmp_path: Path) -> None:
    folder, moments, counters = tmp_path / "door.keycam", np.random.default_rng(1), [-1]
    trouble: dict[str, int] = {}
    # Where frames are written fast, few kills meet one in the middle: then there are more kills.
    for kills in range(1, 20 * KILLS + 1):
        if kills > KILLS and trouble.get("unfinished", 0) > 1:
            break
        known = len(counters) - 1
        last = kill(folder, counters[-1] + 1, float(moments.uniform(0, 0.03)), True)
        recording = Recording(folder)
        fresh = [recording[number] for number in range(known, len(recording))]
        assert same(fresh, [recording_until_killed.frame(raw.header.counter) for raw in fresh])
        counters += [raw.header.counter for raw in fresh]
        # The kill may come between the frame and the word that it is written.
        assert counters[-1] in (last, last + 1)
        assert counters == list(range(-1, len(counters) - 1))
        trouble = dict(recording.trouble)
        assert set(trouble) <= {"unfinished"}
        assert trouble.get("unfinished", 0) <= kills
    assert trouble["unfinished"] > 1, "no kill met a frame in the middle, so that this test shows nothing"
    assert len(recording.chunk_sizes) > KILLS
    assert sum(1 for _ in recording) == len(recording) == len(counters) - 1


def test_a_kill_while_the_recording_is_made_leaves_one_that_can_be_gone_on_with(kill: Kill, tmp_path: Path) -> None:
    moments = np.random.default_rng(2)
    for number in range(10):
        folder = tmp_path / str(number)
        last = kill(folder, 0, float(moments.uniform(0, 0.06)), False)
        try:
            counters = [raw.header.counter for raw in Recording(folder)]
        except RecordingError as refused:
            counters = []
            assert str(refused).startswith(f"recording = {folder}: ")
        assert counters in ([*range(last + 1)], [*range(last + 2)])
        with RecordingWriter(folder, append=True) as writer:
            writer.write(recording_until_killed.frame(1000))
        assert [raw.header.counter for raw in Recording(folder)] == [*counters, 1000]
