"""`keycam batch --cluster`: Dask workers that come and go, and results that are those of one undisturbed machine."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from keycam.batch.cluster_plugin import BatchWorker
from keycam.batch.recipe import Recipe
from keycam.batch.rows import compared
from sensor_sim import DEMO_PROFILE
from tests.batch_here import Here
from tests.footage_files import spoil, write_video

from .conftest import ENVIRONMENT

START_S = 1200.0


@pytest.fixture
def key(command, tmp_path: Path) -> Path:
    assert command("keys", "new", tmp_path / "device.key").code == 0
    return tmp_path / "device.key"


def rows_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in (folder / "rows.jsonl").read_text().splitlines()]


def undisturbed(command, line: tuple[object, ...], out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("keycam.batch.processes.WorkerProcesses", Here)
        command(*line, "--out", out, "--json").json()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_gives_what_this_machine_gives(command, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    line = ("batch", write_video(tmp_path / "clip.mp4", 12), "--key", key, "--unit-frames", 5)
    undisturbed(command, line, tmp_path / "here", monkeypatch)
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as local:
        address = local.scheduler_address
        assert command(*line, "--out", tmp_path / "there", "--cluster", address, "--json").json()["frames_done"] == 12
        assert command(*line, "--out", tmp_path / "there", "--cluster", address, "--json").json()["frames_done"] == 0
    here, there = (rows_in(tmp_path / place / "clip.mp4") for place in ("here", "there"))
    assert [compared(row) for row in here] == [compared(row) for row in there]
    assert not {row["counter"] for row in here} & {row["counter"] for row in there}


def test_a_dask_worker_holds_the_batch_to_its_own_threads(tmp_path: Path) -> None:
    # More would wait actively for each other, and two workers be slower than one.
    recipe = Recipe(
        model="resnet20", weights=None, digest="", size=None, profile=DEMO_PROFILE, seed=0, policy="secure", shuffle="input",
        key=None, client=None, passphrase_file=None,
    )  # fmt: skip
    sent = pickle.dumps(BatchWorker(recipe, tmp_path))
    worker = (
        "import pickle, sys\n"
        "from types import SimpleNamespace as Some\n"
        "plugin = pickle.load(sys.stdin.buffer)\n"
        "plugin.setup(Some(state=Some(nthreads=1)))\n"
        "import numba, torch\n"
        "print(numba.config.NUMBA_NUM_THREADS, torch.get_num_threads())\n"
    )
    ran = subprocess.run([sys.executable, "-c", worker], env=ENVIRONMENT, input=sent, capture_output=True, check=True)
    assert ran.stdout.decode() == "1 1\n"


def test_an_address_where_no_scheduler_answers_is_told(command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keycam.batch.cluster.CONNECT_S", 0.5)
    run = command("batch", write_video(tmp_path / "clip.mp4", 2), "--out", tmp_path / "out", "--cluster", "tcp://127.0.0.1:1")
    assert (run.code, run.out) == (3, "")
    assert run.err.splitlines()[-1] == (
        "keycam: cluster = tcp://127.0.0.1:1: no scheduler answers there; "
        "allowed is that of a Dask scheduler, such as tcp://10.0.0.1:8786"
    )


def dask(stack: ExitStack, *arguments: object) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "distributed.cli.dask_" + str(arguments[0]), *map(str, arguments[1:])]
    running = stack.enter_context(subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    stack.callback(running.kill)
    return running


def started_scheduler(stack: ExitStack, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A scheduler without workers, and its address."""
    found = folder / "scheduler.json"
    running = dask(stack, "scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", found)
    deadline_s = time.monotonic() + START_S
    while not found.exists() or not found.read_text().strip():
        assert time.monotonic() < deadline_s
        assert running.poll() is None
        time.sleep(0.1)
    return running, json.loads(found.read_text())["address"]


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_a_cluster_without_workers_is_told_and_one_whose_scheduler_dies_ends_the_batch(
    command, key: Path, processes: ExitStack, tmp_path: Path
) -> None:
    scheduler, address = started_scheduler(processes, tmp_path)
    out = tmp_path / "out"
    arguments = [sys.executable, "-m", "keycam", "batch", str(write_video(tmp_path / "clip.mp4", 4)), "--key", str(key)]
    arguments += ["--out", str(out), "--cluster", address]
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        told = running.stderr.readline()
        scheduler.kill()
        written, said = running.communicate(timeout=START_S)
    assert told == f"keycam: cluster = {address}: it has no workers; waiting for 'dask worker {address}'\n"
    assert (running.returncode, written) == (3, "")
    assert said == f"keycam: cluster = {address}: its scheduler is gone; allowed is one that runs until the batch ends\n"


@pytest.mark.slow
def test_a_killed_worker_and_one_that_comes_later_leave_results_complete_and_exact(
    command, process, key: Path, processes: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for number in range(10):
        write_video(clips / f"{number}.mkv", 60, g="10")
    spoil(clips / "7.mkv")
    line = ("batch", clips, "--key", key, "--unit-frames", 10)
    with monkeypatch.context() as patch:
        patch.setattr("keycam.batch.processes.WorkerProcesses", Here)
        assert command(*line, "--out", tmp_path / "here").code == 1
    _, address = started_scheduler(processes, tmp_path)
    deadline_s = time.monotonic() + START_S
    worker = ("worker", address, "--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", tmp_path / "dask")
    workers = [dask(processes, *worker) for _ in range(2)]
    out = tmp_path / "there"
    arguments = [sys.executable, "-m", "keycam", *map(str, line), "--out", str(out), "--cluster", address, "--json"]
    with subprocess.Popen(arguments, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        claims = out / ".unfinished" / "claims"
        while not (claims.is_dir() and len(list(claims.iterdir())) >= 6):
            assert time.monotonic() < deadline_s
            assert running.poll() is None
            time.sleep(0.01)
        os.kill(workers[0].pid, signal.SIGKILL)
        dask(processes, *worker)
        told, said = running.communicate(timeout=START_S)
    assert running.returncode == 1
    assert said.splitlines()[-1].startswith(f"keycam: set aside: video = {clips / '7.mkv'}: ")
    assert sorted(json.loads(told)["footage"]) == [f"{number}.mkv" for number in range(10) if number != 7]
    assert not (out / ".unfinished").exists()
    counters: list[int] = []
    for number in set(range(10)) - {7}:
        here, there = (rows_in(tmp_path / place / f"{number}.mkv") for place in ("here", "there"))
        assert [compared(row) for row in here] == [compared(row) for row in there]
        assert [row["frame"] for row in there] == list(range(60))
        counters += [row["counter"] for row in there]
    assert len(set(counters)) == 9 * 60
