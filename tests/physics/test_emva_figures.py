"""A camera made of known figures is measured, and the figures come back within what their own errors allow."""

import re
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.bench import BenchError, Light
from calibration.capture_plan import CapturePlan
from calibration.characterisation import characterise
from calibration.correction_profile import correction_profile
from calibration.dark_current import HIDDEN, TAKEN_OFF
from calibration.dark_figures import dark_current_figure
from calibration.defect_map import find_defects
from calibration.figures import PlaneFigures, plane_figures
from calibration.nonuniformity import spatial_variance
from calibration.recording import PlaneRecording, Recording, record
from calibration.sheet import write_sheet
from calibration.snr import snr_of_model
from calibration.stack import StackSums
from sensor_sim import load_profile
from tests.numpy_camera import Made, NumpyCamera, WithoutChamber

PLAN = CapturePlan(0.01, fine_steps=8, stack_frames=16, dark_frames=4, longest_dark_s=60.0)
MADE = Made(row_noise_e=1.0, frame_noise_e=0.8, column_e=1.5)
Z = 4.0
"""Standard errors that a figure may be off: a seed in 16,000 is."""


def figures(recording: PlaneRecording) -> PlaneFigures:
    return plane_figures(recording, find_defects(recording.dark, recording.half).every)


@pytest.fixture(scope="module")
def measured() -> tuple[NumpyCamera, Recording, PlaneFigures]:
    camera = NumpyCamera(MADE, seed=1)
    recording = record(camera, PLAN)
    return camera, recording, figures(recording.planes[0])


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("system_gain_dn_per_e", 0.4),
        ("quantum_efficiency", 0.6),
        ("quantum_efficiency_red", 0.5),
        ("quantum_efficiency_blue", 0.4),
        # 5 e- of its own, 1 e- of its row, and the shot noise of 0.01 s of dark current, 0.2 e-.
        ("temporal_dark_noise_e", np.sqrt(5**2 + 1**2 + 0.2)),
        ("row_noise_e", 1.0),
        ("dark_current_e_per_s", 20.0),
        ("dark_current_by_variance_e_per_s", 20.0),
        ("doubling_temperature_k", 7.0),
    ],
)
def test_a_figure_is_the_one_that_the_camera_was_made_with(measured, name: str, made: float) -> None:
    found = measured[2].figure(name)
    assert abs(found.value - made) <= Z * found.standard_error
    assert found.standard_error < 0.04 * made  # and that says something


def test_the_fixed_patterns_are_those_of_this_die_and_split_as_they_were_made(measured) -> None:
    camera, _, found = measured
    # The die at hand is measured, so that its own maps are the truth: what is left is the temporal noise in a stack.
    assert found.figure("dsnu_all_e").value == pytest.approx(camera.offset_e.std(ddof=1), rel=0.01)
    assert found.figure("prnu_all_percent").value == pytest.approx(100 * camera.response.std(ddof=1), rel=0.01)
    for name, made in (("dsnu_pixel_e", 4.0), ("dsnu_column_e", 1.5), ("prnu_pixel_percent", 1.0), ("dsnu_e", np.hypot(4, 1.5))):
        assert abs(found.figure(name).value - made) <= Z * found.figure(name).standard_error
    # Row noise in time is none of the fixed pattern: left in, it would be 1 / sqrt(16 frames) = 0.25 e- of row DSNU.
    assert found.figure("dsnu_row_e").value < 0.2


def test_saturation_ends_three_deviations_below_the_full_well_and_the_plateau_is_the_well(measured) -> None:
    found = measured[2]
    well = found.figure("full_well_e")
    # The mean of the well's pattern-free codes: K's own error is all there is.
    assert abs(well.value - 9000) <= Z * well.standard_error + 1
    # The noise is cut off where the spread of the electrons reaches the well: some two to four deviations of sqrt(9000 + 90^2).
    assert 9000 - 5 * 131 < found.figure("saturation_capacity_e").value < 9000 - 131
    assert found.figure("snr_max_db").value == pytest.approx(10 * np.log10(found.figure("saturation_capacity_e").value))


