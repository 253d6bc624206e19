"""Workers as processes of this machine, spawned and never forked; one that dies takes only its own unit with it."""

import multiprocessing
import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from keycam.batch.engine import Outcome
from keycam.batch.errors import WorkerDied, WorkersNotStarted
from keycam.batch.process_start import run_unit, start
from keycam.batch.recipe import Recipe
from keycam.batch.units import Unit

MOST_STARTS = 2
"""Pools of processes that are begun without one unit coming out of them."""


class WorkerProcesses:
    """An engine of `workers` processes with so many threads each; without a number they share the cores.

    Raises WorkersNotStarted where processes end before they begin with a unit, again and again.
    """

    def __init__(self, recipe: Recipe, out: Path, workers: int, *, threads: int | None = None) -> None:
        self._recipe, self._out, self._workers = recipe, out, workers
        self._threads = threads or max(1, len(os.sched_getaffinity(0)) // workers)
        self._running: dict[Future[None], Unit] = {}
        self._starts = 0
        self._pool = self._started()

    def submit(self, unit: Unit, first_counter: int) -> None:
        while True:
            try:
                future = self._pool.schedule(run_unit, args=[self._recipe, self._out, unit, first_counter])
            except RuntimeError as error:  # pebble's word for a pool that is broken
                self._start_again(error)
            else:
                break
        self._running[future] = unit

    def outcomes(self, timeout_s: float) -> list[Outcome]:
        done, _ = wait(self._running, timeout_s, FIRST_COMPLETED)
        outcomes = [Outcome(self._running.pop(future), _told(future.exception())) for future in done]
        if any(not isinstance(outcome.error, WorkerDied) for outcome in outcomes):
            self._starts = 1  # these processes can work
        return outcomes

    def close(self) -> None:
        self._pool.stop()
        self._pool.join()

    def _started(self) -> ProcessPool:
        self._starts += 1
        spawned = multiprocessing.get_context("spawn")
        return ProcessPool(self._workers, initializer=start, initargs=[self._threads], context=spawned)

    def _start_again(self, error: RuntimeError) -> None:
        """A process that ends while it has no unit, above all at its start, takes the pool with it."""
        self.close()
        if self._starts >= MOST_STARTS:
            trouble = f"{MOST_STARTS} times in a row its processes ended before they had begun"
            allowed = "allowed is a machine with room for them, above all in memory"
            raise WorkersNotStarted(f"workers = {self._workers}: {trouble}; {allowed}") from error
        self._pool = self._started()


def _told(error: BaseException | None) -> BaseException | None:
    if isinstance(error, MemoryError):
        died = WorkerDied("its process ran out of memory")
    elif isinstance(error, ProcessExpired):
        died = WorkerDied(f"its process ended with code {error.exitcode}")
    elif isinstance(error, BrokenProcessPool):
        died = WorkerDied("its process ended before it had begun")
    else:
        return error
    died.__cause__ = error
    return died
