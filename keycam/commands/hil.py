"""`keycam hil`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import MOST_SEED, Client, Json


def hil(
    target: Annotated[
        str | None,
        typer.Option(help="sim: a camera in this process (default); pty, tcp: one in its own; serial: what is at --port."),
    ] = None,
    port: Annotated[
        str | None, typer.Option(help="Where the board is: a serial port, a camera's pseudo-terminal, tcp://HOST:PORT, …")
    ] = None,
    baud: Annotated[int | None, typer.Option(help="Bits a second of the port, or of the line that is simulated.")] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            readable=False, help="Key file of the board's device or client; without one only what needs none is tested."
        ),
    ] = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    env: Annotated[
        Path | None, typer.Option(readable=False, help="TOML file that describes the bench (see docs/hil.md).")
    ] = None,
    faults: Annotated[str | None, typer.Option(help="Link faults under which everything runs, such as light or harsh.")] = None,
    seed: Annotated[int | None, typer.Option(help="What faults are drawn from; by default 0.", min=0, max=MOST_SEED)] = None,
    timeout_scale: Annotated[float | None, typer.Option(help="By how much longer everything may take.")] = None,
    reset_cmd: Annotated[str | None, typer.Option(help="Command line that resets the board.")] = None,
    allow_destructive: Annotated[
        bool, typer.Option("--allow-destructive", help="Wear the flash and replace keys of a board, which are put back.")
    ] = False,
    only: Annotated[str | None, typer.Option(metavar="NAMES", help="Parts of the contract, such as registers,states.")] = None,
    sweep: Annotated[int | None, typer.Option(help="Instead: strike with at least so many faults.", min=1)] = None,
    soak: Annotated[float | None, typer.Option(metavar="S", help="Instead: full rate under faults for so many s.", min=1)] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for report.html, junit.xml, hil.json and what each test left. Its other files stay.")
    ] = Path("keycam-hil"),
    as_json: Json = False,
) -> None:
    """Test a camera model or a board on a wire: the same tests, FAIL for the board and ERROR for the set-up.

    Ends with 1 where the board failed a test, with 3 where nothing but the set-up did. A board that was there before keeps its
    flash and keys unless --allow-destructive is given.
    """
    from hil.command import run_hil
    from hil.options import HilOptions

    given = {
        "target": target, "port": port, "baud": baud, "key": key, "client": client, "passphrase_file": passphrase_file,
        "faults": faults, "seed": seed, "timeout_scale": timeout_scale, "reset_cmd": reset_cmd,
        "allow_destructive": allow_destructive or None,
    }  # fmt: skip
    options = HilOptions.from_file(env, given)
    names = () if only is None else tuple(name.strip() for name in only.split(","))
    if sweep is not None and soak is not None:
        raise ValueError(f"soak = {soak:g}: allowed with --sweep is none; run one after the other")
    raise typer.Exit(run_hil(options, names, out, sweep=sweep, soak_s=soak, as_json=as_json))
