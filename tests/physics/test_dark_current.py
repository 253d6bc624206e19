"""Dark current has its mean, spread and hot tail, doubles with the temperature, and its map is fixed with the die."""

from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, DarkCurrent, Sensor
from sensor_sim.dark_current import apply_dark_current

SHAPE = (400, 500)
DARK = DarkCurrent(20.0, reference_k=333.0, doubling_k=8.0, spread_percent=40.0, tail_percent=2.0, tail_e_per_s=100.0)


def rates(dark: DarkCurrent, seed: int = 1) -> np.ndarray:
    return dark.rate_map(np.random.default_rng(seed), np.random.default_rng(seed + 1), SHAPE).astype(float)


def test_the_mean_over_the_array_is_the_configured_one_tail_included() -> None:
    # Variance: the bulk's (0.4 x 18)^2 and the tail's share (2 a^2) - (share a)^2 with a = 100; standard error / sqrt(n); z = 4.
    variance = (0.4 * 18) ** 2 + 0.02 * 2 * 100**2 - (0.02 * 100) ** 2
    assert rates(DARK).mean() == pytest.approx(20, abs=4 * np.sqrt(variance / np.prod(SHAPE)))


def test_the_bulk_is_log_normal_with_the_configured_spread() -> None:
    rate = rates(replace(DARK, tail_percent=0.0, tail_e_per_s=0.0))
    sigma = np.sqrt(np.log1p(0.4**2))
    logarithm = np.log(rate)
    # Standard errors of mean and standard deviation over n samples, sigma/sqrt(n) and sigma/sqrt(2n); z = 4.
    assert logarithm.mean() == pytest.approx(np.log(20) - sigma**2 / 2, abs=4 * sigma / np.sqrt(rate.size))
    assert logarithm.std() == pytest.approx(sigma, rel=4 / np.sqrt(2 * rate.size))


def test_the_tail_holds_its_share_of_the_photosites_and_falls_off_exponentially() -> None:
    rate = rates(replace(DARK, spread_percent=0.0)) - 18
    hot = rate[rate > 1e-3]
    # A share of 2 % of n is binomial; all but 1 - exp(-1e-5) of the exponential lies above the border. An exponential's
    # standard deviation is its mean. z = 4.
    assert hot.size == pytest.approx(0.02 * rate.size, abs=4 * np.sqrt(0.02 * 0.98 * rate.size))
    assert hot.mean() == pytest.approx(100, abs=4 * 100 / np.sqrt(hot.size))
    assert (hot > 200).mean() == pytest.approx(np.exp(-2), abs=4 * np.sqrt(np.exp(-2) * (1 - np.exp(-2)) / hot.size))


@pytest.mark.parametrize(("temperature_k", "factor"), [(333.0, 1.0), (341.0, 2.0), (325.0, 0.5), (293.0, 2**-5)])
def test_it_doubles_every_doubling_temperature(temperature_k: float, factor: float) -> None:
    assert DARK.mean_e_per_s_at(temperature_k) == pytest.approx(20 * factor)


def test_the_map_is_fixed_with_the_die_and_scales_with_time_and_warmth() -> None:
    profile = replace(DEMO_PROFILE, dark=DARK, shot_noise=False, read_noise_e=0.0, temperature_k=333.0)
    dark = np.zeros((256, 256, 3), np.float32)

    def signal(seed: int, exposure_s: float, temperature_k: float, device: int = 1) -> np.ndarray:
        return Sensor(replace(profile, temperature_k=temperature_k), device).expose(dark, exposure_s, seed).signal_v

    once = signal(1, 0.5, 333.0)
    assert np.array_equal(once, signal(2, 0.5, 333.0))
    assert not np.array_equal(once, signal(1, 0.5, 333.0, device=2))
    # Products in single precision.
    assert np.allclose(signal(1, 1.0, 333.0), 2 * once, rtol=1e-6)
    assert np.allclose(signal(1, 0.5, 341.0), 2 * once, rtol=1e-6)


def test_no_time_adds_nothing() -> None:
    assert not apply_dark_current(np.zeros(SHAPE, np.float32), rates(DARK).astype(np.float32), 0.0).any()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mean_e_per_s", -1.0), ("mean_e_per_s", float("inf")), ("reference_k", 99.0), ("doubling_k", 0.0),
        ("spread_percent", -1.0), ("tail_percent", 51.0), ("tail_e_per_s", -1.0), ("tail_e_per_s", 1001.0),
        ("doubling_k", float("nan")),
    ],
)  # fmt: skip
def test_an_impossible_figure_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{field} = .*: allowed is"):
        replace(DARK, **{field: value})