def test_threshold_and_dynamic_range_follow_from_the_others(measured) -> None:
    found = measured[2]
    threshold = found.figure("absolute_sensitivity_threshold_photons").value
    noise, gain = found.figure("temporal_dark_noise_e").value, found.figure("system_gain_dn_per_e").value
    efficiency = found.figure("quantum_efficiency").value
    # By its definition: there the SNR is 1.
    assert snr_of_model(np.array([threshold]), efficiency, noise, gain)[0] == pytest.approx(1)
    ratio = found.figure("saturation_photons").value / threshold
    assert found.figure("dynamic_range_db").value == pytest.approx(20 * np.log10(ratio))


def test_a_straight_camera_is_linear_and_a_bow_of_the_transfer_shows(measured) -> None:
    # The noise of 52 means at 0.01 s: 0.03 % at 5 % of saturation, less above.
    assert measured[2].figure("linearity_error_percent").value < 0.03
    bent = NumpyCamera(replace(MADE, bow_dn=20.0), seed=1)
    points = record(bent, replace(PLAN, stack_frames=4, dark_frames=2, warmer_k=())).planes[0]
    error = figures(points).figure("linearity_error_percent").value
    # y' = y + 80 (y/4096)(1 - y/4096) over 5 to 95 % of 3500 DN: relative slope changes by 1.7 % from end to end, and a line
    # through both, weighted 1/y^2, strays by about a tenth of that in the mean.
    assert 0.1 < error < 0.4


def test_dark_current_by_the_mean_says_nothing_else_of_a_camera_that_takes_nothing_off(measured) -> None:
    assert measured[2].figure("dark_current_by_mean_e_per_s").note == ""


def test_compensated_dark_current_is_found_by_its_noise() -> None:
    camera = NumpyCamera(replace(MADE, compensated=True), seed=2)
    recording = record(camera, replace(PLAN, stack_frames=8, warmer_k=(10.0,)))
    found = figures(recording.planes[0])
    current = found.figure("dark_current_e_per_s")
    assert abs(current.value - 20) <= Z * current.standard_error
    assert "variance" in current.note
    by_mean = found.figure("dark_current_by_mean_e_per_s")
    assert abs(by_mean.value) < 0.5
    assert by_mean.note == TAKEN_OFF


@pytest.mark.parametrize("cfa", ["rgb", "gbrg"])
def test_each_colour_plane_has_its_own_efficiency(cfa: str) -> None:
    camera = NumpyCamera(MADE, (96, 96), cfa, seed=3)
    recording = record(camera, replace(PLAN, stack_frames=4, dark_frames=2, warmer_k=()))
    assert len(recording.planes) == (3 if cfa == "rgb" else 4)
    for plane in recording.planes:
        found = figures(plane)
        efficiency = found.figure("quantum_efficiency")
        assert abs(efficiency.value - MADE.efficiency[plane.plane.colour]) <= Z * efficiency.standard_error
        assert plane.half.mean_dn.shape == ((96, 96) if cfa == "rgb" else (48, 48))


def test_dark_noise_below_quantisation_is_a_bound() -> None:
    camera = NumpyCamera(replace(MADE, noise_e=0.1, row_noise_e=0.0, dsnu_e=0.0, column_e=0.0, dark_e_per_s=0.0), seed=4)
    found = figures(record(camera, replace(PLAN, stack_frames=4, dark_frames=2, longest_dark_s=1.0)).planes[0])
    noise = found.figure("temporal_dark_noise_e")
    assert "bound" in noise.note
    assert noise.value == pytest.approx(0.40 / found.figure("system_gain_dn_per_e").value)
    with pytest.raises(ValueError, match=r"doubling_temperature_k = not measured: dark current = .*allowed is"):
        found.figure("doubling_temperature_k")


