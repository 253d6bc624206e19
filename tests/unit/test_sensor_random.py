"""Random words and normals of a photosite follow from its place, are what their sources define, and are normal."""

from statistics import NormalDist

import numpy as np
import pytest

from sensor_sim.philox import _philox, fill_words, random_words, random_words_at, row_key
from sensor_sim.standard_normal import fill_normals, normals_of, quantile
from sensor_sim.streams import FrameStream, TemporalEffect

SEEDS = [0, 1, 2**63, 2**64 - 1]


@pytest.mark.parametrize("samples", [1, 2, 7, 64, 1001])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_kernel_s_words_and_normals_equal_their_twins_bit_for_bit(samples: int, seed: int) -> None:
    words = random_words(seed, 3, 4, samples)
    for row in range(4):
        filled, normals = np.empty(samples, np.uint32), np.empty(samples, np.float32)
        fill_words(np.uint64(row_key(np.uint64(seed), np.uint64(3), row)), filled)
        fill_normals(filled, normals)
        assert np.array_equal(filled, words[row])
        assert np.array_equal(normals, normals_of(words[row]))


def test_philox_is_that_of_its_authors() -> None:
    # Known answers of Random123 (kat_vectors, philox2x32 10): counters, key, words.
    for counter, upper, key, expected in (
        (0x00000000, 0x00000000, 0x00000000, (0xFF1DAE59, 0x6CD10DF2)),
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, (0x2C3F628B, 0xAB4FD7AD)),
        (0x243F6A88, 0x85A308D3, 0x13198A2E, (0xDD7CE038, 0xF62A4C12)),
    ):
        words = _philox(np.array([upper << 32 | key], np.uint64), np.array([counter], np.uint32))
        assert tuple(int(word[0]) for word in words) == expected


def test_a_word_can_be_had_at_its_place_alone() -> None:
    words = random_words(5, 2, 30, 41)
    row, sample = np.random.default_rng(1).integers(0, (30, 41), (500, 2)).T
    assert np.array_equal(random_words_at(5, 2, row, sample, 41), words[row, sample])


def test_seeds_streams_and_rows_are_unrelated() -> None:
    words = [random_words(seed, stream, 2, 50_000) for seed, stream in ((1, 1), (2, 1), (1, 2))]
    series = np.concatenate([half for word in words for half in word]).reshape(6, -1).astype(float)
    between = np.corrcoef(series)[np.triu_indices(6, 1)]
    # 15 correlations of unrelated series have the standard error 1/sqrt(n) each; z = 4.5 misses once in 10,000 seeds.
    assert np.abs(between).max() < 4.5 / np.sqrt(50_000)


def test_quantiles_are_those_of_the_normal_distribution() -> None:
    for probability in (2.0**-33, 1e-6, 0.001, 0.02, 0.075, 0.3, 0.5, 0.9, 0.999, 1 - 1e-9):
        # AS 241 states about 1 part in 10^7 for PPND7.
        assert quantile(probability) == pytest.approx(NormalDist().inv_cdf(probability), rel=3e-7, abs=1e-12)


def test_normals_of_all_words_are_the_quantiles_within_the_stated_distance() -> None:
    words = (np.arange(200_003, dtype=np.uint64) * (2**32 // 200_003)).astype(np.uint32)
    normals = normals_of(words)
    exact = np.array([NormalDist().inv_cdf((int(word) + 0.5) / 2**32) for word in words])
    assert np.abs(normals - exact).max() < 2e-4
    # The mean square of evenly spread words is the variance, up to their own spacing, which both have.
    assert (normals.astype(float) ** 2).mean() == pytest.approx((exact**2).mean(), abs=2e-5)


def test_normals_have_the_distribution_that_their_name_says() -> None:
    normals = np.sort(FrameStream(1, TemporalEffect.READ_NOISE).normals((400, 500)).ravel()).astype(float)
    below = np.array([NormalDist().cdf(value) for value in normals[::50]])
    reached = (np.arange(normals.size)[::50] + 0.5) / normals.size
    # Massart's inequality: the empirical distribution strays by more than d with probability at most 2 exp(-2 n d^2).
    assert np.abs(below - reached).max() < np.sqrt(np.log(2 / 1e-5) / (2 * normals.size)) + 1 / normals.size
    # Neighbours in a row, in a column and across the two words of a block are unrelated; z = 4 of 1/sqrt(n).
    square = FrameStream(1, TemporalEffect.READ_NOISE).normals((400, 500)).astype(float)
    for first, second in ((square[:, 1:], square[:, :-1]), (square[1:], square[:-1]), (square[:, :250], square[:, 250:])):
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4 / np.sqrt(first.size)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_an_impossible_seed_is_refused_by_name(seed: int) -> None:
    with pytest.raises(ValueError, match=r"frame_seed = .*: allowed is 0 to"):
        FrameStream(seed, TemporalEffect.RESET_NOISE)
