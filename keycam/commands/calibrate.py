"""`keycam calibrate` and `keycam calibrate compare`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.options import MOST_SEED, Json

app = typer.Typer(invoke_without_command=True, no_args_is_help=True)

Calibration = Annotated[Path, typer.Argument(readable=False, help="Folder that keycam calibrate wrote, or its measured.json.")]


@app.callback()
def calibrate(
    context: typer.Context,
    target: Annotated[str, typer.Option(help="Camera to measure: sim, a simulated one on its bench.")] = "sim",
    out: Annotated[Path | None, typer.Option(help="Folder for report, figures, sheet and corrections.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short stacks, and 480x640 unless a size is given.")] = False,
    profile: Annotated[str, typer.Option(help="Sensor of the simulated camera: a name (see 'keycam info') or a TOML file.")] = (
        "machine-vision"
    ),
    size: Annotated[str | None, typer.Option(metavar="HxW", help="Size of its array; by default the profile's.")] = None,
    exposure_s: Annotated[
        float | None, typer.Option(help="Exposure of what is lit, s; by default that in which white fills 80 % of the well.")
    ] = None,
    longest_dark_s: Annotated[float, typer.Option(help="Longest exposure in the dark, s.")] = 120.0,
    with_lens: Annotated[bool, typer.Option("--with-lens", help="Through the profile's lens; the standard wants none.")] = False,
    seed: Annotated[int, typer.Option(help="Which die of the profile, and its noise.", min=0, max=MOST_SEED)] = 0,
    as_json: Json = False,
) -> None:
    """Measure a camera after EMVA 1288 and make the corrections that inference applies on its keyed frames.

    Writes report.html with the standard's plots, measured.json, sheet.toml (a profile to simulate the camera with) and
    corrections.toml with its maps.
    """
    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise ValueError("out = nothing: allowed is a folder, --out DIR")
    from keycam.calibrate import CalibrationPlan, run_calibration
    from keycam.convert import parsed_size
    from keycam.printing import print_calibration, print_json

    plan = CalibrationPlan(
        target=target, out=out, profile=profile, size=None if size is None else parsed_size(size), exposure_s=exposure_s,
        longest_dark_s=longest_dark_s, quick=quick, with_lens=with_lens, seed=seed,
    )  # fmt: skip
    result = run_calibration(plan)
    print_json(result) if as_json else print_calibration(result)


@app.command()
def compare(a: Calibration, b: Calibration, as_json: Json = False) -> None:
    """Two calibrations side by side: which figures differ by more than their 95 % intervals allow."""
    from keycam.compare_calibrations import compare_calibrations
    from keycam.printing import print_comparison, print_json

    result = compare_calibrations(a, b)
    print_json(result) if as_json else print_comparison(result)
