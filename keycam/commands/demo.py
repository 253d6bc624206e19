"""`keycam demo`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import Client, CorrectionsFile, Json, Key, Policy, Record, Seed


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the contact sheet.")] = Path("keycam-out"),
    frames: Annotated[int, typer.Option(help="Frames to capture.", min=1)] = 120,
    policy: Policy = "secure",
    image: Annotated[
        Path | None, typer.Option(readable=False, help="Pan and zoom over this picture instead of the bundled ones.")
    ] = None,
    camera: Annotated[int | None, typer.Option(help="Look through this webcam instead (0 is the first).", min=0)] = None,
    link: Annotated[
        str | None,
        typer.Option(
            help="Look through a camera on a wire: pty or tcp starts one as a process of its own; else where one listens "
            "(see 'keycam camera'), with its --key."
        ),
    ] = None,
    corrections: CorrectionsFile = None,
    record: Record = None,
    key: Key = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Look at photographs through the keyed camera and compare the keyed network's answers with the plain one's.

    Needs no network, no camera and no data: the photographs are those that scikit-image ships. Writes a contact sheet
    (scene | what the link carries | restored by the key holder | answers) and prints a table.
    """
    from keycam.demo import DemoPlan, run_demo
    from keycam.printing import print_demo, print_json

    plan = DemoPlan(
        out=out, frames=frames, policy=policy, image=image, camera=camera, seed=seed, record=record, key=key, client=client,
        passphrase_file=passphrase_file, link=link, corrections=corrections,
    )  # fmt: skip
    result = run_demo(plan)
    print_json(result.as_json()) if as_json else print_demo(result)
