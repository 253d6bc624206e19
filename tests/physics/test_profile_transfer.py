"""Each profile's photon transfer returns the figures that the profile states."""

from dataclasses import replace

import numpy as np
import pytest

from adc import Converter
from calibration import photon_transfer
from sensor_sim import DarkCurrent, Defects, Prnu, Rts, Sensor, SensorProfile, load_profile, profile_names

SHAPE = (240, 320)
N = SHAPE[0] * SHAPE[1]
SHORT_S = 1e-6
FRAMES = 16


def laboratory(name: str) -> SensorProfile:
    """The profile in a small size without colours and lens, and without the few photosites that a measurement masks."""
    profile = load_profile(name)
    return replace(profile, height=SHAPE[0], width=SHAPE[1], cfa="mono", lens=None, rts=Rts(), defects=Defects())


def flat_e(sensor: Sensor, level: float, exposure_s: float, seed: int) -> np.ndarray:
    scene = np.full((*SHAPE, 3), level, np.float32)
    signal_v = sensor.expose(scene, exposure_s, seed).signal_v[..., 0]
    return signal_v.astype(float) / sensor.profile.conversion_gain_v_per_e


@pytest.mark.parametrize("name", profile_names())
def test_gain_read_noise_and_full_well_are_the_stated_ones(name: str) -> None:
    profile = laboratory(name)
    sensor, figures = Sensor(profile, 1), profile.readout
    # Twice the converter's range, so that the well saturates and not the converter.
    converter = Converter(2 * figures.full_scale_v, 2 * figures.analog_gain, figures.black_level_dn, figures.bits)

    def pair(level: float, exposure_s: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        first, second = (
            converter.convert(sensor.expose(np.full((*SHAPE, 3), level, np.float32), exposure_s, seed + i).signal_v)
            for i in (0, 1)
        )
        return first, second

    levels = np.linspace(0.05, 0.85, 9)
    exposure_s = profile.default_exposure_s / 0.8
    result = photon_transfer([pair(level, exposure_s, 10 * i) for i, level in enumerate(levels)], pair(0.0, SHORT_S, 900))
    gain = profile.conversion_gain_v_per_e / figures.lsb_v
    # The slope through nine points, each with the relative standard error sqrt(2/n) of a pair's variance, is better than one
    # of them: 0.51 %; z = 4. The read noise has half of that and its share of the gain.
    assert result.system_gain_dn_per_e == pytest.approx(gain, rel=4 * np.sqrt(2 / N))
    if name == "ideal":
        assert result.read_noise_is_bound
    else:
        assert not result.read_noise_is_bound
        dark_dn2 = (profile.temporal_dark_noise_e * gain) ** 2
        relative = np.sqrt(1 / (2 * N)) * (1 + 1 / 12 / dark_dn2) + np.sqrt(2 / N) / 2
        assert result.read_noise_e == pytest.approx(profile.temporal_dark_noise_e, rel=4 * relative)
    full = flat_e(sensor, 10.0, exposure_s, 1)
    # Nothing is left of the shot noise: the mean has the error of the read noise and the offsets; z = 4.
    assert full.mean() == pytest.approx(
        profile.full_well_e, abs=4 * np.hypot(profile.temporal_dark_noise_e, profile.dsnu_e) / np.sqrt(N) + 1e-3
    )


@pytest.mark.parametrize("name", profile_names())
def test_prnu_and_dsnu_are_the_stated_ones(name: str) -> None:
    profile = laboratory(name)
    sensor, exposure_s = Sensor(profile, 2), profile.default_exposure_s

    def spatial_variance(level: float, time_s: float) -> tuple[float, float, float]:
        frames = np.stack([flat_e(sensor, level, time_s, seed) for seed in range(FRAMES)])
        temporal = frames.var(axis=0, ddof=1).mean()
        mean = frames.mean(axis=0)
        return mean.mean(), mean.var() - temporal / FRAMES, temporal / FRAMES

    dark_mean, dark_variance, dark_left = spatial_variance(0.0, SHORT_S)
    mean, variance, left = spatial_variance(0.6, exposure_s)
    # A spatial variance over n photosites has the standard error sqrt(2/n) of itself and of the temporal part that was taken
    # out; a standard deviation s that of its variance over 2s. z = 4.
    signal = mean - dark_mean
    prnu_error = 4 * np.sqrt(2 / N) * (variance + left + dark_variance + dark_left)
    expected = (profile.prnu.spread_percent / 100 * signal) ** 2
    assert variance - dark_variance == pytest.approx(expected, abs=prnu_error)
    assert dark_variance == pytest.approx(profile.dsnu_e**2, abs=4 * np.sqrt(2 / N) * (dark_variance + dark_left) + 1e-9)


@pytest.mark.parametrize("name", profile_names())
def test_dark_current_and_doubling_temperature_are_the_stated_ones(name: str) -> None:
    profile = replace(laboratory(name), prnu=Prnu())
    dark = profile.dark
    if not dark.mean_e_per_s:
        assert not flat_e(Sensor(profile), 0.0, 10.0, 1).any()
        return
    slopes = []
    for temperature_k in (profile.temperature_k, profile.temperature_k + dark.doubling_k):
        rate = dark.mean_e_per_s_at(temperature_k)
        times_s = np.array([10, 20, 40]) / rate  # 10 to 40 e- in the mean
        sensor = Sensor(replace(profile, temperature_k=temperature_k), 1)
        means = [flat_e(sensor, 0.0, time_s, seed).mean() for seed, time_s in enumerate(times_s)]
        slopes.append(np.polyfit(times_s, means, 1)[0])
        # The mean of 40 e- over n photosites: shot noise sqrt(40/n), and the map's own spread, the bulk's and the tail's, which
        # is fixed. The slope is a little less certain than its last point; z = 5.
        bulk = dark.mean_e_per_s - dark.tail_percent / 100 * dark.tail_e_per_s
        spread = np.sqrt((dark.spread_percent / 100 * bulk) ** 2 + 2 * dark.tail_percent / 100 * dark.tail_e_per_s**2)
        error = np.hypot(np.sqrt(40 / N) / 40, spread / dark.mean_e_per_s / np.sqrt(N))
        assert slopes[-1] == pytest.approx(rate, rel=5 * error)
    # The map cancels in the ratio; twice the shot and read noise is left.
    assert slopes[1] / slopes[0] == pytest.approx(2, rel=5 * np.sqrt(2) * np.sqrt((40 + 10) / N) / 30)


@pytest.mark.parametrize("name", profile_names())
def test_zero_light_stays_at_the_black_level(name: str) -> None:
    profile = replace(laboratory(name), dark=DarkCurrent())
    black = flat_e(Sensor(profile, 1), 0.0, 0.01, 1)
    error = np.hypot(profile.temporal_dark_noise_e, profile.dsnu_e) / np.sqrt(N)
    assert black.mean() == pytest.approx(0, abs=4 * error + 1e-12)