def test_without_a_chamber_everything_but_the_doubling_temperature_is_measured() -> None:
    camera = NumpyCamera(MADE, seed=5)
    found = figures(record(WithoutChamber(camera), replace(PLAN, stack_frames=4, dark_frames=2)).planes[0])
    assert found.measured["doubling_temperature_k"] == "the bench has no temperature chamber"
    assert abs(found.figure("dark_current_e_per_s").value - 20) <= Z * found.figure("dark_current_e_per_s").standard_error


def test_defects_are_found_and_do_not_count_as_non_uniformity() -> None:
    camera = NumpyCamera(MADE, seed=6)
    places = {"hot": (5, 7), "response": (60, 80), "stuck": (100, 20)}
    camera.offset_e[places["hot"]] += 200
    camera.response[places["response"]] = 0.5
    camera.response[places["stuck"]] = 0.0
    camera.response[:, 40] = 0.0
    recording = record(camera, replace(PLAN, stack_frames=8, dark_frames=2, warmer_k=())).planes[0]
    defects = find_defects(recording.dark, recording.half)
    for kind, place in places.items():
        assert getattr(defects, kind)[place]
    assert defects.line[:, 40].all()
    # The four above and, of 19200, hardly one by chance.
    assert defects.counts()["all"] <= 3 + 120 + 2
    found = plane_figures(recording, defects.every)
    assert abs(found.figure("prnu_percent").value - 1) <= Z * found.figure("prnu_percent").standard_error
    assert found.figure("prnu_all_percent").value > 5


def test_a_dark_current_that_hardly_rises_has_no_doubling_temperature_and_a_sheet_that_loads(tmp_path: Path) -> None:
    made = replace(MADE, dark_e_per_s=50.0, doubling_k=300.0)
    plan = replace(PLAN, fine_steps=2, stack_frames=8, warmer_k=(50.0, 100.0))
    found = characterise(NumpyCamera(made, (60, 80), seed=8), plan)
    entry = found.as_json()["measured"]["doubling_temperature_k"]
    assert (entry["value"], entry["interval"], entry["unit"]) == (None, None, "K")
    assert re.fullmatch(r"doubling temperature = [23]\d\d(\.\d+)? K: allowed is 1 to 100 K, .*", entry["note"])
    text = write_sheet(found, "hardly rising")
    assert f"# The doubling temperature is left out, and a simulation takes its own: {entry['note']}." in text
    (tmp_path / "sheet.toml").write_text(text)
    assert "doubling_k" not in text.replace(entry["note"], "")
    assert load_profile(tmp_path / "sheet.toml").dark.mean_e_per_s == pytest.approx(50, rel=0.1)
    assert correction_profile(found).doubling_k is None


def test_dark_current_whose_noise_quantisation_hides_is_by_the_mean_and_does_not_double() -> None:
    # 200 e- at 0.02 DN/e- are 0.08 DN^2, with 1/12 of the quantisation and 0.01 of the noise: below 0.24 at every temperature.
    made = replace(MADE, gain_dn_per_e=0.02, dark_e_per_s=5.0)
    plan = replace(PLAN, fine_steps=2, stack_frames=8, longest_dark_s=10.0, warmer_k=(7.0, 14.0))
    found = characterise(NumpyCamera(made, (60, 80), seed=10), plan)
    measured = found.as_json()["measured"]
    for name, unit in (("doubling_temperature_k", "K"), ("dark_current_by_variance_e_per_s", "e-/s")):
        assert (measured[name]["value"], measured[name]["unit"]) == (None, unit)
        assert "hidden by quantisation" in measured[name]["note"]
    current = found.planes[0].figure("dark_current_e_per_s")
    assert current.note == HIDDEN
    assert abs(current.value - 5) <= Z * current.standard_error
    assert not found.compensated
    noise = dark_current_figure(found).axes[1]
    assert len(noise.get_lines()) == 1  # the points, and no line through them


