"""What a worker process does before its first unit: it takes its share of the cores, and ends with the process above it.

Nothing heavy is imported here: how many threads there are must be said before.
"""

import os
import signal
import threading
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from keycam.batch.recipe import Recipe
    from keycam.batch.units import Unit
    from keycam.batch.worker import Worker


def start(threads: int) -> None:
    """Begin a worker process with so many threads."""
    from keycam.process import begin_with_threads

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all, and the process above decides
    begin_with_threads(threads)
    threading.Thread(target=_end_with_parent, name="keycam-parent", daemon=True).start()


def run_unit(recipe: "Recipe", out: "Path", unit: "Unit", first_counter: int) -> None:
    """Do a unit; the worker is made by the first one and kept."""
    _worker(recipe, out).run(unit, first_counter)


@cache
def _worker(recipe: "Recipe", out: "Path") -> "Worker":
    from keycam.batch.worker import Worker

    return Worker(recipe, out)


def _end_with_parent() -> None:
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
