"""A sheet holds what `sensor_sim` takes, and says of every figure that was measured beyond it."""

import copy
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from calibration.profile_limits import LIMITS, MOST_ELECTRONS, within_limits
from firmware_model import converter_of
from sensor_sim.profile_file import ProfileError, load_profile

SHEET: dict[str, Any] = {
    "name": "measured", "height": 20, "width": 24, "cfa": "mono", "quantum_efficiency": [0.5, 0.6, 0.4],
    "peak_photons_per_s": 1e6, "full_well_e": 1e4, "read_noise_e": 2.0, "conversion_gain_v_per_e": 1e-4,
    "temperature_k": 300.0, "prnu": {"spread_percent": 1.0}, "offset": {"residue_v": 1e-4},
    "defects": {"stuck_percent": 0.0, "cold_percent": 0.0, "cold_response_percent": 50.0, "column_percent": 0.0},
    "dark": {
        "mean_e_per_s": 5.0, "reference_k": 300.0, "doubling_k": 8.0, "spread_percent": 30.0, "tail_percent": 0.0,
        "tail_e_per_s": 0.0,
    },
    "readout": {
        "bits": 12, "full_scale_v": 1.0, "analog_gain": 1.0, "black_level_dn": 0.0, "column_offset_v": 0.0,
        "column_gain_percent": 0.0, "row_noise_v": 0.0, "inl_lsb": 1.0, "dnl_lsb": 0.1,
    },
}  # fmt: skip


def having(place: str, value: float) -> dict[str, Any]:
    """The sheet with another figure."""
    sheet = copy.deepcopy(SHEET)
    *group, name = place.split(".")
    table = sheet[group[0]] if group else sheet
    assert name in table
    table[name] = [value] * 3 if name == "quantum_efficiency" else value
    return sheet


def load(sheet: dict[str, Any], folder: Path) -> None:
    (folder / "sheet.toml").write_text(tomli_w.dumps(sheet))
    load_profile(folder / "sheet.toml")


@pytest.mark.parametrize("place", LIMITS)
def test_a_limit_is_the_one_of_a_profile(place: str, tmp_path: Path) -> None:
    low, high = LIMITS[place]
    for end in (low, high):
        load(having(place, end), tmp_path)
        assert within_limits(having(place, end)) == (having(place, end), [])
    for beyond in (low - max(low, 1e-9), 1.001 * high):
        with pytest.raises(ProfileError, match=place.split(".")[-1]):
            load(having(place, beyond), tmp_path)
        held, told = within_limits(having(place, beyond))
        load(held, tmp_path)
        assert told
        assert all(line.startswith(f"{place} = ") and f"measured is {beyond:.6g}" in line for line in told)


def test_a_well_is_above_the_black_level_and_its_noise_within_it(tmp_path: Path) -> None:
    high = having("readout.black_level_dn", 4000.0)  # at 2.44 e-/DN
    with pytest.raises(ProfileError, match=r"full_well_e = 5000.* above the black level, 9765"):
        load({**high, "full_well_e": 5000.0}, tmp_path)
    held, told = within_limits({**high, "full_well_e": 5000.0, "read_noise_e": 20_000.0})
    load(held, tmp_path)
    assert held["full_well_e"] == pytest.approx(9765.6, rel=1e-4)
    assert held["read_noise_e"] == held["full_well_e"]
    assert [line.split(" = ")[0] for line in told] == ["full_well_e", "read_noise_e"]
    held, told = within_limits({**SHEET, "full_well_e": 1e9})
    load(held, tmp_path)
    assert (held["full_well_e"], len(told)) == (MOST_ELECTRONS, 1)


@pytest.mark.parametrize(("bits", "most_lsb"), [(6, 4.0), (10, 64.0), (12, 100.0), (16, 100.0)])
def test_a_bow_is_at_most_a_sixteenth_of_all_codes(bits: int, most_lsb: float, tmp_path: Path) -> None:
    sheet = having("readout.bits", bits)
    sheet["readout"]["inl_lsb"] = 1.01 * most_lsb
    with pytest.raises(ProfileError, match=rf"inl_lsb = .*: allowed is 0 to {most_lsb:g}"):
        load(sheet, tmp_path)
    held, told = within_limits(sheet)
    load(held, tmp_path)
    converter_of(load_profile(tmp_path / "sheet.toml"), 0)  # what the profile states, the converter has
    assert held["readout"]["inl_lsb"] == most_lsb
    assert told == [f"readout.inl_lsb = {most_lsb:g}: measured is {1.01 * most_lsb:g}, which no profile holds."]


def test_the_columns_of_a_sheet_at_its_limits_can_be_simulated(tmp_path: Path) -> None:
    load(having("readout.column_gain_percent", LIMITS["readout.column_gain_percent"][1]), tmp_path)
    converter_of(load_profile(tmp_path / "sheet.toml"), 0)


def test_what_a_profile_holds_is_left_as_it_is(tmp_path: Path) -> None:
    assert within_limits(SHEET) == (SHEET, [])
    load(SHEET, tmp_path)
