"""`keycam calibrate` and `keycam calibrate compare`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import MOST_SEED, Client, Json

app = typer.Typer(invoke_without_command=True, no_args_is_help=True)

Calibration = Annotated[Path, typer.Argument(readable=False, help="Folder that keycam calibrate wrote, or its measured.json.")]


@app.callback()
def calibrate(
    context: typer.Context,
    target: Annotated[
        str, typer.Option(help="Camera to measure: sim, a simulated one on its bench, or where one listens: a port or a URL.")
    ] = "sim",
    out: Annotated[Path | None, typer.Option(help="Folder for report, figures, sheet and corrections.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short stacks and, of sim, 480x640 unless a size is given.")] = False,
    key: Annotated[
        Path | None, typer.Option(readable=False, help="Key file of the camera behind a link, its device's or a client's.")
    ] = None,
    bench: Annotated[
        Path | None, typer.Option(help="Socket of the bench with the light that a camera behind a link looks at.")
    ] = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    profile: Annotated[
        str | None, typer.Option(help="Sensor of sim: a name (see 'keycam info') or a TOML file; by default machine-vision.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="HxW", help="Size of its frames; by default the profile's or what the camera is set to.")
    ] = None,
    exposure_s: Annotated[
        float | None,
        typer.Option(help="Exposure of what is lit, s; by default the camera's; of sim, white then fills 80 % of the well."),
    ] = None,
    analog_gain: Annotated[
        float | None, typer.Option(help="Gain before the converter, V/V; by default the profile's or what the camera is set to.")
    ] = None,
    longest_dark_s: Annotated[float, typer.Option(help="Longest exposure in the dark, s.")] = 120.0,
    with_lens: Annotated[
        bool, typer.Option("--with-lens", help="Of sim: through the profile's lens; the standard wants none.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Which die of sim, and its noise; by default 0.", min=0, max=MOST_SEED)] = None,
    as_json: Json = False,
) -> None:
    """Measure a camera after EMVA 1288 and make the corrections that inference applies on its keyed frames.

    Writes report.html with the standard's plots, measured.json, sheet.toml (a profile to simulate the camera with) and
    corrections.toml with its maps. A camera behind a link needs its key and a bench; 'keycam camera --bench' has one.
    """
    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise ValueError("out = nothing: allowed is a folder, --out DIR")
    from keycam.calibrate import CalibrationPlan, run_calibration
    from keycam.calibration_targets import QUICK_SIZE, LinkedTarget, SimulatedTarget, Target
    from keycam.frame_size import parsed_size
    from keycam.printing import print_calibration, print_json

    frames = None if size is None else parsed_size(size)
    camera: Target
    if target == "sim":
        far: dict[str, object] = {"key": key, "bench": bench, "client": client, "passphrase_file": passphrase_file}
        _refuse_given(far, "sim")
        frames = frames or (QUICK_SIZE if quick else None)
        camera = SimulatedTarget(profile or "machine-vision", frames, analog_gain, with_lens, seed or 0)
    else:
        _refuse_given({"profile": profile, "with_lens": with_lens or None, "seed": seed}, target)
        if key is None:
            raise ValueError(f"key = nothing: allowed with --target {target} is the key file of that camera, --key FILE")
        if bench is None:
            raise ValueError(
                f"bench = nothing: allowed with --target {target} is the socket of a light that can be set, --bench SOCKET, "
                "as docs/calibration.md says"
            )
        camera = LinkedTarget(target, key, bench, client, passphrase_file, frames, analog_gain)
    plan = CalibrationPlan(camera, out, exposure_s=exposure_s, longest_dark_s=longest_dark_s, quick=quick, seed=seed or 0)
    result = run_calibration(plan)
    print_json(result) if as_json else print_calibration(result)


def _refuse_given(options: dict[str, object], target: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise ValueError(f"{name} = {value}: allowed with --target {target} is none")


@app.command()
def compare(a: Calibration, b: Calibration, as_json: Json = False) -> None:
    """Two calibrations side by side: which figures differ by more than their 95 % intervals allow."""
    from keycam.compare_calibrations import compare_calibrations
    from keycam.printing import print_comparison, print_json

    result = compare_calibrations(a, b)
    print_json(result) if as_json else print_comparison(result)
