"""Worker processes that cannot start."""

import time
from pathlib import Path
from typing import Any

import pytest

from keycam.batch.errors import WorkerDied, WorkersNotStarted
from keycam.batch.processes import WorkerProcesses
from keycam.refusal import BAD_FILE, refusal
from tests import ending_at_once


def test_processes_that_end_at_their_start_are_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("keycam.batch.processes.start", ending_at_once.start)
    nothing: Any = None  # no process lives long enough to look at it
    engine = WorkerProcesses(nothing, tmp_path, 2, threads=1)
    deaths, until_s = 0, time.monotonic() + 120
    with pytest.raises(WorkersNotStarted) as refused:
        while time.monotonic() < until_s:
            engine.submit(nothing, 0)
            while not (outcomes := engine.outcomes(0.1)):
                assert time.monotonic() < until_s
            assert all(isinstance(outcome.error, WorkerDied) for outcome in outcomes)
            deaths += len(outcomes)
    engine.close()
    assert deaths < 3, "the footage would have been blamed"
    sentence, code = refusal(refused.value)
    assert code == BAD_FILE
    assert sentence.startswith("workers = 2: 2 times in a row its processes ended before they had begun; allowed is ")
