"""The sheet: a measured camera as a sensor profile, so that it can be simulated."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import tomli_w

from calibration.characterisation import Characterisation
from calibration.dark_spread import dark_spread
from calibration.figures import PlaneFigures
from calibration.measured import Measured
from calibration.profile_limits import within_limits

RANGE_V = 1.0
"""Volts are not seen from outside: the sheet's converter spans 1 V at the photosite, and the conversion gain is what K makes of
that."""
_MOST_FULL_SCALE_V = 1e3
COMPENSATING_ROWS = 16
"""Optical-black rows of a camera that takes its mean dark signal off: how many it has is not seen."""
WHITE_SHARE = 0.8
_OTHER_COLOURS = ("red", "blue")
_ROOM_ABOVE_CONVERTER = 1.05
_MEAN_OF_BOWS = 0.75
_LEAST_SHARE = 1e-3


def profile_sheet(found: Characterisation, name: str) -> tuple[dict[str, Any], list[str]]:
    """The figures of a profile in `sensor_sim`'s words and units, as tables of TOML, and what `within_limits` says of them.

    What cannot be measured from frames is left out or said above: lens, pitch, timing, and how K is made of volts. White is
    the light that fills 80 % of the well in the exposure that was measured at. Raises ValueError where a figure that a profile
    needs could not be measured.
    """
    identity, main = found.recording.camera, found.planes[found.main]
    geometry, exposure_s = identity.geometry, found.recording.exposure_s
    full_scale_v = min(RANGE_V * identity.analog_gain, _MOST_FULL_SCALE_V)
    lsb_v = full_scale_v / 2**geometry.bits / identity.analog_gain
    gain = _mean(found, "system_gain_dn_per_e")
    volts_per_e = gain * lsb_v
    efficiency = _efficiency(found)
    well_e = _full_well(found)
    counted = [min(share, 1.0) for share in efficiency]  # as a profile holds them
    sensitivity = sum(counted) if geometry.cfa == "mono" else max(counted)
    dark_e = _mean(found, "dark_current_e_per_s") * exposure_s
    row_e = _mean(found, "row_noise_e")
    noise = main.figure("temporal_dark_noise_e")
    noise_e = 0.0 if noise.note else _rest(_mean(found, "temporal_dark_noise_e"), row_e, math.sqrt(max(dark_e, 0)))
    sheet: dict[str, Any] = {
        "name": name,
        "height": geometry.height,
        "width": geometry.width,
        "cfa": geometry.cfa,
        "quantum_efficiency": list(efficiency),
        "peak_photons_per_s": WHITE_SHARE * well_e / exposure_s / sensitivity,
        "full_well_e": well_e,
        "read_noise_e": noise_e,
        "conversion_gain_v_per_e": volts_per_e,
        "temperature_k": found.recording.temperature_k,
        "optical_black_rows": COMPENSATING_ROWS if found.compensated else 0,
        "prnu": {"spread_percent": _mean(found, "prnu_pixel_percent")},
        "offset": {"residue_v": _mean(found, "dsnu_pixel_e") * volts_per_e},
        "defects": _defects(found),
        "readout": {
            "bits": geometry.bits,
            "full_scale_v": full_scale_v,
            "analog_gain": identity.analog_gain,
            "black_level_dn": identity.black_level_dn,
            "column_offset_v": _mean(found, "dsnu_column_e") * volts_per_e,
            "column_gain_percent": _mean(found, "prnu_column_percent"),
            "row_noise_v": row_e * volts_per_e,
            **_converters(found),
        },
    }
    dark = _dark(found)
    return within_limits({**sheet, "dark": dark} if dark else sheet)


def write_sheet(found: Characterisation, name: str) -> str:
    """The sheet as TOML text, which `sensor_sim.load_profile` takes."""
    heading = (
        f"# Measured after EMVA 1288 Release 4.0 at {found.recording.exposure_s:g} s and {found.recording.temperature_k:g} K on "
        f"{found.created}, device {found.recording.camera.device}.\n"
        "# Volts, lens, pitch, timing and the number of optical-black rows are not seen from outside; "
        "the conversion gain makes the measured K of a range of 1 V at the photosite.\n"
    )
    sheet, told = profile_sheet(found, name)
    said = "".join(f"# {line}\n" for line in (*_not_measured(found, sheet), *told))
    return heading + said + "\n" + tomli_w.dumps(sheet)


def _not_measured(found: Characterisation, sheet: dict[str, Any]) -> Iterator[str]:
    """What stands in the sheet, or is left out of it, without having been measured."""
    measured = found.planes[found.main].measured
    unseen = [colour for colour in _OTHER_COLOURS if isinstance(measured.get(f"quantum_efficiency_{colour}"), str)]
    if unseen:
        yield f"The bench has no {' and no '.join(unseen)} light: the quantum efficiency in green stands there."
    if "dark" not in sheet:
        yield "The dark current cannot be told from none and is left out."
    elif "doubling_k" not in sheet["dark"]:
        yield f"The doubling temperature is left out, and a simulation takes its own: {measured['doubling_temperature_k']}."


def _mean(found: Characterisation, name: str) -> float:
    """A figure that all planes share, each weighted by its error."""
    figures = [plane.figure(name) for plane in found.planes]
    errors = np.array([figure.standard_error for figure in figures])
    # In shares of the largest one, which is 0 where a camera has nothing of it: all planes then count alike.
    shares = errors / errors.max() if errors.max() > 0 else np.ones(errors.size)
    weights = 1 / np.maximum(shares, _LEAST_SHARE) ** 2
    return float(max(weights @ [figure.value for figure in figures] / weights.sum(), 0.0))


def _efficiency(found: Characterisation) -> tuple[float, float, float]:
    main = found.planes[found.main]
    if found.recording.camera.geometry.cfa == "mono":
        in_green = main.figure("quantum_efficiency").value
        # The green one where the bench has no other lamp, as the sheet's heading then says.
        others = (main.measured[f"quantum_efficiency_{colour}"] for colour in _OTHER_COLOURS)
        red, blue = (other.value if isinstance(other, Measured) else in_green for other in others)
        own = (red, in_green, blue)
    else:
        by_colour: list[list[float]] = [[], [], []]
        for plane, recording in zip(found.planes, found.recording.planes, strict=True):
            by_colour[recording.plane.colour].append(plane.figure("quantum_efficiency").value)
        red, green, blue = (float(np.mean(values)) for values in by_colour)
        own = (red, green, blue)
    return own


def _full_well(found: Characterisation) -> float:
    wells = [plane.figure("full_well_e") for plane in found.planes]
    well_e = float(np.mean([well.value for well in wells]))
    return well_e * _ROOM_ABOVE_CONVERTER if all(well.note for well in wells) else well_e


def _rest(total: float, *parts: float) -> float:
    return math.sqrt(max(total**2 - sum(part**2 for part in parts), 0.0))


def _defects(found: Characterisation) -> dict[str, float]:
    """Shares of stuck photosites and of cold ones, in %, with the mean response of the latter; hot ones are the dark tail's."""
    sites = sum(each.dark.mean_dn.size for each in found.recording.planes)
    stuck = columns = 0
    responses = []
    for each, defects in zip(found.recording.planes, found.defects, strict=True):
        alone = ~defects.line
        stuck += int((defects.stuck & alone).sum())
        columns += int(defects.line.all(axis=0).sum())
        signal = each.half.mean_dn - each.dark.mean_dn
        relative = signal / float(np.median(signal))
        responses.append(relative[defects.response & ~defects.stuck & alone & (relative < 1)])
    cold = np.concatenate(responses)
    width = sum(each.dark.mean_dn.shape[1] for each in found.recording.planes)
    shares = {
        "stuck_percent": 100 * stuck / sites,
        "cold_percent": 100 * cold.size / sites,
        "column_percent": 100 * columns / width,
    }
    if cold.size:
        shares["cold_response_percent"] = 100 * float(cold.mean())
    return shares


