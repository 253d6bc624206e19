"""Measure a camera, simulate it from its sheet, measure that: the same figures within their intervals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.capture_plan import CapturePlan
from calibration.characterisation import Characterisation, characterise
from calibration.figures import MEASURED_KEYS
from calibration.measured import Measured
from calibration.sheet import profile_sheet, write_sheet
from firmware_model import converter_of
from keycam.simulated_bench import SimulatedBench
from sensor_sim import SensorProfile, load_profile


def measured(profile: SensorProfile, seed: int) -> Characterisation:
    with SimulatedBench(profile, seed) as bench:
        plan = CapturePlan(profile.default_exposure_s, stack_frames=16, dark_frames=3, warmer_k=(12.0, 24.0), hits_per_code=4)
        return characterise(bench, plan)


@pytest.mark.parametrize("name", ["machine-vision", pytest.param("mobile", marks=pytest.mark.slow)])
def test_a_camera_that_is_simulated_from_its_sheet_measures_the_same(name: str, tmp_path: Path) -> None:
    first = measured(replace(load_profile(name), height=480, width=80), 1)
    file = tmp_path / "sheet.toml"
    file.write_text(write_sheet(first, f"measured {name}"))
    sheet = load_profile(file)
    assert (sheet.name, sheet.height, sheet.cfa) == (f"measured {name}", 480, load_profile(name).cfa)
    second = measured(sheet, 2)
    assert first.compensated == second.compensated
    for one, other in zip(first.planes, second.planes, strict=True):
        for figure in (*MEASURED_KEYS, "full_well_e", "prnu_column_percent", "row_noise_e"):
            a, b = one.measured[figure], other.measured[figure]
            assert isinstance(a, Measured)
            assert isinstance(b, Measured)
            # z = 4.5 for some 80 differences; 0.3 % for bows that two dies have differently, and the linearity error is that bow.
            allowed = 4.5 * (a.standard_error**2 + b.standard_error**2) ** 0.5 + 0.003 * abs(a.value)
            allowed += {"linearity_error_percent": 0.02, "saturation_capacity_e": 0.02 * a.value}.get(figure, 0.0)
            assert abs(a.value - b.value) <= allowed, (figure, a, b)
    converters = first.as_json()["converters"]
    assert converters["effective_bits"]["median"] > 9
    assert second.as_json()["converters"]["inl_lsb"]["most"] == pytest.approx(converters["inl_lsb"]["most"], rel=0.3)


def without_noise() -> Characterisation:
    with SimulatedBench(replace(load_profile("ideal"), height=512, width=64), 1) as bench:
        plan = CapturePlan(0.01, stack_frames=4, dark_frames=2, longest_dark_s=1.0, warmer_k=(10.0,), hits_per_code=4)
        return characterise(bench, plan)


def test_a_camera_without_any_dark_noise_has_a_sheet(tmp_path: Path) -> None:
    found = without_noise()
    assert {plane.figure("row_noise_e").standard_error for plane in found.planes} == {0.0}
    text = write_sheet(found, "ideal, measured")
    (tmp_path / "sheet.toml").write_text(text)
    assert "# The dark current cannot be told from none and is left out." in text
    sheet = load_profile(tmp_path / "sheet.toml")
    assert (sheet.read_noise_e, sheet.readout.row_noise_v) == (0, 0)


def test_the_sheets_dnl_is_the_spread_of_the_step_at_mid_scale() -> None:
    profile = replace(load_profile("machine-vision"), height=512, width=64)
    profile = replace(profile, readout=replace(profile.readout, dnl_lsb=0.5))
    found = measured(profile, 3)
    steps = [np.diff(converter_of(profile, 3).transfer.transitions_lsb(column))[2**11 - 2] for column in range(64)]
    # The step into half of the codes, of this die's own converters, each known to 1/4 LSB of a ramp of 4 samples a code, in
    # the mean of 64 much better: the errors of both transitions are up to 1/8 LSB and even, so that they add
    # 2 (1/4)^2 / 12 = 0.01 LSB^2 to a variance of 0.25, less than 3 %.
    assert profile_sheet(found, "measured")[0]["readout"]["dnl_lsb"] == pytest.approx(np.std(steps), rel=0.1)


def test_the_json_has_every_promised_figure_with_value_unit_and_interval() -> None:
    found = without_noise()
    written = found.as_json()
    assert list(written["measured"])[: len(MEASURED_KEYS)] == list(MEASURED_KEYS)
    for name in MEASURED_KEYS:
        entry = written["measured"][name]
        assert {"value", "unit", "interval"} <= set(entry)
        if name == "doubling_temperature_k":
            assert entry["value"] is None
            assert "dark current" in entry["note"]
        else:
            low, high = entry["interval"]
            assert low <= entry["value"] <= high
    assert set(written["planes"]) == {"red", "green beside red", "green beside blue", "blue"}
    assert written["plane"] == "green beside red"
