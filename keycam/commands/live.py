"""`keycam live`."""

from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import Client, CorrectionsFile, Json, Key, Record, Seed, Weights


def live(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="demo (the bundled photographs), a webcam's number (0 is the first), a video or image file, a folder of images, "
            "a URL, camera:LINK (a camera on a wire, with its --key), or browser (the visitor's own webcam).",
        ),
    ] = "demo",
    window: Annotated[bool, typer.Option("--window", help="Show it in a window instead of the browser.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Show nothing, measure.")] = False,
    model: Annotated[
        str,
        typer.Option(
            help="Network: resnet20, preresnet110, fcn_resnet12 (a class for each pixel), with --weights also vgg16 or "
            "privdl-vgg16; a classifier or segmentation network of torchvision's by name; or module:function of your own."
        ),
    ] = "resnet20",
    weights: Weights = None,
    policy: Annotated[
        str | None,
        typer.Option(help="What the readout hides: secure (the default), paper or raster. A camera on a wire has its own."),
    ] = None,
    shuffle: Annotated[str, typer.Option(help="Where the order is undone: every-layer or input.")] = "every-layer",
    keep: Annotated[
        str | None,
        typer.Option(
            help="all: the source waits; latest: frames that the host is too slow for give way, counted. By default all of a "
            "file, the latest of everything else."
        ),
    ] = None,
    fps: Annotated[float, typer.Option(help="Frames a second of files and of the demonstration.")] = 30.0,
    frames: Annotated[int | None, typer.Option(help="End after so many answers.", min=1)] = None,
    host: Annotated[
        str, typer.Option(help="Where to serve the page; from elsewhere than loopback a token is required, which is printed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any free one.", min=0, max=65535)] = 8000,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Whether to open the page.")] = True,
    corrections: CorrectionsFile = None,
    record: Record = None,
    key: Key = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Look through the keyed camera live: what the link carries, and what the network says with the right and a wrong key.

    Opens a page in the browser, with what the key holder can restore where that is asked for, and a button that attacks the
    page's own link. Ctrl-C ends it after the frame that it is at and prints a summary, a second Ctrl-C at once. With --json the
    page's address is one line of JSON, and the summary the next.
    """
    if window and headless:
        raise ValueError("--window and --headless: a run is shown or it is not; allowed is one of them")

    import json
    import sys
    from dataclasses import replace

    from keycam.live.entrance import entrance
    from keycam.live.plan import Display, LivePlan
    from keycam.live.settings import LiveSettings
    from keycam.policy import caution

    display: Display = "window" if window else "none" if headless else "page"
    settings = replace(LiveSettings().with_value("policy", policy or "secure"), shuffle=shuffle)  # type: ignore[arg-type]
    plan = LivePlan(
        source=source, display=display, model=model, weights=weights, policy=policy, settings=settings, key=key, client=client,
        passphrase_file=passphrase_file, keep=keep, fps=fps, frames=frames, host=host, port=port, browser=browser,  # type: ignore[arg-type]
        record=record, seed=seed, corrections=corrections,
    )  # fmt: skip
    caution(settings.policy)

    def served(where: dict[str, str]) -> None:
        typer.echo(json.dumps(where) if as_json else f"keycam: {where['source']} on {where['url']} (Ctrl-C ends it)")

    def tell(what: str) -> None:
        if sys.stderr.isatty():
            typer.echo(f"keycam: {what} (Ctrl-C ends it)", err=True)

    with entrance(plan) as place:
        tell("loading the network and the camera")
        from keycam.live.run import run_live  # torch, which takes seconds
        from keycam.live.summary import print_live

        summary, failure = run_live(plan, place, served, tell)
    typer.echo(json.dumps(summary)) if as_json else print_live(summary)
    if failure is not None:
        raise failure
