"""What Dask's workers hold of a batch: the recipe, and once it is needed the worker with its network and key."""

import threading
from pathlib import Path
from typing import Any

from distributed import Worker as DaskWorker
from distributed import WorkerPlugin, get_worker

from keycam.batch.recipe import Recipe
from keycam.batch.units import Unit
from keycam.batch.worker import Worker


class BatchWorker(WorkerPlugin):
    """Set up on every worker of the cluster, also on those that come later."""

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self._recipe, self._out = recipe, out

    def setup(self, worker: DaskWorker) -> None:
        """Get ready; the network is loaded by the first unit, whose outcome tells what goes wrong with it."""
        self._making = threading.Lock()
        self._worker: Worker | None = None

    def teardown(self, worker: DaskWorker) -> None:
        """The batch has ended: keep no key."""
        with self._making:
            if self._worker is not None:
                self._worker.close()
                self._worker = None

    def run(self, unit: Unit, first_counter: int) -> None:
        """Do a unit."""
        with self._making:
            if self._worker is None:
                self._worker = Worker(self._recipe, self._out)
            ours = self._worker
        ours.run(unit, first_counter)


def run_on_cluster(name: str, unit: Unit, first_counter: int) -> None:
    """Do a unit with the plugin `name` of whatever worker this runs on."""
    plugin: Any = get_worker().plugins[name]
    plugin.run(unit, first_counter)
