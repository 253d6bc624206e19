"""What `keycam hil` does: the contract, a sweep of faults or a soak; its files; what it prints."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hil.options import HilOptions
from keycam.atomic_file import make_folder
from keycam.refusal import INCOMPLETE


def run_hil(
    options: HilOptions, only: tuple[str, ...], out: Path, *, sweep: int | None, soak_s: float | None, as_json: bool
) -> int:
    """Run it, write the files into `out` and print the result; what the process is to end with.

    Raises what the options, the target, its key and its link refuse, and OutputError.
    """
    from hil.printing import print_contract, print_table
    from keycam.printing import print_json

    make_folder(out, "out")
    if sweep is None and soak_s is None:
        from hil.report import write_report
        from hil.run import HilPlan, run_contract

        with _counted("testing") as told:
            run = run_contract(HilPlan(options, only), out, told)
        page = write_report(run, out)
        print_json(run.as_json()) if as_json else print_contract(run, page)
        return run.exit_code
    result = _struck(options, out, sweep, soak_s)
    print_json(result) if as_json else print_table(result)
    return INCOMPLETE if result["trouble"] else 0


def _struck(options: HilOptions, out: Path, sweep: int | None, soak_s: float | None) -> dict[str, Any]:
    from hil.soak import run_soak
    from hil.sweep import run_sweep

    if sweep is not None:
        return run_sweep(options, sweep, out)
    assert soak_s is not None
    return run_soak(options, soak_s, out)


@contextmanager
def _counted(what: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, where that is a terminal: told the number of tests first, then 0 for each."""
    if not sys.stderr.isatty():
        yield lambda number: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def told(number: int) -> None:
            bar.update(task, total=number) if number else bar.advance(task)

        yield told