def _converters(found: Characterisation) -> dict[str, float]:
    if found.converters is None:
        return {}
    ramp = found.converters.ramp
    # Transitions count from that into code 1, and the widths of codes from that of code 1. All bits fall where the highest one
    # rises, at the transition into half of the codes: the code before it has the width that carries the mid-scale step.
    middle = 2 ** (found.converters.bits - 1)
    # A profile's INL is the greatest bow of a column, and columns have 50 to 100 % of it; its DNL is the spread of the step
    # at mid-scale, beyond what the ramp's own noise spreads every code's width by.
    bow = abs(float(ramp.inl_lsb[:, middle - 1].mean())) / _MEAN_OF_BOWS
    spreads = ramp.dnl_lsb.var(axis=0)
    step = math.sqrt(max(float(spreads[middle - 2] - np.median(spreads)), 0.0))
    return {"inl_lsb": bow, "dnl_lsb": step}


def _dark(found: Characterisation) -> dict[str, float]:
    main, recording = found.planes[found.main], found.recording.planes[found.main]
    current = main.figure("dark_current_e_per_s")
    mean = _mean(found, "dark_current_e_per_s")
    if not mean > 3 * current.standard_error:  # none that could be told from none
        return {}
    spread = dark_spread(recording, found.recording.exposure_s, main.figure("system_gain_dn_per_e"), mean)
    dark = {
        "mean_e_per_s": mean,
        "reference_k": found.recording.temperature_k,
        "spread_percent": spread.spread_percent,
        "tail_percent": spread.tail_percent,
        "tail_e_per_s": spread.tail_e_per_s,
    }
    doubling = _doubling(found.planes)
    return {**dark, "doubling_k": doubling} if doubling is not None else dark


def _doubling(planes: tuple[PlaneFigures, ...]) -> float | None:
    found = [figure for plane in planes if isinstance(figure := plane.measured["doubling_temperature_k"], Measured)]
    return float(np.mean([figure.value for figure in found])) if found else None
