"""`keycam info`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import Json, Key


def info(
    key: Key = None,
    passphrase_file: PassphraseFile = None,
    profile: Annotated[str | None, typer.Option(help="Show a sensor's sheet: a name of the list, or a TOML file.")] = None,
    figure: Annotated[
        Path | None,
        typer.Option(help="Draw into this PNG file: the profile's photon transfer curve, or a key as in the paper's figure 2."),
    ] = None,
    size: Annotated[int, typer.Option(help="Side of the raster in a key's figure, pixels.", min=4, max=64)] = 16,
    as_json: Json = False,
) -> None:
    """Say what this installation has: versions, networks, sensors, policies and what they protect, readout timing."""
    from keycam.about import about
    from keycam.printing import print_about, print_json, print_profile

    if figure is not None and figure.suffix.lower() != ".png" and not figure.is_dir():
        raise ValueError(f"figure = {figure}: allowed is a name that ends in .png")
    if profile is not None:
        from keycam.profile_sheet import draw_transfer, profile_sheet
        from sensor_sim import load_profile

        chosen = load_profile(profile)
        sheet = profile_sheet(chosen)
        if figure is not None:
            draw_transfer(chosen, figure)
            sheet["figure"] = str(figure)
        print_json(sheet) if as_json else print_profile(sheet)
        return
    if figure is not None:
        from keycam.key_figure import draw_key

        result = draw_key(key, passphrase_file, figure, size)
        print_json(result) if as_json else typer.echo(f"{result['figure']}: key {result['fingerprint']}")
        return
    result = about(key)
    print_json(result) if as_json else print_about(result)
