"""Unmasking, undoing the order into a private raster, and correcting: for a large full order in one go."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.isp.parts import BLOCK, PARTS

# Samples are moved up to 16 bits as they are unmasked. That also does the mask's modulo: what is above falls off.
# A large order comes in the two steps of which it was drawn (adc.shuffle), and both are undone here: each step stays in
# the cache, and a correction meets the raster, and its maps, row by row.

Maps = tuple[NDArray[np.uint16], NDArray[np.float32], NDArray[np.float32]]
"""The 16-bit level of each code (2**bits,), and offset and gain of each raster sample (H * W * C,); empty where there is none."""


@njit(cache=True, nogil=True)
def linearise(line: NDArray[np.uint16], up: int, levels: NDArray[np.uint16]) -> None:
    """Put the level of each code in the place of 16-bit samples (n,) that are codes moved up by `up` bits."""
    if levels.size:
        for j in range(line.size):
            line[j] = levels[line[j] >> up]


@njit(cache=True, nogil=True)
def correct(line: NDArray[np.uint16], offset: NDArray[np.float32], gain: NDArray[np.float32], black: np.float32) -> None:
    """Correct 16-bit samples (n,) in place: (sample - black - offset) x gain + black, rounded half up and cut to 16 bits."""
    half, top = np.float32(0.5), np.float32(65535)
    if offset.size and gain.size:
        for j in range(line.size):
            light = (np.float32(line[j]) - black - offset[j]) * gain[j] + black + half
            line[j] = np.uint16(np.int32(min(max(light, np.float32(0)), top)))
    elif offset.size:
        for j in range(line.size):
            light = np.float32(line[j]) - black - offset[j] + black + half
            line[j] = np.uint16(np.int32(min(max(light, np.float32(0)), top)))
    elif gain.size:
        for j in range(line.size):
            light = (np.float32(line[j]) - black) * gain[j] + black + half
            line[j] = np.uint16(np.int32(min(max(light, np.float32(0)), top)))


@njit(cache=True, nogil=True)
def restore_by_order(
    samples: NDArray[np.uint16],
    mask: NDArray[np.uint16] | None,
    up: int,
    order: NDArray[np.uint32],
    raster: NDArray[np.uint16],
    start: int,
    stop: int,
) -> None:
    """Fill `raster` (H * W * C,) with the 16-bit samples of `samples` (P * C,) in `order` (P,), from `start` to `stop`.

    `mask` (P * C,) is taken off modulo 2**bits, `up` is 16 - bits.
    """
    channels = samples.size // order.size
    for q in range(start, stop):
        for channel in range(channels):
            code = samples[q * channels + channel]
            if mask is not None:
                code = code - mask[q * channels + channel]
            raster[np.int64(order[q]) * channels + channel] = np.uint16(code << up)


@njit(cache=True, nogil=True, parallel=True)
def restore_by_order_parallel(
    samples: NDArray[np.uint16],
    mask: NDArray[np.uint16] | None,
    up: int,
    order: NDArray[np.uint32],
    raster: NDArray[np.uint16],
) -> None:
    """Do `restore_by_order` for all samples on all threads."""
    for part in prange(PARTS):
        start, stop = order.size * part // PARTS, order.size * (part + 1) // PARTS
        restore_by_order(samples, mask, up, order, raster, start, stop)


@njit(cache=True, nogil=True, parallel=True)
def restore_in_steps(
    samples: NDArray[np.uint16],
    mask: NDArray[np.uint16] | None,
    up: int,
    bucket: NDArray[np.uint8],
    first: NDArray[np.uint32],
    edges: NDArray[np.int64],
    within: NDArray[np.uint16] | NDArray[np.uint32],
    maps: Maps,
    black: np.float32,
    store: NDArray[np.uint16],
    raster: NDArray[np.uint16],
) -> None:
    """Do `restore_by_order`, `linearise` and `correct` for one sample a photosite and an order in its two steps, on all threads.

    `store` (P,) is for use in between.
    """
    for which in prange(edges.size - 1):
        begin, end = edges[which], edges[which + 1]
        own_samples, own_store, own_within = samples[begin:end], store[begin:end], within[begin:end]
        if mask is None:
            for q in range(np.uint64(own_within.size)):
                own_store[own_within[q]] = np.uint16(own_samples[q] << up)
        else:
            own_mask = mask[begin:end]
            for q in range(np.uint64(own_within.size)):
                own_store[own_within[q]] = np.uint16((own_samples[q] - own_mask[q]) << up)
    levels, offset, gain = maps
    chunks = first.shape[0]
    for chunk in prange(chunks):
        place = first[chunk].copy()
        begin, end = bucket.size * chunk // chunks, bucket.size * (chunk + 1) // chunks
        for low in range(begin, end, BLOCK):  # short: the samples are still in the first cache to be corrected
            high = min(low + BLOCK, end)
            for site in range(np.uint64(low), np.uint64(high)):
                chosen = bucket[site]
                at = place[chosen]
                place[chosen] = at + np.uint32(1)
                raster[site] = store[at]
            linearise(raster[low:high], up, levels)
            correct(raster[low:high], offset[low:high], gain[low:high], black)
