"""A whole exposure: the signal is the profile's, its variance follows its mean, and each effect is drawn alone."""

from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, Exposure, SceneError, Sensor, SensorProfile

PROFILE = replace(DEMO_PROFILE, height=300, width=400)
SILENT = replace(PROFILE, read_noise_e=0.0, shot_noise=False)
EXPOSURE_S = PROFILE.default_exposure_s


def grey(level: float, profile: SensorProfile = PROFILE) -> np.ndarray:
    return np.full((profile.height, profile.width, 3), level, np.float32)


def electrons(profile: SensorProfile, level: float, seed: int = 1, exposure_s: float = EXPOSURE_S) -> np.ndarray:
    signal_v = Sensor(profile).expose(grey(level, profile), exposure_s, seed).signal_v
    return signal_v.astype(np.float64) / profile.conversion_gain_v_per_e


@pytest.mark.parametrize("cfa", ["mono", "rgb", "rggb", "bggr", "grbg", "gbrg"])
def test_white_makes_the_electrons_that_the_profile_states(cfa: str) -> None:
    profile = replace(SILENT, cfa=cfa, height=6, width=8)
    exposure_s = profile.default_exposure_s
    collected = electrons(profile, 1.0, exposure_s=exposure_s)
    assert collected.shape == profile.shape
    red, green, blue = (profile.peak_photons_per_s * exposure_s * share for share in profile.quantum_efficiency)
    expected = {"mono": [red + green + blue], "rgb": [red, green, blue]}.get(cfa, [red, green, blue])
    # Five products in single precision.
    assert np.unique(collected.round(2)).tolist() == pytest.approx(sorted(set(expected)), rel=1e-5)
    assert collected.max() == pytest.approx(0.8 * profile.full_well_e, rel=1e-5)
    white_v = profile.white_signal_v(exposure_s)
    assert max(white_v) == pytest.approx(collected.max() * profile.conversion_gain_v_per_e, rel=1e-5)


def test_white_balance_makes_a_neutral_scene_equal_in_all_colours() -> None:
    collected = electrons(replace(SILENT, cfa="rgb"), 0.5).mean(axis=(0, 1))
    balanced = collected * PROFILE.white_balance
    assert balanced == pytest.approx(np.full(3, collected.max()), rel=1e-5)  # single precision
    assert min(PROFILE.white_balance) == 1


def test_variance_over_mean_is_the_conversion_gain_and_at_zero_light_the_read_noise() -> None:
    profile = replace(PROFILE, cfa="mono", read_noise_e=3.0)
    levels = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.8])
    exposure_s = profile.default_exposure_s
    mean_v, variance_v2 = [], []
    for number, level in enumerate(levels):
        first, second = (Sensor(profile).expose(grey(level), exposure_s, 10 * number + i).signal_v.astype(float) for i in (0, 1))
        mean_v.append((first.mean() + second.mean()) / 2)
        variance_v2.append(((first - second) ** 2).mean() / 2)
    x, v = np.array(mean_v[1:]) - mean_v[0], np.array(variance_v2)
    slope = x @ (v[1:] - v[0]) / (x @ x)
    # A variance from a pair of n photosites has the relative standard error sqrt(2/n) (EMVA 1288); the slope
    # sum(x v) / sum(x^2) carries those of its points, and the dark one in every point. z = 4 misses once in 16,000 seeds.
    relative = np.sqrt(2 / (profile.height * profile.width))
    error = relative * np.hypot(np.linalg.norm(x * v[1:]), x.sum() * v[0]) / (x @ x)
    assert slope == pytest.approx(profile.conversion_gain_v_per_e, abs=4 * error)
    read_noise_e = np.sqrt(v[0]) / profile.conversion_gain_v_per_e
    assert read_noise_e == pytest.approx(3.0, rel=4 * relative / 2)


def test_signal_doubles_with_the_light_and_with_the_time() -> None:
    base = electrons(SILENT, 0.2)
    assert np.allclose(electrons(SILENT, 0.4), 2 * base, rtol=1e-5)  # single precision
    assert np.allclose(electrons(SILENT, 0.2, exposure_s=2 * EXPOSURE_S), 2 * base, rtol=1e-5)


def test_overexposure_stops_at_the_full_well() -> None:
    collected = electrons(replace(PROFILE, read_noise_e=0.0), 3.0)
    assert collected == pytest.approx(np.full(PROFILE.shape, PROFILE.full_well_e), rel=1e-6)  # single precision


def test_a_dark_scene_leaves_read_noise_alone() -> None:
    assert not electrons(replace(PROFILE, read_noise_e=0.0), 0.0).any()
    dark = electrons(PROFILE, 0.0)
    # Standard errors of a mean and a standard deviation over n photosites; z = 4.
    n = dark.size
    assert dark.mean() == pytest.approx(0, abs=4 * PROFILE.read_noise_e / np.sqrt(n))
    assert dark.std() == pytest.approx(PROFILE.read_noise_e, rel=4 / np.sqrt(2 * n))


def test_switching_one_effect_off_leaves_the_draws_of_the_other() -> None:
    both = electrons(PROFILE, 0.5)
    shot = electrons(replace(PROFILE, read_noise_e=0.0), 0.5)
    read = electrons(replace(PROFILE, shot_noise=False), 0.5)
    neither = electrons(SILENT, 0.5)
    # Signals below 1e4 e- in single precision: four steps of 1e4 * 2**-24 each.
    assert np.allclose(both - shot, read - neither, atol=0.01)


