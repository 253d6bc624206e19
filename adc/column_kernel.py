"""Column converters at work: a whole row at once, every column with its own offset, gain and references."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

FRACTION_BITS = 12
"""Inside the converter a level is counted in steps of 2**-12 LSB."""
_CHUNKS = 16  # pieces of the raster that are converted side by side; they change the speed and never the result
_STEPS = np.float32(1 << FRACTION_BITS)


@njit(cache=True, nogil=True, parallel=True)
def convert_by_columns(
    signal_v: NDArray[np.float32], line_v: NDArray[np.float32], line_of: NDArray[np.uint16] | None,
    dn_per_v: NDArray[np.float32], zero_dn: NDArray[np.float32], bend: NDArray[np.float32],
    weights: NDArray[np.int32] | None, bits: int, monotonic: bool,
    bucket: NDArray[np.uint8] | None, first: NDArray[np.uint32] | None, store: NDArray[np.uint16],
) -> int:  # fmt: skip
    """Convert rows, float32 (H W C,) in V, into a frame store, uint16 (H W C,); say how many samples are not a number.

    line_v, float32 (lines,), is the noise of each line time; a row is one line, or sample i is in line_of[i], uint16 (H W C,).
    dn_per_v, zero_dn and bend, float32 (W C,), and weights, int32 (6, W C) or None for ideal ones, are the columns' figures.
    The store is kept row by row, or in the buckets of a shuffle (adc.shuffle.Shuffle) where bucket and first are given.
    """
    width = dn_per_v.size
    unreadable = 0
    chunks = _CHUNKS if first is None else first.shape[0]
    for chunk in prange(chunks):
        begin, end = signal_v.size * chunk // chunks, signal_v.size * (chunk + 1) // chunks
        noise_v, left, decided = np.empty(width, np.float32), np.empty(width, np.int32), np.empty(width, np.int32)
        place = np.empty(0, np.uint32) if first is None else first[chunk].copy()
        while begin < end:
            row, column = begin // width, begin % width
            count = min(width - column, end - begin)
            columns = slice(column, column + count)
            if line_of is None:
                noise_v[:count] = line_v[row]
            else:
                for site in range(count):
                    noise_v[site] = line_v[line_of[begin + site]]
            unreadable += _level(
                signal_v[begin : begin + count], noise_v, dn_per_v[columns], zero_dn[columns], bend[columns], bits, left
            )
            decided[:count] = 0
            fine_top = (1 << bits) - 1
            if weights is not None:
                if monotonic:
                    fine_top >>= weights.shape[0]
                    _search(weights, column, bits, left[:count], decided)
                else:
                    _take_off(weights, column, bits, left[:count], decided)
            if bucket is None:
                _put(left[:count], decided, fine_top, bits, store[begin : begin + count])
            else:
                _scatter(left[:count], decided, fine_top, bits, bucket[begin : begin + count], place, store)
            begin += count
    return unreadable


# Each loop below runs over the columns with single-precision or 32-bit operands only, and chooses instead of branching, so that
# eight columns go through it in one instruction.


@njit(cache=True, nogil=True)
def _level(
    signal_v: NDArray[np.float32], noise_v: NDArray[np.float32], dn_per_v: NDArray[np.float32], zero_dn: NDArray[np.float32],
    bend: NDArray[np.float32], bits: int, left: NDArray[np.int32],
) -> int:  # fmt: skip
    zero, codes = np.float32(0), np.float32(1 << bits)
    top = np.int32((1 << (bits + FRACTION_BITS)) - 1)
    unreadable = 0
    for site in range(signal_v.size):
        signal = signal_v[site]
        unreadable += signal != signal
        level = (signal + noise_v[site]) * dn_per_v[site] + zero_dn[site]
        level = level if level > zero else zero
        level = level if level < codes else codes
        level -= bend[site] * (level * (codes - level))
        steps = np.int32(level * _STEPS)
        left[site] = steps if steps < top else top
    return unreadable


@njit(cache=True, nogil=True)
def _search(weights: NDArray[np.int32], column: int, bits: int, left: NDArray[np.int32], decided: NDArray[np.int32]) -> None:
    zero = np.int32(0)
    for which in range(weights.shape[0]):
        weight, bit = weights[which, column : column + left.size], np.int32(1 << (bits - 1 - which))
        for site in range(left.size):
            kept = left[site] >= weight[site]
            left[site] -= weight[site] if kept else zero
            decided[site] |= bit if kept else zero


@njit(cache=True, nogil=True)
def _take_off(weights: NDArray[np.int32], column: int, bits: int, left: NDArray[np.int32], decided: NDArray[np.int32]) -> None:
    zero = np.int32(0)
    coarse = np.int32(((1 << weights.shape[0]) - 1) << (bits - weights.shape[0]))
    for site in range(left.size):
        decided[site] = (left[site] >> np.int32(FRACTION_BITS)) & coarse
    for which in range(weights.shape[0]):
        weight, bit = weights[which, column : column + left.size], np.int32(1 << (bits - 1 - which))
        for site in range(left.size):
            left[site] -= weight[site] if decided[site] & bit else zero


@njit(cache=True, nogil=True)
def _put(left: NDArray[np.int32], decided: NDArray[np.int32], fine_top: int, bits: int, codes: NDArray[np.uint16]) -> None:
    zero, most, top = np.int32(0), np.int32(fine_top), np.int32((1 << bits) - 1)
    for site in range(left.size):
        fine = left[site] >> np.int32(FRACTION_BITS)
        code = np.int32(decided[site] + (fine if fine < most else most))
        code = code if code > zero else zero
        codes[site] = code if code < top else top


@njit(cache=True, nogil=True)
def _scatter(
    left: NDArray[np.int32], decided: NDArray[np.int32], fine_top: int, bits: int, bucket: NDArray[np.uint8],
    place: NDArray[np.uint32], store: NDArray[np.uint16],
) -> None:  # fmt: skip
    # As _put does, but into the buckets: the arithmetic is done while the memory is waited for.
    zero, most, top = np.int32(0), np.int32(fine_top), np.int32((1 << bits) - 1)
    for site in range(np.uint64(left.size)):
        chosen = bucket[site]
        at = place[chosen]
        place[chosen] = at + np.uint32(1)
        fine = left[site] >> np.int32(FRACTION_BITS)
        code = np.int32(decided[site] + (fine if fine < most else most))
        code = code if code > zero else zero
        store[at] = code if code < top else top
