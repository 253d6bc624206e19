"""A stack of frames taken under one condition, kept as sums: memory does not grow with the number of frames."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.variance_split import VarianceSplit, split_variance_in_time

MOST_FRAMES = 16_384
"""So many codes of 16 bits can be summed, and their variance found in whole numbers of 64 bits."""


@dataclass(frozen=True, eq=False)
class Stack:
    """What a stack of frames (H, W) comes to.

    Attributes
    ----------
    frames
        how many there were, 2 or more.
    mean_dn
        float64 (H, W): mean of each photosite over the frames.
    variance_dn2
        float32 (H, W): variance of each photosite over the frames, unbiased.
    temporal
        the mean of that variance, split: "row" is noise that a row shares within a frame, "column" what a column does. What a
        whole frame shares, as an optical-black clamp adds it, is in its total and in none of its parts.
    """

    frames: int
    mean_dn: NDArray[np.float64]
    variance_dn2: NDArray[np.float32]
    temporal: VarianceSplit


class StackSums:
    """Sums over the frames of a stack, all of one shape (H, W)."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._sum = np.zeros(shape, np.uint32)
        self._squares = np.zeros(shape, np.uint64)
        self._row_sums = np.zeros((2, shape[0]))
        self._column_sums = np.zeros((2, shape[1]))
        self._frame_sums = np.zeros((2, 1))
        self.frames = 0

    def add(self, codes: NDArray[np.uint16]) -> None:
        """Take one frame in, uint16 (H, W) in DN. Raises ValueError for another type or shape, or beyond `MOST_FRAMES`."""
        if codes.dtype != np.uint16 or codes.shape != self._sum.shape:
            raise ValueError(f"codes = {codes.dtype} {codes.shape}: allowed is uint16 {self._sum.shape}")
        if self.frames == MOST_FRAMES:
            raise ValueError(f"frames = more than {MOST_FRAMES}: allowed is up to that in one stack")
        wide = codes.astype(np.uint32)
        self._sum += wide
        wide *= wide  # 65535^2 still fits 32 bits
        self._squares += wide
        rows, columns = codes.mean(axis=1), codes.mean(axis=0)
        for sums, means in ((self._row_sums, rows), (self._column_sums, columns), (self._frame_sums, rows.mean(keepdims=True))):
            sums[0] += means
            sums[1] += means**2
        self.frames += 1

    def stack(self) -> Stack:
        """The stack so far. Raises ValueError for fewer than 2 frames."""
        count = self.frames
        if count < 2:
            raise ValueError(f"frames = {count}: allowed is 2 or more for a temporal variance")
        codes = self._sum.astype(np.int64)
        # In whole numbers, where the difference of two large sums loses nothing.
        spread = count * self._squares.astype(np.int64) - codes**2
        variance = (spread / (count * (count - 1))).astype(np.float32)
        sums = (self._row_sums, self._column_sums, self._frame_sums)
        of_rows, of_columns, of_frames = (float(_variance(each, count).mean()) for each in sums)
        height, width = self._sum.shape
        total = float(variance.mean(dtype=np.float64))
        temporal = split_variance_in_time(total, of_rows, of_columns, of_frames, (height, width))
        return Stack(count, codes / count, variance, temporal)


def _variance(sums: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = np.maximum(sums[1] - sums[0] ** 2 / count, 0) / (count - 1)
    return centred
