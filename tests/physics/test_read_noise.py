"""Read noise is Gaussian about the signal, temporal, and gone when it is 0."""

import numpy as np
import pytest

from sensor_sim.read_noise import apply_read_noise
from sensor_sim.streams import FrameStream, TemporalEffect

SHAPE = (400, 500)


def noisy(read_noise_e: float, signal_e: float = 0.0, seed: int = 1) -> np.ndarray:
    stream = FrameStream(seed, TemporalEffect.READ_NOISE)
    return apply_read_noise(np.full(SHAPE, signal_e, np.float32), read_noise_e, stream)


def test_spread_is_the_configured_one() -> None:
    # The relative standard error of a standard deviation over n samples is 1/sqrt(2(n-1)); z = 4 misses once in 16,000 seeds.
    tolerance = 4 / np.sqrt(2 * (np.prod(SHAPE) - 1))
    assert noisy(2.5).std() == pytest.approx(2.5, rel=tolerance)


def test_mean_signal_is_kept_and_the_dark_signal_goes_below_zero() -> None:
    # Standard error of the mean: 2.5 e- over sqrt(n); z = 4.
    assert noisy(2.5, signal_e=30).mean(dtype=np.float64) == pytest.approx(30, abs=4 * 2.5 / np.sqrt(np.prod(SHAPE)))
    assert noisy(2.5).min() < 0


def test_the_noise_does_not_depend_on_the_signal() -> None:
    # Single precision carries 1000 e- to 6e-5.
    assert np.allclose(noisy(2.5, signal_e=1000) - 1000, noisy(2.5), atol=1e-4)


def test_every_frame_has_its_own_noise() -> None:
    assert np.array_equal(noisy(2.5, seed=1), noisy(2.5, seed=1))
    # The correlation of two unrelated frames has the standard error 1/sqrt(n); z = 4.
    assert abs(np.corrcoef(noisy(2.5, seed=1).ravel(), noisy(2.5, seed=2).ravel())[0, 1]) < 4 / np.sqrt(np.prod(SHAPE))


def test_no_read_noise_changes_nothing() -> None:
    assert np.array_equal(noisy(0.0, signal_e=7), np.full(SHAPE, 7, np.float32))
