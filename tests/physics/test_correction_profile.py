"""What was measured of a camera corrects its keyed frames: the pattern goes, the raster result is the same to the bit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import Geometry, KeySchedule, RawFrame
from calibration.bench import CameraIdentity, Light
from calibration.capture_plan import CapturePlan
from calibration.characterisation import Characterisation, characterise
from calibration.correction_file import CorrectionsError, correction_files, load_corrections
from calibration.correction_profile import CorrectionProfile, correction_profile
from firmware_model import Camera, converter_of
from inference.isp import IspSettings, isp
from inference.receiver import Receiver
from keycam.simulated_bench import SimulatedBench
from sensor_sim import DarkCurrent, Defects, PixelOffset, Prnu, Sensor, SensorProfile, load_profile
from tests.oracle.raster_isp import raster_isp

LINEAR = IspSettings(gamma="linear")


def noisy(cfa: str) -> SensorProfile:
    """A machine-vision sensor with patterns that no maker would ship."""
    base = load_profile("machine-vision")
    return replace(
        base, height=240, width=160, cfa=cfa, lens=None, prnu=Prnu(4.0), offset=PixelOffset(residue_v=2e-3),
        dark=DarkCurrent(400.0, 333.15, 8.0, 60.0, 1.0, 3000.0), defects=Defects(0.05, 5000.0, 0.05, 50.0, 0.05),
        readout=replace(base.readout, column_offset_v=1e-3, column_gain_percent=1.0, inl_lsb=20.0),
    )  # fmt: skip


def frame_at(profile: SensorProfile, share: float, temperature_k: float, exposure_s: float) -> tuple[RawFrame, object]:
    """A keyed frame of a uniform field that fills so much of the well of each colour, and its key."""
    warm = replace(profile, temperature_k=temperature_k)
    schedule = KeySchedule(bytes(range(32)), device="cam0")
    rates = profile.white_e_per_s
    white = max(rates) / np.array(rates) if profile.cfa != "mono" else np.ones(3)
    scene = np.full((profile.height, profile.width, 3), share * profile.full_well_e / exposure_s / max(rates), np.float32) * white
    with Camera(Sensor(warm, 4), converter_of(profile, 4), schedule, iter(range(1000, 1003)), exposure_s=exposure_s) as camera:
        raw = camera.capture(scene.astype(np.float32))
    return raw, Receiver(schedule).accept(raw)


@pytest.fixture(scope="module", params=["mono", "grbg"])
def calibrated(request: pytest.FixtureRequest) -> tuple[SensorProfile, Characterisation, CorrectionProfile]:
    profile = noisy(request.param)
    with SimulatedBench(profile, 4) as bench:
        plan = CapturePlan(0.01, fine_steps=4, stack_frames=40, dark_frames=4, warmer_k=(8.0,), hits_per_code=4)
        found = characterise(bench, plan)
    return profile, found, correction_profile(found)


def spread(picture: np.ndarray, cfa: str) -> float:
    """Spatial standard deviation of a picture (1 or 3, H, W), relative; the mean over its colours."""
    return float(np.mean([plane.std() / plane.mean() for plane in picture]))


@pytest.mark.parametrize(("temperature_k", "exposure_s"), [(313.15, 0.01), (321.15, 0.2)])
def test_a_uniform_field_is_left_with_little_more_than_its_shot_noise(
    calibrated, temperature_k: float, exposure_s: float
) -> None:
    profile, _, corrections = calibrated
    raw, key = frame_at(profile, 0.5, temperature_k, exposure_s)
    settings = replace(LINEAR, output=(profile.height // 2, profile.width // 2)) if profile.cfa != "mono" else LINEAR
    before = spread(isp(raw, key, settings).restore(), profile.cfa)
    after = spread(isp(raw, key, settings, corrections.for_frame(raw.header)).restore(), profile.cfa)
    well, well_dark = 0.5 * profile.full_well_e, profile.dark.mean_e_per_s_at(temperature_k) * exposure_s
    noise_e = profile.temporal_dark_noise_e
    shot = np.sqrt(well + well_dark + noise_e**2) / well
    if profile.cfa != "mono":  # a picture of half the size has one red, two green and one blue photosite to a pixel
        shot *= (1 + 1 + 1 / np.sqrt(2)) / 3
    # 40 frames of either stack leave sqrt(1 + 1/40 + ...) = 1.4 %; a field of n samples says its deviation to 1/sqrt(2n) = 0.4 %.
    assert after < 1.05 * shot
    assert before > 2 * shot


def test_the_corrected_keyed_frame_is_the_corrected_raster_to_the_bit(calibrated) -> None:
    profile, _, corrections = calibrated
    raw, key = frame_at(profile, 0.4, 315.0, 0.02)
    maps = corrections.for_frame(raw.header)
    for settings in (LINEAR, IspSettings(output=(profile.height // 4, profile.width // 4))):
        assert np.array_equal(isp(raw, key, settings, maps).restore(), raster_isp(raw.restore(key), raw.header, settings, maps))


def test_a_bow_of_the_converters_is_straightened(calibrated) -> None:
    profile, _, corrections = calibrated
    # The mean bow of columns with 50 to 100 % of 20 LSB is 15; the level of the middle code is that far above the code.
    middle = 2**11
    assert corrections.linearity[middle] / 16 - middle == pytest.approx(15, abs=1.5)
    levels = []
    for share in (0.2, 0.4, 0.8):
        raw, key = frame_at(profile, share, 313.15, 0.01)
        levels.append(float(isp(raw, key, LINEAR, corrections.for_frame(raw.header)).restore().mean()) / share)
    # Straight within what the mean of 38400 photosites says and the black level's fraction of a DN; uncorrected it is 1.5 %.
    assert levels == pytest.approx([levels[-1]] * 3, rel=0.003)


def test_a_profile_in_files_is_the_same_profile(calibrated, tmp_path: Path) -> None:
    _, _, corrections = calibrated
    for name, written in correction_files(corrections, "corrections").items():
        (tmp_path / name).write_bytes(written)
    loaded = load_corrections(tmp_path / "corrections.toml")
    assert (loaded.camera, loaded.temperature_k, loaded.doubling_k) == (
        corrections.camera, corrections.temperature_k, corrections.doubling_k,
    )  # fmt: skip
    one, other = (each.at(0.02, 320.0) for each in (corrections, loaded))
    for name in ("linearity", "offset_dn", "column_offset_dn", "gain", "column_gain", "defects"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_a_frame_of_another_camera_is_refused_by_what_is_different(calibrated) -> None:
    profile, _, corrections = calibrated
    header = frame_at(profile, 0.1, 313.15, 0.01)[0].header
    assert corrections.for_frame(header) is corrections.for_frame(header)
    others = {"device": "cam1", "geometry": replace(header.geometry, height=120), "analog_gain": 2.0, "black_level_dn": 61.0}
    for name, value in others.items():
        with pytest.raises(ValueError, match=rf"{name} = .*: allowed is the calibrated one"):
            corrections.for_frame(replace(header, **{name: value}))


def test_damaged_and_foreign_files_are_refused(calibrated, tmp_path: Path) -> None:
    _, _, corrections = calibrated
    files = correction_files(corrections, "c")
    file = tmp_path / "c.toml"
    with pytest.raises(CorrectionsError, match=r"c\.toml: it cannot be opened"):
        load_corrections(file)
    file.write_bytes(files["c.toml"])
    with pytest.raises(CorrectionsError, match=r"c\.safetensors: it cannot be opened"):
        load_corrections(file)
    (tmp_path / "c.safetensors").write_bytes(files["c.safetensors"][:-1] + b"\1")
    with pytest.raises(CorrectionsError, match=r"c\.toml: sha256 = .* is not that of these figures and maps; allowed are both"):
        load_corrections(file)
    (tmp_path / "c.safetensors").write_bytes(b"no maps")
    with pytest.raises(CorrectionsError, match=r"c\.safetensors: this is no safetensors file .*; allowed is one"):
        load_corrections(file)
    (tmp_path / "c.safetensors").write_bytes(files["c.safetensors"])
    for wrong in ("version = 2", "height = 240", 'device = "cam0"'):
        file.write_bytes(files["c.toml"].replace(wrong.encode(), b""))
        with pytest.raises(CorrectionsError, match="allowed is"):
            load_corrections(file)
    for wrong in (b"height = x", b"\xff\xfe"):
        file.write_bytes(files["c.toml"].replace(b"height = 240", wrong))
        with pytest.raises(CorrectionsError, match="not TOML"):
            load_corrections(file)
    file.write_bytes(files["c.toml"].replace(b"height = 240", b"height = 120"))
    with pytest.raises(CorrectionsError, match=r"offset_dn = .*allowed is"):
        load_corrections(file)


EDITED = {
    "version": ("true", "1.0", "1", "3"),
    "analog_gain": ('"one"', "-1", "nan", "inf", "true", "0"),
    "black_level_dn": ('"x"', "-1", "4096", "nan"),
    "device": ("7", '""'),
    "height": ("0", "true", "240.0"),
    "cfa": ('"rgbg"', "[]"),
    "temperature_k": ("true", "0", "nan", "1e6", '"warm"'),
    "doubling_k": ("1e-3", "true", "1000", '"x"'),
    "maps": ("7", '"\\u0000"', '""'),
    "sha256": ("7", '"0"'),
    "other": ("1",),
}


@pytest.fixture(scope="module")
def small() -> CorrectionProfile:
    even, columns = np.zeros((20, 24, 1), np.float32), np.zeros(24, np.float32)
    return CorrectionProfile(
        CameraIdentity("cam0", Geometry(20, 24, 12, "mono"), 1.0, 60.0), 300.0, 7.0,
        offset_dn=even, rate_dn_per_s=even + 3, column_offset_dn=columns, column_gain=columns + 1, gain=even + 1,
        linearity=(16 * np.arange(4096)).astype(np.uint16), defects=np.zeros((20, 24), bool),
    )  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in EDITED.items() for value in values])
def test_an_edited_field_is_refused_by_its_name(small: CorrectionProfile, tmp_path: Path, name: str, value: str) -> None:
    written = correction_files(small, "c")
    (tmp_path / "c.safetensors").write_bytes(written["c.safetensors"])
    lines = [line for line in written["c.toml"].decode().splitlines() if not line.startswith(f"{name} = ")]
    file = tmp_path / "c.toml"
    file.write_text("\n".join([*lines, f"{name} = {value}"]))
    with pytest.raises(CorrectionsError, match=rf"corrections = .*c\.toml: .*{name}.* allowed (is|are) ") as refused:
        load_corrections(file)
    assert str(refused.value).count("allowed") == 1


@pytest.mark.parametrize(("one", "other"), [('"mono"', '"rggb"'), ("temperature_k = 300.0", "temperature_k = 301.0")])
def test_figures_that_are_possible_and_not_those_that_were_written_are_refused(
    small: CorrectionProfile, tmp_path: Path, one: str, other: str
) -> None:
    for name, written in correction_files(small, "c").items():
        (tmp_path / name).write_bytes(written.replace(one.encode(), other.encode()) if name == "c.toml" else written)
    with pytest.raises(CorrectionsError, match=r"c\.toml: sha256 = .* is not that of these figures and maps"):
        load_corrections(tmp_path / "c.toml")


def test_both_files_may_be_renamed(small: CorrectionProfile, tmp_path: Path) -> None:
    files = correction_files(small, "c")
    (tmp_path / "d.safetensors").write_bytes(files["c.safetensors"])
    (tmp_path / "d.toml").write_bytes(files["c.toml"].replace(b"c.safetensors", b"d.safetensors"))
    assert load_corrections(tmp_path / "d.toml").camera == small.camera


@pytest.mark.parametrize(
    ("exposure_s", "temperature_k", "trouble"),
    [
        (0.01, 1e6, "temperature_k = 1000000.0"), (0.01, float("nan"), "temperature_k = nan"), (0.01, -1, "temperature_k = -1"),
        (0.0, 300, "exposure_s = 0.0"), (float("inf"), 300, "exposure_s = inf"), ("x", 300, "exposure_s = 'x'"),
    ],
)  # fmt: skip
def test_an_impossible_exposure_or_temperature_is_refused(
    small: CorrectionProfile, exposure_s: float, temperature_k: float, trouble: str
) -> None:
    with pytest.raises(ValueError, match=f"{trouble}: allowed is a number above 0"):
        small.at(exposure_s, temperature_k)


def test_a_photosite_that_is_full_of_dark_electrons_is_a_defect_at_any_temperature(small: CorrectionProfile) -> None:
    hot = replace(small, rate_dn_per_s=np.where(np.arange(24) == 3, np.float32(9), np.float32(0))[None, :, None].repeat(20, 0))
    found = hot.at(0.01, 1000.0).defects
    assert found is not None
    assert found[:, 3].all()
    assert found.sum() == 20


def test_the_light_of_a_bench_without_a_limit_is_what_it_was_told() -> None:
    profile = replace(noisy("mono"), height=16, width=16)
    with SimulatedBench(profile, 1) as bench:
        bench.set_exposure_s(0.01)
        bench.set_light(Light(green_per_s=2e5))
        (frame,) = bench.capture(1)
    expected_dn = 2e3 * profile.quantum_efficiency[1] * profile.conversion_gain_v_per_e / profile.readout.lsb_v + 60
    assert frame.codes.mean() == pytest.approx(expected_dn, rel=0.05)
