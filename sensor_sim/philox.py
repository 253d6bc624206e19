"""Counter-based random words: the word of a photosite follows from its place alone, whoever computes it and when."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_MULTIPLIER = np.uint64(0xD256D193)
_WEYL = np.uint32(0x9E3779B9)
_ROUNDS = 10
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_27, _30, _31, _32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)


def random_words(seed: int, stream: int, rows: int, samples: int) -> NDArray[np.uint32]:
    """Random words, uint32 (rows, samples): the twin in NumPy of `fill_words`, row by row.

    `seed` and `stream` are 0 to 2**64 - 1; streams of one seed are independent of each other. Source: Philox2x32-10 of
    J. K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011, keyed for each row by SplitMix64
    (G. L. Steele et al., Fast splittable pseudorandom number generators, OOPSLA 2014).
    """
    half = (samples + 1) // 2
    first, second = _philox(_row_keys(seed, stream, np.arange(rows))[:, None], np.arange(half, dtype=np.uint32)[None, :])
    return np.concatenate((first, second), axis=1)[:, :samples]


def random_words_at(
    seed: int, stream: int, row: NDArray[np.int64], sample: NDArray[np.int64], samples: int
) -> NDArray[np.uint32]:
    """The words of `random_words` at single places, uint32 (n,), given their row and sample, int64 (n,) each."""
    half = (samples + 1) // 2
    first, second = _philox(_row_keys(seed, stream, row), (sample % half).astype(np.uint32))
    return np.where(sample < half, first, second)


def _row_keys(seed: int, stream: int, row: NDArray[np.int64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        start = _mixed(_mixed(np.uint64(seed)) ^ np.uint64(stream))
        return _mixed(start + _GOLDEN * (row.astype(np.uint64) + np.uint64(1)))


def _mixed(z):  # type: ignore[no-untyped-def]
    z = (z ^ (z >> _30)) * _MIX_1
    z = (z ^ (z >> _27)) * _MIX_2
    return z ^ (z >> _31)


_mixed_scalar = njit(cache=True, nogil=True, inline="always")(_mixed)


def _philox(key: NDArray[np.uint64], counter: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    # 128 bits would go into a block of Philox2x32: the row's key fills the 32 of the key and the upper 32 of the counter.
    shape = np.broadcast_shapes(key.shape, counter.shape)
    right = np.broadcast_to((key >> _32).astype(np.uint32), shape)
    left, round_key = np.broadcast_to(counter, shape), key.astype(np.uint32)
    for _ in range(_ROUNDS):
        product = _MULTIPLIER * left.astype(np.uint64)
        left, right = (product >> _32).astype(np.uint32) ^ round_key ^ right, product.astype(np.uint32)
        round_key = round_key + _WEYL
    return left, right


@njit(cache=True, nogil=True)
def row_key(seed, stream, row):  # type: ignore[no-untyped-def]
    """The key of one row, uint64, of a seed and a stream, uint64, and the row's number."""
    start = _mixed_scalar(_mixed_scalar(np.uint64(seed)) ^ np.uint64(stream))
    return _mixed_scalar(start + _GOLDEN * (np.uint64(row) + np.uint64(1)))


@njit(cache=True, nogil=True)
def fill_words(key, words):  # type: ignore[no-untyped-def]
    """Fill `words`, uint32 (samples,), with the random words of the row whose key is `key`, uint64."""
    half = (words.size + 1) // 2
    first, second = words[:half], words[half:]
    for at in range(half):
        left, right, round_key = np.uint32(at), np.uint32(key >> _32), np.uint32(key)
        for _ in range(_ROUNDS):
            product = _MULTIPLIER * np.uint64(left)
            left, right = np.uint32(product >> _32) ^ round_key ^ right, np.uint32(product)
            round_key = np.uint32(round_key + _WEYL)
        first[at] = left
        if at < second.size:
            second[at] = right
