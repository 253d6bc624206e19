"""`keycam camera`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import Client, Policy, Seed


def camera(
    link: Annotated[str, typer.Option(help="Where to serve: pty, tcp://127.0.0.1:PORT (0 for any free one), or a serial port.")],
    key: Annotated[Path, typer.Option(readable=False, help="Key file of the device (see 'keycam keys new').")],
    profile: Annotated[str, typer.Option(help="Sensor: demo, a name of 'keycam info', or a TOML file.")] = "demo",
    source: Annotated[
        str | None,
        typer.Option(
            help="What it sees: photographs (the default: bundled ones), a webcam's number, a URL, a folder of images, an image "
            "or video file, or chart:NAME. From the beginning again at its end."
        ),
    ] = None,
    views: Annotated[int, typer.Option(help="Views of the bundled photographs.", min=1)] = 120,
    state: Annotated[
        Path | None, typer.Option(help="Folder of the camera's flash; by default one beside the key, named by it.")
    ] = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    baud: Annotated[
        int | None, typer.Option(help="Bits a second: a serial port's own, simulated on the others; by default no limit there.")
    ] = None,
    policy: Policy = "secure",
    faults: Annotated[
        Path | None, typer.Option(help="Make a Unix socket here through which tests inject faults of the device.")
    ] = None,
    bench: Annotated[
        Path | None, typer.Option(help="Stand on a bench instead, without a lens; its light is set through a Unix socket here.")
    ] = None,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the line that says where it listens as JSON.")] = False,
) -> None:
    """Be a camera behind a link, until Ctrl-C or SIGTERM: prints one line that says where, then serves hosts.

    The key of the client, in its epoch, is put into the camera's flash the first time; later keys come over the link from the
    owner, who has the device's key file. Frame counters are kept beside the key, as 'infer' keeps them.
    """
    from keycam.camera import CameraPlan, run_camera

    def listening(where: dict[str, Any]) -> None:
        typer.echo(json.dumps(where) if as_json else f"camera {where['device']} listens on {where['link']}")

    plan = CameraPlan(
        link=link, key=key, profile=profile, client=client, passphrase_file=passphrase_file, state=state, source=source,
        views=views, baud=baud, policy=policy, faults=faults, bench=bench, seed=seed,
    )  # fmt: skip
    run_camera(plan, listening)
