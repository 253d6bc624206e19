"""Photosites differ in gain by the configured spread, for good, and before their electrons are counted."""

from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, Prnu, Sensor
from sensor_sim.prnu import apply_prnu

SHAPE = (400, 500)


def gain_map(spread_percent: float, die_seed: int = 1) -> np.ndarray:
    return Prnu(spread_percent).gain_map(np.random.default_rng(die_seed), SHAPE)


def test_mean_and_spread_are_the_configured_ones() -> None:
    gain = gain_map(2.0)
    # The relative standard error of a standard deviation over n samples is 1/sqrt(2(n-1)), of the mean 2 %/sqrt(n); z = 4.
    assert gain.std() / gain.mean() == pytest.approx(0.02, rel=4 / np.sqrt(2 * (gain.size - 1)))
    assert gain.mean(dtype=np.float64) == pytest.approx(1, abs=4 * 0.02 / np.sqrt(gain.size))


def test_one_die_keeps_its_pattern_and_another_has_its_own() -> None:
    profile = replace(DEMO_PROFILE, cfa="mono", prnu=Prnu(2.0))
    first, again, other = (Sensor(profile, seed).die.response for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_darkness_stays_dark() -> None:
    assert not apply_prnu(np.zeros(SHAPE, np.float32), gain_map(2.0)).any()


def test_every_photosite_has_the_shot_noise_of_what_it_collects() -> None:
    profile = replace(DEMO_PROFILE, cfa="mono", height=64, width=64, read_noise_e=0.0, prnu=Prnu(20.0))
    sensor, scene = Sensor(profile, 1), np.full((64, 64, 3), 0.2, np.float32)
    frames = np.stack([sensor.expose(scene, profile.default_exposure_s, seed).signal_v[..., 0] for seed in range(100)])
    electrons = frames.astype(float) / profile.conversion_gain_v_per_e
    # Drawn before the gain, the variance would be gain^2 times the mean: over gains of 1 +- 20 % the mean of variance / mean
    # would still be 1, but a bright photosite's ratio 1.2. Ratio against gain: the slope is 0, or 1 for a gain after the draw.
    # A variance from 100 frames is sqrt(2/99) = 14 % uncertain, so the slope by 0.14/(0.2 sqrt(4096)) = 0.011; z = 4.
    ratio = electrons.var(axis=0, ddof=1) / electrons.mean(axis=0)
    slope = np.polyfit(sensor.die.response.ravel(), ratio.ravel(), 1)[0]
    assert slope == pytest.approx(0, abs=4 * 0.011)


@pytest.mark.parametrize("spread_percent", [-1, 31, float("nan")])
def test_impossible_spread_is_refused_by_name(spread_percent: float) -> None:
    with pytest.raises(ValueError, match=r"spread_percent = .*: allowed is 0 to 30"):
        Prnu(spread_percent)
