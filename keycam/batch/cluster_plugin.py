"""What Dask's workers hold of a batch: the recipe, and once it is needed the worker with its network and key.

Nothing heavy is imported here: how many threads a worker has must be said before.
"""

import pickle
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributed import Worker as DaskWorker
from distributed import WorkerPlugin, get_worker

from keycam.process import begin_with_threads

if TYPE_CHECKING:
    from keycam.batch.recipe import Recipe
    from keycam.batch.units import Unit
    from keycam.batch.worker import Worker


class BatchWorker(WorkerPlugin):
    """Set up on every worker of the cluster, also on those that come later."""

    def __init__(self, recipe: "Recipe", out: Path) -> None:
        self._plan = pickle.dumps((recipe, out))  # packed, as to unpack a recipe imports Numba

    def setup(self, worker: DaskWorker) -> None:
        """Get ready; the network is loaded by the first unit, whose outcome tells what goes wrong with it.

        Units are done one at a time, with all the threads that the Dask worker was given.
        """
        begin_with_threads(worker.state.nthreads)
        self._making = threading.Lock()
        self._worker: Worker | None = None

    def teardown(self, worker: DaskWorker) -> None:
        """The batch has ended: keep no key."""
        with self._making:
            if self._worker is not None:
                self._worker.close()
                self._worker = None

    def run(self, unit: "Unit", first_counter: int) -> None:
        """Do a unit."""
        from keycam.batch.worker import Worker

        with self._making:
            if self._worker is None:
                self._worker = Worker(*pickle.loads(self._plan))
            ours = self._worker
        ours.run(unit, first_counter)


def run_on_cluster(name: str, unit: "Unit", first_counter: int) -> None:
    """Do a unit with the plugin `name` of whatever worker this runs on."""
    plugin: Any = get_worker().plugins[name]
    plugin.run(unit, first_counter)