def test_one_frame_seed_gives_one_frame_and_another_an_unrelated_one() -> None:
    assert np.array_equal(electrons(PROFILE, 0.5, seed=1), electrons(PROFILE, 0.5, seed=1))
    mono = replace(PROFILE, cfa="mono")
    first, second = (electrons(mono, 0.2, seed).ravel() for seed in (1, 2))
    # The correlation of two unrelated frames has the standard error 1/sqrt(n); z = 4.
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(first.size)


def test_shot_and_read_noise_of_a_frame_are_unrelated() -> None:
    mono = replace(PROFILE, cfa="mono")
    shot = electrons(replace(mono, read_noise_e=0.0), 0.2).ravel()
    read = electrons(replace(mono, shot_noise=False), 0.2).ravel()
    assert abs(np.corrcoef(shot, read)[0, 1]) < 4 / np.sqrt(shot.size)  # as above


def test_a_scene_of_another_size_is_brought_to_the_array() -> None:
    exposure = Sensor(SILENT).expose(np.full((90, 50, 3), 0.5, np.float32), EXPOSURE_S, 1)
    assert exposure.signal_v.shape == SILENT.shape
    assert np.allclose(exposure.signal_v, electrons(SILENT, 0.5) * SILENT.conversion_gain_v_per_e, rtol=1e-5)


def test_the_exposure_says_how_long_and_how_warm() -> None:
    exposure = Sensor(PROFILE).expose(grey(0.5), 0.004, 1)
    assert (exposure.exposure_s, exposure.temperature_k) == (0.004, PROFILE.temperature_k)
    assert exposure.signal_v.dtype == np.float32


@pytest.mark.parametrize("exposure_s", [0.0, -0.01, float("nan"), float("inf")])
def test_an_impossible_exposure_is_refused_by_name(exposure_s: float) -> None:
    with pytest.raises(ValueError, match=r"exposure_s = .*: allowed is above 0 and finite"):
        Sensor(PROFILE).expose(grey(0.5), exposure_s, 1)
    with pytest.raises(ValueError, match="exposure_s"):
        Exposure(np.zeros((2, 2, 1), np.float32), exposure_s, 300.0)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_an_impossible_frame_seed_is_refused_by_name(seed: int) -> None:
    with pytest.raises(ValueError, match=r"frame_seed = .*: allowed is 0 to"):
        Sensor(PROFILE).expose(grey(0.5), EXPOSURE_S, seed)


@pytest.mark.parametrize("light", [-0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("shape", [(300, 400, 3), (90, 50, 3)])
def test_light_that_cannot_be_is_refused(light: float, shape: tuple[int, int, int]) -> None:
    scene = np.full(shape, 0.5, np.float32)
    scene[30, 20, 1] = light if not light < 0 else -100  # stays below 0 in the mean of a larger pixel
    with pytest.raises(SceneError, match=r"scene = .*: allowed is 0 or more and finite"):
        Sensor(PROFILE).expose(scene, EXPOSURE_S, 1)


@pytest.mark.parametrize(
    "scene", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.float32), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.float32)]
)
def test_an_array_that_is_no_scene_is_refused(scene: np.ndarray) -> None:
    with pytest.raises(SceneError, match=r"scene = .*: allowed is float32 \(H, W, 3\)"):
        Sensor(PROFILE).expose(scene, EXPOSURE_S, 1)


def test_a_signal_that_is_no_array_of_volts_is_refused() -> None:
    with pytest.raises(ValueError, match="signal_v"):
        Exposure(np.zeros((2, 2), np.float32), 0.01, 300.0)


def test_a_negative_device_seed_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="device_seed = -1: allowed is 0 or more"):
        Sensor(PROFILE, device_seed=-1)


@pytest.mark.parametrize("shape", [(2, 2, 2), (0, 2, 1)])
def test_a_signal_without_photosites_or_of_two_colours_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="signal_v"):
        Exposure(np.zeros(shape, np.float32), 0.01, 300.0)


@pytest.mark.parametrize("temperature_k", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_temperature_is_refused_by_name(temperature_k: float) -> None:
    with pytest.raises(ValueError, match=r"temperature_k = .*: allowed is above 0 and finite"):
        Exposure(np.zeros((2, 2, 1), np.float32), 0.01, temperature_k)


@pytest.mark.parametrize(("light", "exposure_s"), [(0.5, 1e35), (0.0, 1e300), (1e36, EXPOSURE_S)])
def test_light_beyond_single_precision_is_refused_and_never_becomes_nan(light: float, exposure_s: float) -> None:
    with pytest.raises(ValueError, match=r"exposure_s = .*: allowed is up to 1e\+30 photons"):
        Sensor(PROFILE).expose(grey(light), exposure_s, 1)


def test_the_brightest_light_that_is_taken_fills_the_well() -> None:
    collected = electrons(replace(PROFILE, read_noise_e=0.0), 1e25)
    assert collected == pytest.approx(np.full(PROFILE.shape, PROFILE.full_well_e), rel=1e-6)  # single precision
