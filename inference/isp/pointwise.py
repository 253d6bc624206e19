"""Developing mono and three-channel frames at the array's size: each emitted sample becomes the pixel at its place."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.isp.development import Development, develop_colour, develop_grey
from inference.isp.parts import PARTS


@njit(cache=True, nogil=True, error_model="numpy")
def pointwise(codes: NDArray[np.uint16], d: Development, x: NDArray[np.float32], start: int, stop: int) -> None:
    """Develop `codes` (positions, C) in DN into `x` (C, positions), both in the frame's order, from `start` to `stop`."""
    if codes.shape[1] == 1:
        for q in range(start, stop):
            x[0, q] = develop_grey(np.float32(codes[q, 0]), d)
    else:
        for q in range(start, stop):
            develop_colour(np.float32(codes[q, 0]), np.float32(codes[q, 1]), np.float32(codes[q, 2]), d, x, q)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def pointwise_parallel(codes: NDArray[np.uint16], d: Development, x: NDArray[np.float32]) -> None:
    """Do `pointwise` for all positions on all threads."""
    positions = x.shape[1]
    for part in prange(PARTS):
        pointwise(codes, d, x, positions * part // PARTS, positions * (part + 1) // PARTS)
