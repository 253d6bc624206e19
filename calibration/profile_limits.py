"""What a sensor profile holds: the figures of a sheet are brought within it, and what was changed is told."""

from typing import Any

LIMITS: dict[str, tuple[float, float]] = {
    "quantum_efficiency": (1e-6, 1.0),
    "peak_photons_per_s": (1e-3, 1e18),
    "conversion_gain_v_per_e": (1e-9, 1.0),
    "temperature_k": (100.0, 400.0),
    "prnu.spread_percent": (0.0, 30.0),
    "offset.residue_v": (0.0, 1.0),
    "defects.stuck_percent": (0.0, 50.0),
    "defects.cold_percent": (0.0, 50.0),
    "defects.cold_response_percent": (0.0, 100.0),
    "defects.column_percent": (0.0, 50.0),
    "readout.column_offset_v": (0.0, 1.0),
    "readout.column_gain_percent": (0.0, 10.0),
    "readout.row_noise_v": (0.0, 1.0),
    "readout.dnl_lsb": (0.0, 1.0),
    "dark.mean_e_per_s": (0.0, 1e9),
    "dark.reference_k": (100.0, 400.0),
    "dark.doubling_k": (1.0, 100.0),
    "dark.spread_percent": (0.0, 300.0),
    "dark.tail_percent": (0.0, 50.0),
    "dark.tail_e_per_s": (0.0, 1e9),
}
"""What `sensor_sim` takes, by table and field; no profile says it, so that its tests hold the two together."""
MOST_ELECTRONS = 2.0**24
_ABOVE = 1 + 1e-6
"""A well is above the black level and not at it."""


def within_limits(sheet: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A sheet whose figures a profile holds, and a sentence for each figure that was brought within its limits."""
    told: list[str] = []

    def bounded(place: str, value: Any, low: float, high: float) -> Any:
        if isinstance(value, list):
            return [bounded(place, each, low, high) for each in value]
        within = min(max(value, low), high)
        if within != value:
            told.append(f"{place} = {within:.6g}: measured is {value:.6g}, which no profile holds.")
        return within

    def filled(table: dict[str, Any], group: str) -> dict[str, Any]:
        whole = {}
        for name, value in table.items():
            limits = LIMITS.get(group + name)
            if isinstance(value, dict):
                whole[name] = filled(value, f"{group}{name}.")
            else:
                whole[name] = value if limits is None else bounded(group + name, value, *limits)
        return whole

    held = filled(sheet, "")
    readout = held["readout"]
    if "inl_lsb" in readout:
        readout["inl_lsb"] = bounded("readout.inl_lsb", readout["inl_lsb"], 0.0, min(100.0, 2 ** readout["bits"] / 16))
    lsb_v = readout["full_scale_v"] / 2 ** readout["bits"] / readout["analog_gain"]
    black_e = readout["black_level_dn"] * lsb_v / held["conversion_gain_v_per_e"]
    well_e = bounded("full_well_e", held["full_well_e"], max(_ABOVE * black_e, 1e-3), MOST_ELECTRONS)
    return {**held, "full_well_e": well_e, "read_noise_e": bounded("read_noise_e", held["read_noise_e"], 0.0, well_e)}, told
