"""`keycam batch`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import Client, Json, Policy, Seed, Weights
from keycam.refusal import INCOMPLETE, say

AnyBatchModel = Annotated[
    str,
    typer.Option(
        help="Network: resnet20, preresnet110, vgg16, fcn_resnet12 (a class for each pixel), or a classifier or segmentation "
        "network of torchvision's by name, whose weights are downloaded once."
    ),
]
BatchShuffle = Annotated[
    str,
    typer.Option(
        help="input: the order is undone at the first layer, fastest; every-layer: each layer has a secret order of its own."
    ),
]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Draw on the restored picture, and keep masks: the results then show the scene.")
]
Video = Annotated[bool, typer.Option("--video/--no-video", help="Write annotated video.")]


def batch(
    source: Annotated[
        list[str],
        typer.Argument(help="Videos, pictures, folders of them, or patterns such as 'drive/*.mp4'.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the results; one that has some is gone on with.")],
    model: AnyBatchModel = "resnet20",
    weights: Weights = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="HxW",
            help="Size of the network's picture; by default what it was made for, or the footage's own size for a class for "
            "each pixel.",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(readable=False, help="Key file of the camera; without one a throw-away key, and nothing is recorded."),
    ] = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    policy: Policy = "secure",
    shuffle: BatchShuffle = "input",
    profile: Annotated[str | None, typer.Option(help="Sensor: a name (see 'keycam info') or a TOML file.")] = None,
    reveal: Reveal = False,
    video: Video = True,
    record: Annotated[bool, typer.Option("--record/--no-record", help="With --key, record the keyed frames.")] = True,
    workers: Annotated[int, typer.Option(help="Processes that share the cores of this machine.", min=1, max=256)] = 1,
    cluster: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Work on the cluster of this Dask scheduler, such as tcp://10.0.0.1:8786."),
    ] = None,
    unit_frames: Annotated[
        int, typer.Option(help="Frames in a unit of work: what a killed worker has to do again at most.", min=1, max=10**6)
    ] = 250,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Look at recorded footage through the keyed camera and the keyed network, frame by frame.

    Gives for each footage a row of JSON for each frame, annotated video (on black unless revealed) and keyed recordings, and
    for all a summary and a contact sheet. It may be stopped or killed at any moment: the same line goes on, and does only what
    is missing. Footage that cannot be decoded is set aside and named while the rest is done, and of footage that is broken off,
    or has pictures that cannot be read, all else is done; the exit code is 1 then.
    """
    from keycam.batch.plan import BatchPlan

    plan = BatchPlan(
        sources=tuple(source), out=out, model=model, weights=weights, size=size, key=key, client=client,
        passphrase_file=passphrase_file, policy=policy, shuffle=shuffle, profile=profile, seed=seed, reveal=reveal, video=video,
        record=record, workers=workers, cluster=cluster, unit_frames=unit_frames,
    )  # fmt: skip
    # Only now, so that a mistyped option is answered before anything heavy is imported.
    from keycam.batch.run import run_batch
    from keycam.printing import print_batch, print_json

    result = run_batch(plan)
    print_json(result) if as_json else print_batch(result)
    for kind in ("set_aside", "incomplete"):
        for sentence in result[kind].values():
            say(f"{kind.replace('_', ' ')}: {sentence}")
    if result["set_aside"] or result["incomplete"]:
        raise typer.Exit(INCOMPLETE)
