"""All figures of a camera from its recording, colour plane by colour plane."""

import math
from dataclasses import dataclass, replace

import numpy as np

from calibration.dark_current import COMPENSATED, TAKEN_OFF, dark_current, dark_current_by_mean, dark_current_by_variance
from calibration.dark_noise import temporal_dark_noise
from calibration.doubling_temperature import doubling_temperature
from calibration.linearity import Linearity, linearity
from calibration.measured import Measured, decibels, quotient
from calibration.nonuniformity import PARTS, nonuniformity, spatial_variance
from calibration.recording import PlaneRecording
from calibration.responsivity import quantum_efficiency, responsivity, system_gain
from calibration.saturation import full_well, saturation_capacity, saturation_photons
from calibration.snr import dynamic_range_db, sensitivity_threshold, snr_max

Missing = str
"""Why a figure could not be measured, in one sentence."""

MEASURED_KEYS = (
    "system_gain_dn_per_e", "quantum_efficiency", "temporal_dark_noise_e", "saturation_capacity_e", "snr_max_db",
    "dynamic_range_db", "linearity_error_percent", "dsnu_e", "prnu_percent", "dark_current_e_per_s", "doubling_temperature_k",
)  # fmt: skip
"""The figures that every report has, in this order; others follow."""
MAY_BE_MISSING = {
    "doubling_temperature_k": "K", "dark_current_by_variance_e_per_s": "e-/s", "quantum_efficiency_red": "e-/photon",
    "quantum_efficiency_blue": "e-/photon",
}  # fmt: skip
"""The figures that a bench or a camera may not let be measured, and their units."""


@dataclass(frozen=True, eq=False)
class PlaneFigures:
    """The figures of one colour plane by name, and the fit of its linearity."""

    name: str
    measured: dict[str, Measured | Missing]
    linearity: Linearity
    dark_rates: tuple[Measured, ...]

    def figure(self, name: str) -> Measured:
        """One figure. Raises ValueError where it could not be measured."""
        found = self.measured[name]
        if isinstance(found, str):
            raise ValueError(f"{name} = not measured: {found}")
        return found


def plane_figures(recording: PlaneRecording, bad: np.ndarray) -> PlaneFigures:
    """Every figure of a plane; `bad`, bool (h, w), are its defects, which DSNU and PRNU leave out and "_all" ones do not."""
    points = recording.points
    response, gain = responsivity(points), system_gain(points)
    efficiency = quantum_efficiency(response, gain)
    noise = temporal_dark_noise(points, gain)
    capacity = saturation_capacity(points, efficiency)
    threshold = sensitivity_threshold(noise, gain, efficiency)
    line = linearity(points)
    measured: dict[str, Measured | Missing] = {
        "system_gain_dn_per_e": gain,
        "quantum_efficiency": efficiency,
        "temporal_dark_noise_e": noise,
        "saturation_capacity_e": capacity,
        "snr_max_db": decibels(snr_max(capacity)),
        "dynamic_range_db": dynamic_range_db(saturation_photons(points), threshold),
        "linearity_error_percent": line.error_percent,
        **_uniformity(recording, bad, gain),
        **_dark(recording, gain),
        "responsivity_dn_per_photon": response,
        "absolute_sensitivity_threshold_photons": threshold,
        "saturation_photons": saturation_photons(points),
        "full_well_e": full_well(recording.plateau, points, gain),
        "row_noise_e": _row_noise(recording, gain),
    }
    for name, seen in recording.other_colours.items():
        if isinstance(seen, str):
            measured[f"quantum_efficiency_{name}"] = seen
            continue
        signal_dn, photons = seen
        # What the response in green is uncertain by, and the noise of a mean, which is all where there is hardly a signal.
        share, noise_dn = signal_dn / response.value * response.standard_error, float(points.mean_error_dn().min())
        own = Measured(signal_dn / photons, "DN/photon", math.hypot(share, noise_dn) / photons)
        measured[f"quantum_efficiency_{name}"] = quantum_efficiency(own, gain)
    ordered = {name: measured[name] for name in (*MEASURED_KEYS, *(key for key in measured if key not in MEASURED_KEYS))}
    rates = tuple(dark_current(series, gain) for series in recording.dark_series)
    return PlaneFigures(recording.plane.name, ordered, line, rates)


def _uniformity(recording: PlaneRecording, bad: np.ndarray, gain: Measured) -> dict[str, Measured | Missing]:
    dark, lit = (spatial_variance(stack, bad) for stack in (recording.dark, recording.half))
    sound = nonuniformity(dark, lit, gain)
    dark, lit = (spatial_variance(stack, high_pass=False) for stack in (recording.dark, recording.half))
    every = nonuniformity(dark, lit, gain)
    found: dict[str, Measured | Missing] = {"dsnu_e": sound.dsnu_e["total"], "prnu_percent": sound.prnu_percent["total"]}
    for part in PARTS[1:]:
        found[f"dsnu_{part}_e"] = sound.dsnu_e[part]
        found[f"prnu_{part}_percent"] = sound.prnu_percent[part]
    note = "all photosites, without the high-pass"
    for name, each in (("dsnu_all_e", every.dsnu_e["total"]), ("prnu_all_percent", every.prnu_percent["total"])):
        found[name] = replace(each, note=note)
    return found


def _dark(recording: PlaneRecording, gain: Measured) -> dict[str, Measured | Missing]:
    own = recording.dark_series[0]
    current, by_mean = dark_current(own, gain), dark_current_by_mean(own, gain)
    found: dict[str, Measured | Missing] = {
        "dark_current_e_per_s": current,
        "dark_current_by_mean_e_per_s": replace(by_mean, note=TAKEN_OFF) if current.note == COMPENSATED else by_mean,
    }
    try:
        found["dark_current_by_variance_e_per_s"] = dark_current_by_variance(own, gain)
    except ValueError as error:
        found["dark_current_by_variance_e_per_s"] = str(error)
    if len(recording.dark_series) == 1:
        found["doubling_temperature_k"] = "the bench has no temperature chamber"
        return found
    # By the variance at every temperature: what a camera takes off its mean may change with the temperature.
    try:
        rates = [dark_current_by_variance(series, gain) for series in recording.dark_series]
        found["doubling_temperature_k"] = doubling_temperature([series.temperature_k for series in recording.dark_series], rates)
    except ValueError as error:
        found["doubling_temperature_k"] = str(error)
    return found


def _row_noise(recording: PlaneRecording, gain: Measured) -> Measured:
    row, rows = max(recording.dark.temporal.row, 0.0), recording.dark.mean_dn.shape[0]
    width, freedom = recording.dark.mean_dn.shape[1], recording.dark.frames - 1
    # The mean of a row carries the photosites' noise over its length; both vary as a variance of rows x frames values does,
    # less one in each frame for the offset that all of its rows share.
    variance_error = float(np.sqrt(2 / ((rows - 1) * freedom))) * (row + recording.dark.temporal.total / width)
    value_dn = float(np.sqrt(row))
    error = min(variance_error / (2 * value_dn), np.sqrt(variance_error)) if value_dn else np.sqrt(variance_error)
    return replace(quotient(Measured(value_dn, "DN", float(error)), gain, "e-"), least=0.0)
