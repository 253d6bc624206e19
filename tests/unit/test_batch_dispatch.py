"""Dispatch: eight units at most on their way, dead workers are forgiven twice, and bad footage does not hold up the rest."""

import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keycam.batch.dispatch import IN_FLIGHT, Dispatch
from keycam.batch.engine import Outcome
from keycam.batch.errors import WorkerDied
from keycam.batch.folder import CountersTaken
from keycam.batch.footage import Video
from keycam.batch.units import Unit
from sensor_sim.scene import SceneError

Fate = Callable[[Unit, int], BaseException | None]


class Engine:
    """Finishes units in the sequence of their coming, two at a time, as `fate` says of a unit and how often it was tried."""

    def __init__(self, fate: Fate) -> None:
        self.fate, self.running, self.counters = fate, [], []
        self.most = 0
        self.tries: dict[str, int] = {}

    def submit(self, unit: Unit, first_counter: int) -> None:
        self.running.append(unit)
        self.counters.append((first_counter, unit.count))
        self.most = max(self.most, len(self.running))
        self.tries[unit.uid] = self.tries.get(unit.uid, 0) + 1

    def outcomes(self, timeout_s: float) -> list[Outcome]:
        done, self.running = self.running[:2], self.running[2:]
        return [Outcome(unit, self.fate(unit, self.tries[unit.uid])) for unit in done]

    def close(self) -> None:
        pass


def unit(uid: str) -> Unit:
    return Unit(uid, Video(Path(uid)), 0, (48, 64), 0, np.zeros(5), None)


def jobs(*counts: int) -> list[tuple[Any, list[Unit]]]:
    return [
        (
            SimpleNamespace(name=f"job {number}", footage=Video(Path(f"{number}.mp4"))),
            [unit(f"{number}-{i}") for i in range(count)],
        )
        for number, count in enumerate(counts)
    ]


def dispatched(fate: Fate, *counts: int) -> tuple[list[str], Dispatch, Engine]:
    counters = itertools.count(0, 5)
    engine = Engine(fate)
    progress: Any = SimpleNamespace(begin=lambda *_: None, end=lambda *_: None, look=lambda: None)
    dispatch = Dispatch(engine, lambda count: next(counters), progress)
    return [job.name for job in dispatch.run(jobs(*counts))], dispatch, engine


def test_eight_units_at_most_are_on_their_way_and_every_job_comes_once() -> None:
    done, dispatch, engine = dispatched(lambda unit, tries: None, 30, 1, 4)
    assert sorted(done) == ["job 0", "job 1", "job 2"]
    assert engine.most == IN_FLIGHT
    assert dispatch.set_aside == {}
    assert len(engine.counters) == len(set(engine.counters)) == 35


@pytest.mark.parametrize("error", [WorkerDied("code -9"), CountersTaken("taken")])
def test_a_unit_whose_worker_died_is_done_again_under_fresh_counters(error: BaseException) -> None:
    done, dispatch, engine = dispatched(lambda unit, tries: error if tries < 3 and unit.uid == "0-1" else None, 3)
    assert done == ["job 0"]
    assert dispatch.set_aside == {}
    assert engine.tries["0-1"] == 3
    assert len(set(engine.counters)) == 5


def test_a_unit_that_ends_three_workers_has_its_footage_set_aside_and_the_rest_is_done() -> None:
    poison = WorkerDied("its process ended with code -11")
    done, dispatch, engine = dispatched(lambda unit, tries: poison if unit.uid == "1-2" else None, 4, 5, 4)
    assert done == ["job 0", "job 2"]
    (sentence,) = dispatch.set_aside.values()
    assert sentence.startswith("source = 1.mp4: 3 worker processes ended in its frames 0 to 4 (its process ended with code -11)")
    assert engine.tries["1-2"] == 3


def test_damaged_footage_is_set_aside_at_once_and_its_other_units_are_not_begun() -> None:
    damage = SceneError("video = 0.mp4: frame 3 cannot be decoded; allowed is a complete video file")
    done, dispatch, engine = dispatched(lambda unit, tries: damage if unit.uid == "0-0" else None, 40, 2)
    assert done == ["job 1"]
    assert dispatch.set_aside == {"job 0": str(damage)}
    assert len(engine.tries) < 20


def test_any_other_error_ends_the_batch() -> None:
    with pytest.raises(OSError, match="no room"):
        dispatched(lambda unit, tries: OSError(28, "no room"), 3)
