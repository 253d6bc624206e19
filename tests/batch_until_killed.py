"""A batch in a process that somebody will kill; all it needs is imported before the process begins."""

import json
from pathlib import Path

from keycam.batch import processes
from keycam.batch.plan import BatchPlan
from keycam.batch.run import run_batch
from tests.batch_here import Here


def run(plan: BatchPlan, result: Path) -> None:
    """Do the batch in this process, and write its result into a file when it has ended."""
    processes.WorkerProcesses = Here  # type: ignore[assignment, misc]
    result.write_text(json.dumps(run_batch(plan)))
