"""A progress bar with an ETA on standard error, where that is a terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

Item = TypeVar("Item")


def progress(items: Iterable[Item], what: str, total: int | None, done: Callable[[Item], int] | None = None) -> Iterator[Item]:
    """Go through `items` and show how far along they are; None for a total that is not known.

    `done` says of an item how many of `total` are done with it, where the first items may have been done in an earlier run.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    with bars() as bar:
        task = bar.add_task(what, total=total)
        for number, item in enumerate(items, start=1):
            completed = number if done is None else done(item)
            if number == 1 and completed > 1:
                bar.reset(task, completed=completed, total=total)  # what an earlier run did says nothing of the speed now
            bar.update(task, completed=completed)
            yield item


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give what is to be told of every step that was done; it shows how far along they are of about `total`."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    with bars() as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


def bars() -> "Progress":
    """An empty set of bars, one for each task that is added to it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
