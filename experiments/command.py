"""How an experiment is started: options on a line, and one sentence with an exit code for what is wrong with them."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.record import RESULTS
from keycam.atomic_file import make_folder
from keycam.commands.options import MOST_SEED
from keycam.process import keep_freed_memory, share_threads
from keycam.refusal import INTERRUPTED, refusal

DOCS = Path(__file__).parents[1] / "docs"
_PATHS = {"--data": "DIR", "--weights": "FILE"}
"""Options whose value is a place on one machine, and what a record tells instead."""

Data = Annotated[Path, typer.Option(help="Folder with the data set.")]
CifarFolder = Annotated[Path, typer.Argument(metavar="DATA", help="Folder with CIFAR-10.")]
Out = Annotated[Path, typer.Option(help="Folder for checkpoints and weights; run again to resume.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="Check the whole path in minutes; all of it goes into a folder quick of --out.")
]
Seed = Annotated[int, typer.Option(help="Fixes every random draw.", min=0, max=MOST_SEED)]


@dataclass(frozen=True)
class Places:
    """Where an experiment leaves what: its stages, its record and its figures."""

    stages: Path
    record: Path
    figures: Path


def places(out: Path, quick: bool, part: str = "") -> Places:
    """Where to leave what of a run, its stages in the folder `part` of `out`; the folders are made. Raises `OutputError`.

    `--quick` has a folder of its own in `out` for everything: its few pictures must not take the place of what a real run has
    found so far.
    """
    stages = out / "quick" / part if quick else out / part
    make_folder(stages, "out")
    return Places(stages, out / "quick", out / "quick") if quick else Places(stages, RESULTS, DOCS)


def line_of_this_run() -> str:
    """The line that started this experiment, as its record tells it: DIR is the data set, and --out makes no difference."""
    options, told = list(sys.argv[1:]), [f"python -m experiments.{Path(sys.argv[0]).stem}"]
    while options:
        name, _, value = (first := options.pop(0)).partition("=")
        takes_next = name in (*_PATHS, "--out") and "=" not in first and options
        value = options.pop(0) if takes_next else value
        if name in _PATHS:
            told += [name, _PATHS[name]]
        elif name != "--out":
            told.append(shlex.quote(first))
    return " ".join(told)


def run(experiment: Callable[..., Any]) -> None:
    """Run `experiment` with the options of the command line; a refusal is one sentence and exit code 2 or 3."""
    keep_freed_memory()
    share_threads()
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(experiment)
    try:
        code = app(standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        sentence, code = refusal(error)
        typer.echo(" ".join(sentence.splitlines()), err=True)
    sys.exit(code)
