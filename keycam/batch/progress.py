"""Progress of a batch: a bar for all frames and one for each footage that is under way, each with its ETA."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from keycam.batch.folder import UNFINISHED
from keycam.batch.seeing import ROWS
from keycam.batch.units import Job, Unit
from keycam.progress import bars

if TYPE_CHECKING:
    from rich.progress import TaskID

MOST_BARS = 8


class BatchProgress:
    """Counts finished units, and the rows that workers have written of the others; shows nothing where nobody looks."""

    def __init__(self, jobs: list[Job], out: Path) -> None:
        self._unfinished = out / UNFINISHED
        self._jobs = {uid: job for job in jobs for uid in job.uids()}
        self._done: dict[str, int] = {job.name: 0 for job in jobs}
        self._tasks: dict[str, TaskID] = {}
        self._under_way: dict[Path, tuple[str, int, int]] = {}
        self._frames = sum(job.frames for job in jobs)
        self._bars = bars() if sys.stderr.isatty() else None
        self._all = None if self._bars is None else self._bars.add_task(f"all {len(jobs)}", total=self._frames)

    def skip(self, unit: Unit) -> None:
        """A unit that an earlier run has done."""
        self._done[self._jobs[unit.uid].name] += unit.count
        if self._bars is not None and self._all is not None:
            # What an earlier run did says nothing of the speed now.
            self._bars.reset(self._all, completed=sum(self._done.values()), total=self._frames)

    def begin(self, unit: Unit, first_counter: int) -> None:
        """A unit that was handed to a worker."""
        self._under_way[self._unfinished / f"{unit.uid}.{first_counter}" / ROWS] = (unit.uid, 0, 0)

    def end(self, unit: Unit, is_done: bool) -> None:
        """A unit that a worker is done with."""
        for rows in [rows for rows, (uid, _, _) in self._under_way.items() if uid == unit.uid]:
            del self._under_way[rows]
        self._done[self._jobs[unit.uid].name] += unit.count if is_done else 0

    def look(self) -> None:
        """Count what was written since, and show it."""
        if self._bars is None or self._all is None:
            return
        done = dict(self._done)
        for rows, (uid, offset, lines) in self._under_way.items():
            try:
                with rows.open("rb") as file:
                    file.seek(offset)
                    fresh = file.read()
            except OSError:
                fresh = b""  # not begun, or done this moment
            lines += fresh.count(b"\n")
            self._under_way[rows] = (uid, offset + len(fresh), lines)
            done[self._jobs[uid].name] += lines
        totals = {job.name: job.frames for job in self._jobs.values()}
        for name, count in done.items():
            if name not in self._tasks and 0 < count < totals[name] and len(self._tasks) < MOST_BARS:
                self._tasks[name] = self._bars.add_task(" ".join(name.split()), total=totals[name])
            if name in self._tasks:
                self._bars.update(self._tasks[name], completed=count)
                if count >= totals[name]:
                    self._bars.remove_task(self._tasks.pop(name))
        self._bars.update(self._all, completed=sum(done.values()))

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars during the block."""
        if self._bars is None:
            yield
            return
        with self._bars:
            yield
