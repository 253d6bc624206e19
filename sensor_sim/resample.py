"""A part of a scene on another raster: a pixel is the mean of the light that falls on it."""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray


@dataclass(frozen=True)
class Box:
    """A part of a scene, in pixels of the scene; borders may lie between pixels.

    Raises ValueError unless all four are finite, the corner at 0 or more and the sides above 0.
    """

    top: float
    left: float
    height: float
    width: float

    def __post_init__(self) -> None:
        for name in ("top", "left"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: allowed is 0 or more")
        for name in ("height", "width"):
            if not 0 < getattr(self, name) < np.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: allowed is above 0")


def resample(scene: NDArray[np.float32], size: tuple[int, int], box: Box | None = None) -> NDArray[np.float32]:
    """Bring `box` of a scene, float32 (H, W, 3), to a raster of `size` = (height, width): float32 (height, width, 3).

    Along each axis a new pixel is the mean over its own width, and over one pixel of the scene where it is narrower: area
    averaging when the raster shrinks, linear interpolation when it grows. Without `box` the largest centred part with the
    raster's proportions is taken, as a lens fills an array without stretching. Raises ValueError if the box leaves the scene.
    """
    height, width = scene.shape[:2]
    if box is None:
        if (height, width) == size:
            return scene
        box = centred_box((height, width), size)
    # A border computed in floating point may pass the scene's by an ulp.
    if box.top + box.height > height * (1 + 1e-9) or box.left + box.width > width * (1 + 1e-9):
        raise ValueError(f"box = {box}: allowed is inside the scene's {height} x {width}")
    rows = footprints(box.top, box.height, size[0], height)
    columns = footprints(box.left, box.width, size[1], width)
    return _averaged(np.ascontiguousarray(scene), *rows, *columns)


def centred_box(scene_size: tuple[int, int], size: tuple[int, int]) -> Box:
    """The largest centred part of a scene of `scene_size` = (height, width) with the proportions of `size`."""
    scale = min(scene_size[0] / size[0], scene_size[1] / size[1])
    height, width = size[0] * scale, size[1] * scale
    return Box(max((scene_size[0] - height) / 2, 0), max((scene_size[1] - width) / 2, 0), height, width)


def footprints(
    start: float, length: float, count: int, limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The source pixels under each of `count` new pixels that share `length` from `start` on an axis of `limit` pixels.

    Returns the first source pixel (count,), the number of them (count,), and their weights (count, most), which sum to 1.
    """
    step = length / count
    centre = start + step * (np.arange(count) + 0.5)
    reach = max(step, 1) / 2
    low, high = np.maximum(centre - reach, 0), np.minimum(centre + reach, limit)
    first = np.minimum(np.floor(low).astype(np.int64), limit - 1)
    number = np.maximum(np.ceil(high).astype(np.int64) - first, 1)
    source = first[:, None] + np.arange(number.max())
    overlap = np.minimum(source + 1, high[:, None]) - np.maximum(source, low[:, None])
    weights = np.clip(overlap, 0, None)
    return first, number, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


@njit(cache=True, nogil=True, parallel=True)
def _averaged(scene, first_row, rows, row_weights, first_column, columns, column_weights):  # type: ignore[no-untyped-def]
    """Weighted means of a scene, float32 (H, W, 3): down the columns into one line, then along the line."""
    averaged = np.empty((first_row.size, first_column.size, 3), np.float32)
    left = first_column[0]
    right = first_column[-1] + columns[-1]
    for y in prange(first_row.size):
        line = np.empty((scene.shape[1], 3), np.float32)
        line[left:right] = 0
        for i in range(rows[y]):
            weight = row_weights[y, i]
            source = scene[first_row[y] + i]
            for x in range(left, right):
                for c in range(3):
                    line[x, c] += weight * source[x, c]
        for x in range(first_column.size):
            red = np.float32(0)
            green = np.float32(0)
            blue = np.float32(0)
            for i in range(columns[x]):
                weight = column_weights[x, i]
                at = first_column[x] + i
                red += weight * line[at, 0]
                green += weight * line[at, 1]
                blue += weight * line[at, 2]
            averaged[y, x, 0] = red
            averaged[y, x, 1] = green
            averaged[y, x, 2] = blue
    return averaged
