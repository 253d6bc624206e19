"""Hands units to workers, at most eight at a time, and decides what becomes of those that fail."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from keycam.batch.engine import Engine, Outcome
from keycam.batch.errors import WorkerDied
from keycam.batch.folder import CountersTaken
from keycam.batch.progress import BatchProgress
from keycam.batch.units import Job, Unit
from sensor_sim.scene import SceneError

IN_FLIGHT = 8
MOST_DEATHS = 3
"""Worker processes that one unit may end before its footage is set aside."""
LOOK_S = 0.25

TakeCounters = Callable[[int], int]
"""Takes so many frame counters in a row, which nobody was ever given, and says the first."""


class Dispatch:
    """The units of some jobs on their way through an engine.

    Attributes
    ----------
    set_aside
        Why a job was given up, by its name.
    """

    def __init__(self, engine: Engine, take: TakeCounters, progress: BatchProgress) -> None:
        self._engine, self._take, self._progress = engine, take, progress
        self._deaths: Counter[str] = Counter()
        self._waiting: dict[str, Job] = {}
        self.set_aside: dict[str, str] = {}

    def run(self, jobs: Iterable[tuple[Job, list[Unit]]]) -> Iterator[Job]:
        """Do the units of each job; gives a job when its last one is done.

        Raises what a worker raised for another reason than its footage: the batch cannot go on then.
        """
        left: Counter[str] = Counter()
        coming = self._queued(jobs, left)
        in_flight = 0
        while True:
            for job, unit in islice(coming, IN_FLIGHT - in_flight):
                self._submit(job, unit)
                in_flight += 1
            if not in_flight:
                break
            for outcome in self._engine.outcomes(LOOK_S):
                job = self._waiting[outcome.unit.uid]
                if self._is_again(job, outcome):
                    self._submit(job, outcome.unit)
                    continue
                in_flight -= 1
                self._progress.end(outcome.unit, outcome.error is None)
                left[job.name] -= 1
                if outcome.error is None and not left[job.name] and job.name not in self.set_aside:
                    yield job
            self._progress.look()

    def _queued(self, jobs: Iterable[tuple[Job, list[Unit]]], left: Counter[str]) -> Iterator[tuple[Job, Unit]]:
        for job, units in jobs:
            left[job.name] = len(units)
            for unit in units:
                if job.name in self.set_aside:
                    break
                yield job, unit

    def _submit(self, job: Job, unit: Unit) -> None:
        first_counter = self._take(unit.count)
        self._waiting[unit.uid] = job
        self._progress.begin(unit, first_counter)
        self._engine.submit(unit, first_counter)

    def _is_again(self, job: Job, outcome: Outcome) -> bool:
        """Whether a unit is to be tried again; a job whose footage is at fault is set aside."""
        error = outcome.error
        if error is None:
            return False
        if isinstance(error, SceneError):
            self.set_aside[job.name] = str(error)
            return False
        if not isinstance(error, WorkerDied | CountersTaken):
            raise error
        self._deaths[outcome.unit.uid] += 1
        if self._deaths[outcome.unit.uid] < MOST_DEATHS:
            return True
        unit = outcome.unit
        frames = f"frames {unit.first} to {unit.first + unit.count - 1}"
        trouble = f"{MOST_DEATHS} worker processes ended in its {frames} ({error})"
        self.set_aside[job.name] = f"source = {job.footage.path}: {trouble}; allowed is footage that can be decoded"
        return False
