"""Shot noise has the mean and variance of Poisson, and is Poisson: exactly at low counts, within a computed bound above."""

import math

import numpy as np
import pytest

from sensor_sim.shot_noise import EXACT_BELOW_E, apply_shot_noise
from sensor_sim.streams import FrameStream, TemporalEffect

SHAPE = (400, 500)
BOUND = 1.4e-4


def counted(expected_e: np.ndarray, seed: int = 1) -> np.ndarray:
    streams = (FrameStream(seed, at) for at in (TemporalEffect.SHOT_NOISE, TemporalEffect.SHOT_NOISE_REMAINDER))
    return apply_shot_noise(expected_e, *streams)


def counts(expected_e: float, seed: int = 1) -> np.ndarray:
    return counted(np.full(SHAPE, expected_e, np.float32), seed)


@pytest.mark.parametrize("expected_e", [0.5, 20.0, 63.9, 64.0, 300.0, 8000.0])
def test_mean_and_variance_are_both_the_expected_count(expected_e: float) -> None:
    electrons = counts(expected_e).astype(np.float64)
    # Standard error of the mean: sqrt(m/n). Of a Poisson variance: sqrt((m + 2 m^2 n/(n-1))/n), from its fourth central
    # moment m + 3 m^2. z = 4 misses once in 16,000 seeds.
    n = electrons.size
    assert electrons.mean() == pytest.approx(expected_e, abs=4 * np.sqrt(expected_e / n))
    assert electrons.var(ddof=1) == pytest.approx(expected_e, abs=4 * np.sqrt((expected_e + 2 * expected_e**2) / n))


@pytest.mark.parametrize("expected_e", [3.0, 64.0, 500.0])
def test_skewness_is_that_of_counting(expected_e: float) -> None:
    electrons = counts(expected_e).astype(np.float64)
    deviation = (electrons - expected_e) / np.sqrt(expected_e)
    # Poisson's skewness is 1/sqrt(m). The third power of a nearly normal deviation has the variance 15 (plus terms in 1/m:
    # the sixth moment is 15 + 25/m + 1/m^2), so its mean over n has the standard error sqrt(15 + 25/m + 1/m^2) / sqrt(n).
    error = np.sqrt((15 + 25 / expected_e + 1 / expected_e**2) / electrons.size)
    assert (deviation**3).mean() == pytest.approx(1 / np.sqrt(expected_e), abs=4 * error)


def distance_from_poisson(mean: float) -> float:
    """Greatest difference, over all counts, between the expansion's distribution and Poisson's; both computed, none drawn."""
    spread = math.sqrt(mean - 5 / 36)
    poisson = worst = 0.0
    for count in range(int(mean + 12 * math.sqrt(mean))):
        poisson += math.exp(-mean + count * math.log(mean) - math.lgamma(count + 1))
        # Rounded to `count` or less: m + s z + (z^2 - 1)/6 < count + 1/2, a parabola in z between its two roots.
        discriminant = spread**2 - 4 / 6 * (mean - 1 / 6 - count - 0.5)
        below = 0.0
        if discriminant > 0:
            root = math.sqrt(discriminant)
            below = 0.5 * math.erfc(-3 * (root - spread) / math.sqrt(2)) - 0.5 * math.erfc(3 * (root + spread) / math.sqrt(2))
        worst = max(worst, abs(poisson - below))
    return worst


def test_the_expansion_is_within_its_stated_distance_of_poisson_from_the_threshold_on() -> None:
    distances = [distance_from_poisson(mean) for mean in (EXACT_BELOW_E, 100.0, 200.0, 1000.0, 5000.0)]
    assert distances[0] <= BOUND
    assert distances == sorted(distances, reverse=True)


def test_what_is_drawn_above_the_threshold_is_the_stated_expansion() -> None:
    normal = FrameStream(3, TemporalEffect.SHOT_NOISE).normals(SHAPE).astype(np.float64)
    twin = np.floor(100 + np.sqrt(100 - 5 / 36) * normal + (normal**2 - 1) / 6 + 0.5)
    drawn = counts(100.0, seed=3)
    # Single precision carries 100 e- to 4e-6, so a value within that of a half may round the other way: one in 1e5, by one.
    assert np.abs(drawn - twin).max() <= 1
    assert (drawn != twin).mean() < 1e-4


@pytest.mark.parametrize("expected_e", [0.05, 0.9, 1.0, 2.7, 30.0, 63.5])
def test_low_counts_are_poisson_distributed(expected_e: float) -> None:
    electrons = counts(expected_e).ravel()
    ranks = np.arange(int(electrons.max()) + 1)
    probability = np.exp([-expected_e + k * math.log(expected_e) - math.lgamma(k + 1) for k in ranks])
    measured = np.cumsum(np.bincount(electrons.astype(int))) / electrons.size
    # Massart's inequality: the empirical distribution strays by more than d with probability at most 2 exp(-2 n d^2).
    assert np.abs(measured - np.cumsum(probability)).max() < math.sqrt(math.log(2 / 1e-5) / (2 * electrons.size))


def test_electrons_are_whole() -> None:
    for expected_e in (5.0, 500.0):
        electrons = counts(expected_e)
        assert np.array_equal(electrons, np.floor(electrons))
        assert electrons.min() >= 0


def test_one_seed_gives_one_frame_and_another_an_unrelated_one() -> None:
    assert np.array_equal(counts(500.0, seed=1), counts(500.0, seed=1))
    # The correlation of two unrelated frames has the standard error 1/sqrt(n).
    between = np.corrcoef(counts(500.0, seed=1).ravel(), counts(500.0, seed=2).ravel())[0, 1]
    assert abs(between) < 4 / np.sqrt(np.prod(SHAPE))


def test_darkness_stays_dark() -> None:
    assert not counts(0.0).any()


def test_a_frame_of_low_and_high_counts_keeps_each_in_its_place() -> None:
    expected_e = np.zeros(SHAPE, np.float32)
    expected_e[:, 250:] = 1000
    electrons = counted(expected_e)
    assert not electrons[:, :250].any()
    assert electrons[:, 250:].min() > 700  # 9 standard deviations below 1000
