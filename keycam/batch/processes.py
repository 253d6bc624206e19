"""Workers as processes of this machine, spawned and never forked; one that dies takes only its own unit with it."""

import multiprocessing
import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from keycam.batch.engine import Outcome
from keycam.batch.errors import WorkerDied
from keycam.batch.process_start import run_unit, start
from keycam.batch.recipe import Recipe
from keycam.batch.units import Unit


class WorkerProcesses:
    """An engine of `workers` processes with so many threads each; without a number they share the cores."""

    def __init__(self, recipe: Recipe, out: Path, workers: int, *, threads: int | None = None) -> None:
        self._recipe, self._out = recipe, out
        threads = threads or max(1, len(os.sched_getaffinity(0)) // workers)
        spawned = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(workers, initializer=start, initargs=[threads], context=spawned)
        self._running: dict[Future[None], Unit] = {}

    def submit(self, unit: Unit, first_counter: int) -> None:
        future = self._pool.schedule(run_unit, args=[self._recipe, self._out, unit, first_counter])
        self._running[future] = unit

    def outcomes(self, timeout_s: float) -> list[Outcome]:
        done, _ = wait(self._running, timeout_s, FIRST_COMPLETED)
        return [Outcome(self._running.pop(future), _told(future.exception())) for future in done]

    def close(self) -> None:
        self._pool.stop()
        self._pool.join()


def _told(error: BaseException | None) -> BaseException | None:
    if isinstance(error, ProcessExpired):
        died = WorkerDied(f"its process ended with code {error.exitcode}")
        died.__cause__ = error
        return died
    return error
