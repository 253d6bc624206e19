"""What a frame's multiset of values says by itself: which scene it is, wherever the pixels went."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from privacy.seen import Samples, Seen

QUANTILES = 64


@dataclass(frozen=True, eq=False)
class Identification:
    """Which of many earlier frames shows the same scene, by values alone.

    Attributes
    ----------
    found
        int64 (F,): for each new frame, the number of the earlier frame most like it.
    frames
        How many frames it was looked for among.
    chance
        Share of right answers by guessing, 1 / frames.
    seed
        0: no chance is involved.
    """

    found: NDArray[np.int64]
    frames: int
    chance: float
    seed: int = 0


def identify(new: Seen, earlier: Seen) -> Identification:
    """Find the scene of each new frame among the earlier ones; the orders of both may be fresh in every frame.

    Raises ValueError where the two are of different depth or number of channels.
    """
    if new.bits != earlier.bits or new.frames.shape[2] != earlier.frames.shape[2]:
        described = f"{new.bits} bits, {new.frames.shape[2]} channels"
        raise ValueError(f"new = {described}: allowed is {earlier.bits} bits, {earlier.frames.shape[2]} channels, as earlier")
    return nearest(signatures(new), signatures(earlier))


def nearest(asked: NDArray[np.float32], known: NDArray[np.float32]) -> Identification:
    """Find the most like of the `known` frames for each one asked for, both by what is known of them: float32 (F, values)."""
    nearness = asked @ known.T - (known * known).sum(1) / 2
    return Identification(nearness.argmax(1), len(known), 1 / len(known))


def signatures(seen: Seen) -> NDArray[np.float32]:
    """What no order changes, float32 (F, values): quantiles of each channel, and of each sum and difference of two channels.

    They are on a scale of 0 to 1, whatever the depth and the size of the array.
    """
    pixels = seen.frames.shape[1]
    at = np.linspace(0, pixels - 1, min(QUANTILES, pixels)).round().astype(np.int64)
    found = _quantiles(seen.frames, at, 2**seen.bits)
    return (found.reshape(seen.count, -1) / np.float32(2**seen.bits - 1)).astype(np.float32)


@njit(cache=True, nogil=True)
def _quantiles(frames: Samples, at: NDArray[np.int64], levels: int) -> NDArray[np.int32]:
    """What stands at the places `at` when all values of a view are sorted: int32 (F, places, views).

    The views are the channels, then difference and sum of each pair of them.
    """
    count, _, channels = frames.shape
    found = np.empty((count, at.size, channels * channels), np.int32)
    for frame in range(count):
        samples = frames[frame].astype(np.int64)
        for a in range(channels):
            found[frame, :, a] = _at_places(samples[:, a], at, 0, levels)
        view = channels
        for a in range(channels):
            for b in range(a + 1, channels):
                found[frame, :, view] = _at_places(samples[:, a] - samples[:, b], at, 1 - levels, 2 * levels - 1)
                found[frame, :, view + 1] = _at_places(samples[:, a] + samples[:, b], at, 0, 2 * levels - 1)
                view += 2
    return found


@njit(cache=True, nogil=True)
def _at_places(values: NDArray[np.int64], at: NDArray[np.int64], lowest: int, levels: int) -> NDArray[np.int64]:
    """What stands at the rising places `at` of the sorted values: found by counting, since there are few levels."""
    counts = np.zeros(levels, np.int64)
    for value in values:
        counts[value - lowest] += 1
    found = np.empty(at.size, np.int64)
    level, passed = 0, counts[0]
    for number in range(at.size):
        while passed <= at[number]:
            level += 1
            passed += counts[level]
        found[number] = lowest + level
    return found