def test_an_efficiency_of_nothing_is_nothing_within_its_error() -> None:
    made = replace(MADE, efficiency=(0.0, 0.6, 1e-7), frame_noise_e=0.0)
    plan = replace(PLAN, fine_steps=2, stack_frames=4, dark_frames=2, warmer_k=())
    found = figures(record(NumpyCamera(made, (60, 80), seed=11), plan).planes[0])
    for colour in ("red", "blue"):
        efficiency = found.figure(f"quantum_efficiency_{colour}")
        assert abs(efficiency.value) <= Z * efficiency.standard_error
        assert 0 < efficiency.standard_error < 1e-3


def test_an_array_without_two_good_columns_is_refused() -> None:
    bad = np.ones((60, 80), bool)
    bad[:, 7] = False
    sums = StackSums(bad.shape)
    for _ in range(2):
        sums.add(np.zeros(bad.shape, np.uint16))
    for sites in (bad, bad | True):
        with pytest.raises(ValueError, match=r"good photosites = (60|0) of 4800: allowed is some in two rows and two columns"):
            spatial_variance(sums.stack(), sites)


def test_memory_does_not_grow_with_the_number_of_frames() -> None:
    def peak_bytes(frames: int) -> int:
        camera = NumpyCamera(MADE, (60, 80), seed=9)
        plan = replace(PLAN, fine_steps=0, stack_frames=frames, dark_frames=2, longest_dark_s=1.0, warmer_k=())
        tracemalloc.start()
        record(camera, plan)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few, many = peak_bytes(4), peak_bytes(64)
    # Were the 60 more frames of a stack kept, they would be 60 times 2 bytes a photosite; five are left for other things.
    assert many < few + 5 * 2 * 60 * 80


class Dim(NumpyCamera):
    """A source that reaches a tenth of the saturating light."""

    def set_light(self, light: Light) -> None:
        self.light = Light(*(min(rate, 1e5) for rate in light.photons_per_s))


class Blind(NumpyCamera):
    """A camera that sees nothing."""

    def set_light(self, light: Light) -> None:
        pass


def test_a_camera_that_sees_nothing_is_refused() -> None:
    with pytest.raises(BenchError, match="needed is"):
        record(Blind(MADE, (48, 48)), PLAN)


def test_frames_are_counted_and_the_camera_is_left_as_it_was() -> None:
    camera, taken = NumpyCamera(MADE, (48, 48), seed=7), []
    plan = replace(PLAN, stack_frames=4, dark_frames=2)
    record(camera, plan, taken.append)
    assert sum(taken) > plan.lit_frames + 4 * plan.dark_frames_at_each_temperature - 3 * 2
    assert (camera.temperature_k, camera.exposure_s, camera.light) == (300.0, 0.01, Light())


class OneLamp(NumpyCamera):
    """On a bench whose only lamp is a green one."""

    def set_light(self, light: Light) -> None:
        if light.red_per_s or light.blue_per_s:
            raise BenchError("the lamp is green")
        super().set_light(light)


def test_a_mono_camera_under_one_lamp_is_measured_in_its_colour(tmp_path: Path) -> None:
    plan = replace(PLAN, fine_steps=2, stack_frames=4, dark_frames=2, warmer_k=(8.0,))
    found = characterise(OneLamp(MADE, (60, 80), seed=6), plan)
    for colour in ("red", "blue"):
        assert found.planes[0].measured[f"quantum_efficiency_{colour}"] == "the lamp is green"
        assert found.as_json()["measured"][f"quantum_efficiency_{colour}"]["value"] is None
    text = write_sheet(found, "one lamp")
    assert "# The bench has no red and no blue light: the quantum efficiency in green stands there." in text
    (tmp_path / "sheet.toml").write_text(text)
    efficiency = load_profile(tmp_path / "sheet.toml").quantum_efficiency
    assert efficiency == (found.planes[0].figure("quantum_efficiency").value,) * 3
