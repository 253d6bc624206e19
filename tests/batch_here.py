"""An engine without processes: units are worked on in this one, the moment they are handed over."""

from collections import deque
from pathlib import Path

import pytest

from keycam.batch.engine import Outcome
from keycam.batch.recipe import Recipe
from keycam.batch.units import Unit
from keycam.batch.worker import Worker


class Here:
    """Takes the place of `WorkerProcesses`; `stop_after` units it is as if somebody had pressed Ctrl-C."""

    stop_after: int | None = None

    def __init__(self, recipe: Recipe, out: Path, workers: int) -> None:
        self._worker = Worker(recipe, out)
        self._outcomes: deque[Outcome] = deque()

    def submit(self, unit: Unit, first_counter: int) -> None:
        if Here.stop_after is not None:
            Here.stop_after -= 1
            if Here.stop_after < 0:
                raise KeyboardInterrupt
        try:
            self._worker.run(unit, first_counter)
        except Exception as error:
            self._outcomes.append(Outcome(unit, error))
        else:
            self._outcomes.append(Outcome(unit, None))

    def outcomes(self, timeout_s: float) -> list[Outcome]:
        return [self._outcomes.popleft()]

    def close(self) -> None:
        pass


def work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units are done in this process, where that shows as much: to start one takes seconds."""
    monkeypatch.setattr("keycam.batch.processes.WorkerProcesses", Here)
    monkeypatch.setattr(Here, "stop_after", None)


def files_in(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
