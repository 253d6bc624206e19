"""`keycam recording`: look at recordings, check them, and turn them into lossless video and back."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import Json
from keycam.refusal import INCOMPLETE

app = typer.Typer(help="Look at keyed recordings, check them, and turn them into lossless video and back.")

Folder = Annotated[Path, typer.Argument(readable=False, metavar="RECORDING", help="Folder of the recording.")]


@app.command("info")
def show_recording(recording: Folder, as_json: Json = False) -> None:
    """Say what a recording holds: camera, policy, size, counters, times, and what is wrong with it as far as its index tells."""
    from keycam.printing import print_json, print_recording
    from keycam.recording import describe_recording

    result = describe_recording(recording)
    print_json(result) if as_json else print_recording(result)


@app.command("check")
def check_recording(
    recording: Folder,
    key: Annotated[
        Path | None,
        typer.Option(readable=False, help="Key file of the camera or of the client; without it only damage is looked for."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Read every frame and verify its tag; count what is accepted, and what is refused or damaged by its cause.

    The exit code is 1 where a frame is damaged or refused. A frame that was broken off at the end when the recording
    stopped is counted, and is no damage.
    """
    from keycam.printing import print_json, print_recording
    from keycam.recording import check_recording, is_sound

    result = check_recording(recording, key, passphrase_file)
    print_json(result) if as_json else print_recording(result)
    if not is_sound(result):
        raise typer.Exit(INCOMPLETE)


@app.command("export")
def export_recording(
    recording: Folder,
    out: Annotated[Path, typer.Option(help="File to write, .mkv.")],
    as_json: Json = False,
) -> None:
    """Write a recording as lossless video (FFV1 in Matroska) with headers and tags; 'import' gives back every frame exactly."""
    from keycam.printing import print_json, print_recording
    from keycam.recording import export_recording

    result = export_recording(recording, out)
    print_json(result) if as_json else print_recording(result)


@app.command("import")
def import_recording(
    video: Annotated[Path, typer.Argument(readable=False, metavar="VIDEO", help="A file that 'export' wrote.")],
    out: Annotated[Path, typer.Option(help="Folder to make, such as door.keycam.")],
    as_json: Json = False,
) -> None:
    """Make a recording of an exported video. Any other video is refused, above all one that a lossy codec has made."""
    from keycam.printing import print_json, print_recording
    from keycam.recording import import_recording

    result = import_recording(video, out)
    print_json(result) if as_json else print_recording(result)
