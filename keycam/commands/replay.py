"""`keycam replay`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.batch import AnyBatchModel, BatchShuffle, Reveal, Video
from keycam.commands.keys import PassphraseFile
from keycam.commands.options import CorrectionsFile, Json, Weights
from keycam.refusal import INCOMPLETE, say


def replay(
    recording: Annotated[
        Path, typer.Argument(readable=False, help="Folder of a keyed recording, or the .mkv that was exported of one.")
    ],
    key: Annotated[Path, typer.Option(readable=False, help="Key file of its camera or client.")],
    out: Annotated[Path, typer.Option(help="Folder to make for the results.")],
    model: AnyBatchModel = "resnet20",
    weights: Weights = None,
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Size of the network's picture; by default as 'keycam batch' has it.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    shuffle: BatchShuffle = "input",
    profile: Annotated[str | None, typer.Option(help="Sensor that the frames came from: a name or a TOML file.")] = None,
    corrections: CorrectionsFile = None,
    reveal: Reveal = False,
    video: Video = True,
    as_json: Json = False,
) -> None:
    """Run the network on a keyed recording that was made earlier, with its key; results as those of 'keycam batch'.

    The exit code is 1 where frames were refused or are damaged; all others are done.
    """
    from keycam.batch.plan import ReplayPlan

    plan = ReplayPlan(
        recording=recording, key=key, out=out, model=model, weights=weights, size=size,
        passphrase_file=passphrase_file, shuffle=shuffle, profile=profile, corrections=corrections, reveal=reveal,
        video=video,
    )  # fmt: skip
    # Only now, so that a mistyped option is answered before anything heavy is imported.
    from keycam.batch.replay import run_replay
    from keycam.printing import print_batch, print_json

    result = run_replay(plan)
    print_json(result) if as_json else print_batch(result)
    lost = {cause: count for cause, count in (result["refused"] | result["trouble"]).items() if cause != "unfinished"}
    if lost:
        said = ", ".join(f"{cause} {count}" for cause, count in lost.items())
        say(f"recording = {recording}: frames refused or damaged, by cause: {said}; all others are done")
        raise typer.Exit(INCOMPLETE)
