"""`keycam batch` killed at random moments, all of it or one worker: exactly one row a frame, and no trace of the kill."""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keycam.batch.plan import BatchPlan
from keycam.batch.rows import compared
from tests import batch_until_killed
from tests.batch_here import Here
from tests.footage_files import write_video

from .conftest import END_S, ENVIRONMENT

FRAMES, UNIT_FRAMES = 40, 5
START_S = 1200.0
"""Far longer than a process takes to begin, on a machine that has much else to do."""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for name in ("a.mp4", "b.mkv"):
        write_video(folder / name, FRAMES, g="8")
    return folder


@pytest.fixture
def line(command, clips: Path, tmp_path: Path) -> list[object]:
    """The command line of all runs but for the output folder, with a key that is kept."""
    assert command("keys", "new", tmp_path / "device.key").code == 0
    return ["batch", clips, "--key", tmp_path / "device.key", "--unit-frames", UNIT_FRAMES, "--json", "--out"]


@pytest.fixture
def undisturbed(command, line: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a run gives that nobody disturbs: of each clip its compared rows, and the names of its files."""
    with monkeypatch.context() as patch:
        patch.setattr("keycam.batch.processes.WorkerProcesses", Here)
        command(*line, tmp_path / "undisturbed").json()
    return results_in(tmp_path / "undisturbed")


def results_in(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"files": sorted(str(file.relative_to(out)) for file in out.rglob("*"))}
    for name in ("a.mp4", "b.mkv"):
        found[name] = [compared(json.loads(row)) for row in (out / name / "rows.jsonl").read_text().splitlines()]
    return found


def started(line: list[object], out: Path) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-m", "keycam", *map(str, line), str(out)]
    return subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def waited_for(ready: Callable[[], object], running: subprocess.Popen[str]) -> bool:
    """Whether it was ready before the process ended."""
    deadline_s = time.monotonic() + START_S
    while not ready():
        assert time.monotonic() < deadline_s
        if running.poll() is not None:
            return False
        time.sleep(0.005)
    return True


def workers_of(process: int) -> list[int]:
    """The spawned workers below a process, by /proc: that which keeps track of semaphores is none."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == process:
                found += [int(entry.name)] if b"spawn_main" in (entry / "cmdline").read_bytes() else []
        except OSError:
            continue  # it ended meanwhile
    return found


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kill_batch(line: list[object], out: Path, after_s: float, claims: int) -> None:
    """Start a batch and kill it some time after it has begun so many units; its workers end with it."""
    with started(line, out) as running:
        begun = out / ".unfinished" / "claims"
        if waited_for(lambda: begun.is_dir() and len(list(begun.iterdir())) >= claims, running):
            time.sleep(after_s)
        workers = workers_of(running.pid)
        running.kill()
        running.communicate()
    deadline_s = time.monotonic() + END_S
    while any(map(is_alive, workers)):
        assert time.monotonic() < deadline_s, "a worker outlives its batch"
        time.sleep(0.01)


def counters_claimed(out: Path) -> set[int]:
    return {int(claim.name) for claim in (out / ".unfinished" / "claims").iterdir()}


def test_a_batch_that_is_killed_and_then_loses_a_worker_gives_what_an_undisturbed_one_gives(
    line: list[object], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    out, moments = tmp_path / "out", np.random.default_rng(1)
    kill_batch(line, out, float(moments.uniform(0, 0.3)), claims=4)
    first_claims = counters_claimed(out)
    assert len(first_claims) >= 4
    with started(line, out) as running:
        begun = out / ".unfinished" / "claims"
        # The first run's claims are swept when this one begins.
        assert waited_for(lambda: begun.is_dir() and (claims := counters_claimed(out)) and not claims & first_claims, running)
        (worker,) = workers_of(running.pid)
        os.kill(worker, signal.SIGKILL)
        told, _ = running.communicate(timeout=START_S)
    assert running.returncode == 0
    assert json.loads(told)["frames"] == 2 * FRAMES
    assert results_in(out) == undisturbed
    counters = [
        json.loads(row)["counter"] for name in ("a.mp4", "b.mkv") for row in (out / name / "rows.jsonl").read_text().splitlines()
    ]
    assert len(set(counters)) == 2 * FRAMES


Kill = Callable[[Path], bool]


@pytest.fixture(scope="module")
def moments() -> np.random.Generator:
    return np.random.default_rng(2)


@pytest.fixture
def kill(clips: Path, line: list[object], moments: np.random.Generator, tmp_path: Path) -> Kill:
    """Begin a batch and kill it: as it starts, within one of its units, or while results are put together.

    Says whether it had ended before.
    """
    context = multiprocessing.get_context("forkserver")
    # Each process begins as a copy of one that has imported all it needs; imports would take seconds each.
    context.set_forkserver_preload([batch_until_killed.__name__])

    def run(out: Path) -> bool:
        plan = BatchPlan((str(clips),), out, key=tmp_path / "device.key", unit_frames=UNIT_FRAMES)
        process = context.Process(target=batch_until_killed.run, args=(plan, tmp_path / "result.json"))
        unfinished, claims = out / ".unfinished", int(moments.integers(1, 6))

        def traces(kind: str) -> set[tuple[str, int]]:
            """What there is of units that were begun, or of results that are put together, and when it was changed."""
            pattern = "claims/*" if kind == "unit" else "*.whole"
            with contextlib.suppress(OSError):  # swept meanwhile
                return {(str(path), path.stat().st_mtime_ns) for path in unfinished.glob(pattern)}
            return set()

        before = {kind: traces(kind) for kind in ("unit", "assembly")}  # an earlier run's, which say nothing of this one
        process.start()
        kind = moments.choice(["start", "unit", "unit", "assembly"])
        while process.is_alive():
            if kind == "start" or len(traces(kind) - before[kind]) >= (claims if kind == "unit" else 1):
                break
            time.sleep(0.0005)
        time.sleep(float(moments.uniform(0, {"start": 1.0, "unit": 0.1, "assembly": 0.02}[kind])))
        process.kill()
        process.join()
        return process.exitcode == 0

    return run


@pytest.mark.slow
def test_twenty_kills_at_random_moments_leave_no_trace(
    kill: Kill, undisturbed: dict[str, Any], command, line: list[object], tmp_path: Path
) -> None:
    out, outs = tmp_path / "out-0", [tmp_path / "out-0"]
    kills = 0
    while kills < 20:
        if kill(out):
            out = tmp_path / f"out-{len(outs)}"
            outs.append(out)
        else:
            kills += 1
    with started(line, out) as running:
        told, _ = running.communicate(timeout=START_S)
    assert json.loads(told)["frames"] == 2 * FRAMES
    counters: list[int] = []
    for folder in outs:
        assert results_in(folder) == undisturbed
        for name in ("a.mp4", "b.mkv"):
            counters += [json.loads(row)["counter"] for row in (folder / name / "rows.jsonl").read_text().splitlines()]
    assert len(set(counters)) == 2 * FRAMES * len(outs)
    assert max(counters) > 2 * FRAMES * (len(outs) + 1), "no kill met a unit in the middle, so that this test shows nothing"
