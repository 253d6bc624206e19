"""Shot noise: electrons are counted one by one, so their number is Poisson-distributed about its expectation."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sensor_sim.standard_normal import normals_of
from sensor_sim.streams import FrameStream

EXACT_BELOW_E = 64.0
"""Expectations below this are drawn from the Poisson distribution itself, in e-."""

_MOST_COUNTS = 160
_F = np.float32
_NONE, _EXACT, _SKEW, _SIX, _MIDDLE = _F(0), _F(EXACT_BELOW_E), _F(5 / 36), _F(6), _F(0.5 - 1 / 6)


class PoissonTable(NamedTuple):
    """Poisson distributions of the whole expectations 0 to 63, for words of 32 bits.

    `edges` uint64 (64, counts), the last one 2**32: word w counts as many electrons as there are edges at or below it.
    `start` uint8 (64, 256): how many there are for certain, given the word's upper 8 bits.
    """

    edges: NDArray[np.uint64]
    start: NDArray[np.uint8]


def apply_shot_noise(expected_e: NDArray[np.float32], random: FrameStream, remainder: FrameStream) -> NDArray[np.float32]:
    """Whole electrons collected, float32 in e-, where `expected_e` (rows, samples), 0 or more, are expected.

    Below `EXACT_BELOW_E` the draw is exactly Poisson, up to the 2**-32 of a word: the sum of a draw for the whole part of the
    expectation and one, from `remainder`, for what is left. From there on it is the rounded second-order Cornish-Fisher
    expansion m + sqrt(m - 5/36) z + (z^2 - 1)/6 of a standard normal z, which keeps the mean m, and the variance m together
    with the 1/12 of rounding; its distribution is within 1.4e-4 of Poisson's at every count, and closer the more electrons
    there are.

    Source: M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.2.49, with a skewness of 1/sqrt(m).
    """
    words = random.words(expected_e.shape)
    electrons = rounded_expansion(np.maximum(expected_e, _EXACT), normals_of(words))
    low = expected_e < EXACT_BELOW_E
    if low.any():
        electrons[low] = exact_counts(expected_e[low], words[low], remainder.words(expected_e.shape)[low])
    return electrons


def rounded_expansion(expected_e: NDArray[np.float32], normal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Whole electrons, float32 in e-, by the expansion that `apply_shot_noise` states; `expected_e` at least 1 e-."""
    spread = np.sqrt(expected_e - _SKEW)
    return np.floor(expected_e + normal * (spread + normal / _SIX) + _MIDDLE)


def exact_counts(expected_e: NDArray[np.float32], word: NDArray[np.uint32], remainder: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Poisson counts, float32 (n,), of expectations below 64, float32 (n,), by inversion of two words each, uint32 (n,)."""
    whole = expected_e.astype(np.int64)
    counts = np.zeros(expected_e.size)
    for expectation in np.unique(whole):
        at = whole == expectation
        counts[at] = np.searchsorted(POISSON.edges[expectation], word[at], side="right")
    left = expected_e.astype(np.float64) - whole
    chance, reached = np.exp(-left), np.exp(-left)
    probability = (remainder.astype(np.float64) + 0.5) / 2**32
    for extra in range(1, 20):
        counts += probability >= reached
        chance = chance * left / extra
        reached = reached + chance
    return counts.astype(np.float32)


@njit(cache=True, nogil=True)
def fill_expansion(expected_e, normals, electrons):  # type: ignore[no-untyped-def]
    """`rounded_expansion` of a row, float32 (n,) each, and how many of its expectations are too low for it."""
    low = 0
    for i in range(expected_e.size):
        expected = max(expected_e[i], _EXACT)
        spread = _F(math.sqrt(expected - _SKEW))
        electrons[i] = np.floor(expected + normals[i] * (spread + normals[i] / _SIX) + _MIDDLE)
        low += expected_e[i] < _EXACT
    return low


@njit(cache=True, nogil=True)
def fill_exact_counts(expected_e, word, remainder, table, electrons):  # type: ignore[no-untyped-def]
    """`exact_counts` at the places of a row whose expectation is 0 to 64; the others are left as they are."""
    for i in range(expected_e.size):
        if _NONE <= expected_e[i] < _EXACT:
            whole = np.uint64(expected_e[i])
            edges = table.edges[whole]
            count = np.uint64(table.start[whole, word[i] >> np.uint32(24)])
            while word[i] >= edges[count]:
                count += np.uint64(1)
            left = np.float64(expected_e[i]) - np.float64(whole)
            probability = (np.float64(remainder[i]) + 0.5) / 2.0**32
            # 1 - x <= exp(-x): where the dark current is all there is, this spares nearly every exponential.
            if probability >= 1.0 - left:
                extra, chance = 1, math.exp(-left)
                reached = chance
                while probability >= reached and extra < 20:
                    count += np.uint64(1)
                    chance = chance * left / extra
                    reached = reached + chance
                    extra += 1
            electrons[i] = _F(count)


def _tabulated() -> PoissonTable:
    counts = np.arange(_MOST_COUNTS)
    log_factorial = np.array([math.lgamma(count + 1) for count in counts])
    expectations = np.arange(int(EXACT_BELOW_E))[:, None]
    logarithm = np.log(np.maximum(expectations, 1))
    chance = np.exp(counts * logarithm - expectations - log_factorial)
    chance[0] = counts == 0
    edges = np.floor(2.0**32 * np.cumsum(chance, axis=1) + 0.5).astype(np.uint64)
    edges[:, -1] = 2**32  # beyond every word, so that a search ends
    upper = np.arange(256, dtype=np.uint64) << np.uint64(24)
    start = np.stack([np.searchsorted(row, upper, side="right") for row in edges]).astype(np.uint8)
    return PoissonTable(edges, start)


POISSON = _tabulated()
