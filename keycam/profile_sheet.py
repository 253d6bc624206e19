"""`keycam info --profile`: a sensor's sheet, and the photon transfer curve that its figures make one expect."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keycam.atomic_file import whole_file
from sensor_sim import SensorProfile


def profile_sheet(profile: SensorProfile) -> dict[str, Any]:
    """All figures of the profile, and under "derived" those that follow from them.

    What `keycam calibrate` defines otherwise has another name here: these are of the profile's figures alone, without columns,
    defects and quantisation.
    """
    figures, gain = profile.readout, system_gain_dn_per_e(profile)
    noise_e = dark_noise_e(profile)
    saturation_e = min(profile.full_well_e, (2**figures.bits - 1 - figures.black_level_dn) / gain)
    derived = {
        "system_gain_dn_per_e": gain,
        "dark_noise_e": noise_e,
        "photosite_offsets_e": profile.dsnu_e,
        "photosite_response_percent": profile.prnu.spread_percent,
        "dark_current_e_per_s": profile.dark.mean_e_per_s * profile.dark.warming(profile.temperature_k),
        "saturation_e": saturation_e,
        "limited_by": "full well" if profile.full_well_e <= saturation_e else "converter",
        "shot_noise_snr_at_saturation_db": 10 * math.log10(saturation_e),
        "saturation_over_dark_noise_db": 20 * math.log10(saturation_e / noise_e) if noise_e else None,
        "default_exposure_s": profile.default_exposure_s,
    }
    return {**asdict(profile), "derived": derived}


def system_gain_dn_per_e(profile: SensorProfile) -> float:
    """K, from electrons to codes (EMVA 1288 R4 Linear, section 2)."""
    return profile.conversion_gain_v_per_e / profile.readout.lsb_v


def dark_noise_e(profile: SensorProfile) -> float:
    """Temporal noise of a dark photosite, row noise included, e-; quantisation and dark current are not in it."""
    return math.hypot(profile.temporal_dark_noise_e, profile.readout.row_noise_v / profile.conversion_gain_v_per_e)


def expected_transfer(profile: SensorProfile, signal_e: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Standard deviations in DN at signals in e-: "temporal" (EMVA 1288 R4, equation 13), its parts, and "total" with PRNU."""
    gain = system_gain_dn_per_e(profile)
    shot = gain * np.sqrt(signal_e)
    dark = np.full_like(signal_e, math.sqrt((gain * dark_noise_e(profile)) ** 2 + 1 / 12))
    fixed = gain * np.hypot(profile.dsnu_e, profile.prnu.spread_percent / 100 * signal_e)
    return {
        "dark": dark,
        "shot": shot,
        "fixed pattern": fixed,
        "temporal": np.hypot(shot, dark),
        "total": _root(shot, dark, fixed),
    }


def draw_transfer(profile: SensorProfile, file: Path) -> None:
    """Draw the expected photon transfer curve into `file` (PNG)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    derived = profile_sheet(profile)["derived"]
    signal_e = np.geomspace(1, derived["saturation_e"], 200)
    figure = Figure(figsize=(6.4, 4.8), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    for name, deviation in expected_transfer(profile, signal_e).items():
        line = "-" if name in ("temporal", "total") else "--"
        ax.loglog(signal_e * derived["system_gain_dn_per_e"], deviation, line, linewidth=1.2 if line == "--" else 2, label=name)
    ax.axvline(signal_e[-1] * derived["system_gain_dn_per_e"], color="#9aa5b1", linestyle=":")
    ax.set(xlabel="signal over the black level, DN", ylabel="standard deviation, DN", title=profile.name)
    ax.set_ylim(bottom=0.1)
    ax.annotate(f"saturation: {derived['limited_by']}", (0.98, 0.03), xycoords="axes fraction", ha="right", fontsize=9)
    ax.grid(True, which="both", color="#e5e8ec", linewidth=0.5)
    ax.legend()
    with whole_file(file, "figure") as unfinished:
        figure.savefig(unfinished, format="png")


def _root(*parts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(sum((part**2 for part in parts), np.zeros_like(parts[0])))
