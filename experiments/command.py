"""How an experiment is started: options on a line, and one sentence with an exit code for what is wrong with them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from keycam.process import share_threads
from keycam.refusal import INTERRUPTED, refusal

Data = Annotated[Path, typer.Option(help="Folder with the data set.")]
Out = Annotated[Path, typer.Option(help="Folder for checkpoints and weights; run again to resume.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="Check the whole path in minutes; the record goes to --out, not to the results.")
]
Seed = Annotated[int, typer.Option(help="Fixes every random draw.", min=0)]


def run(experiment: Callable[..., Any]) -> None:
    """Run `experiment` with the options of the command line; a refusal is one sentence and exit code 2 or 3."""
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
