"""Workers on a Dask cluster. Nothing but units and outcomes goes over it: sources, key and output folder are reached by path.

All machines must see these under the same paths, and have keycam installed. A worker that dies has its unit given to another
one by Dask, which refuses to use its counters again; the batch then gives it fresh ones.
"""

import logging
import secrets
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import typer

from keycam.batch.engine import Outcome
from keycam.batch.errors import ClusterError, WorkerDied
from keycam.batch.recipe import Recipe
from keycam.batch.units import Unit

CONNECT_S = 20.0


class Cluster:
    """An engine on the Dask scheduler at `address`, such as tcp://10.0.0.1:8786. Raises ClusterError."""

    def __init__(self, recipe: Recipe, out: Path, address: str) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            allowed = "allowed with 'pip install keycam[cluster]'"
            raise ClusterError(f"cluster = {address}: Dask distributed is not installed; {allowed}") from error
        from keycam.batch.cluster_plugin import BatchWorker

        try:
            self._client = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            allowed = "allowed is that of a Dask scheduler, such as tcp://10.0.0.1:8786"
            raise ClusterError(f"cluster = {address}: no scheduler answers there; {allowed}") from error
        self._address = address
        self._name = f"keycam-batch-{secrets.token_hex(8)}"  # other batches may be at work on the same cluster
        self._running: dict[Any, Unit] = {}
        self._has_workers = True
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it would say of a lost scheduler is said here
        self._client.register_plugin(BatchWorker(recipe, out), name=self._name)

    def submit(self, unit: Unit, first_counter: int) -> None:
        from keycam.batch.cluster_plugin import run_on_cluster

        task = f"{self._name}-{unit.uid}-{first_counter}"
        future = self._client.submit(run_on_cluster, self._name, unit, first_counter, key=task, pure=False)
        self._running[future] = unit

    def outcomes(self, timeout_s: float) -> list[Outcome]:
        from distributed import wait

        try:
            with self._client.as_current():
                done, _ = wait(list(self._running), timeout=timeout_s, return_when="FIRST_COMPLETED")
        except (TimeoutError, CancelledError):
            if self._client.status != "running":
                allowed = "allowed is one that runs until the batch ends"
                raise ClusterError(f"cluster = {self._address}: its scheduler is gone; {allowed}") from None
            self._tell_of_no_workers()
            done = {future for future in self._running if future.status in ("cancelled", "lost")}
        return [Outcome(self._running.pop(future), _error_of(future)) for future in done]

    def _tell_of_no_workers(self) -> None:
        """Say once that nobody works, which would otherwise look as if the batch hung."""
        has_workers = bool(self._client.scheduler_info()["workers"])
        if self._has_workers and not has_workers:
            waiting = f"it has no workers; waiting for 'dask worker {self._address}'"
            typer.echo(f"keycam: cluster = {self._address}: {waiting}", err=True)
        self._has_workers = has_workers

    def close(self) -> None:
        if self._client.status == "running":
            self._client.cancel(list(self._running), force=True)
            self._client.unregister_worker_plugin(self._name)  # which overwrites the keys that the workers hold
        self._client.close()


def _error_of(future: Any) -> BaseException | None:
    from distributed import KilledWorker

    if future.status == "finished":
        return None
    if future.status in ("cancelled", "lost"):
        return WorkerDied(f"its task was {future.status}")
    error: BaseException = future.exception()
    if isinstance(error, KilledWorker):
        return WorkerDied("its workers died one after the other")
    return error
