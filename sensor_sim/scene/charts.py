"""Test charts: scenes whose every pixel is known, to measure a camera with."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene, linear_from_srgb

CHART_HEIGHT, CHART_WIDTH = 480, 640
EDGE_DEGREES = 5.0
BAR_FRAMES = 60
_SUBROWS = 16

# The 24 patches of the ColorChecker Classic, 8-bit sRGB (X-Rite, values for charts made before November 2014, rounded).
PATCHES_SRGB = (
    (115, 82, 68), (194, 150, 130), (98, 122, 157), (87, 108, 67), (133, 128, 177), (103, 189, 170),
    (214, 126, 44), (80, 91, 166), (193, 90, 99), (94, 60, 108), (157, 188, 64), (224, 163, 46),
    (56, 61, 150), (70, 148, 73), (175, 54, 60), (231, 199, 31), (187, 86, 149), (8, 133, 161),
    (243, 243, 242), (200, 200, 200), (160, 160, 160), (122, 122, 121), (85, 85, 85), (52, 52, 52),
)  # fmt: skip


def uniform_field(height: int, width: int, level: float = 0.5) -> Scene:
    """Even grey light, float32 (height, width, 3)."""
    return np.full((height, width, 3), level, np.float32)


def grey_ramp(height: int, width: int) -> Scene:
    """Grey that rises evenly in linear light from 0 in the first column to 1 in the last, float32 (height, width, 3)."""
    ramp = np.linspace(0, 1, width, dtype=np.float32)
    return np.broadcast_to(ramp[None, :, None], (height, width, 3)).copy()


def slanted_edge(height: int, width: int, dark: float = 0.1, bright: float = 0.9, degrees: float = EDGE_DEGREES) -> Scene:
    """Dark on the left and bright on the right of an edge through the middle, float32 (height, width, 3).

    The edge leans by `degrees` from upright, and a pixel that it crosses has the mean of what it covers. Source: ISO 12233.
    """
    slope = math.tan(math.radians(degrees))
    rows = (np.arange(height * _SUBROWS) + 0.5) / _SUBROWS - height / 2
    edge = width / 2 + slope * rows
    bright_part = np.clip(np.arange(1, width + 1) - edge[:, None], 0, 1).reshape(height, _SUBROWS, width).mean(axis=1)
    return np.repeat((dark + (bright - dark) * bright_part).astype(np.float32)[..., None], 3, axis=2)


def colour_patches(height: int, width: int) -> Scene:
    """The 24 patches of a ColorChecker in four rows of six without gaps, float32 (height, width, 3)."""
    patches = linear_from_srgb(np.array(PATCHES_SRGB, np.uint8).reshape(4, 6, 3))
    return patches[np.arange(height)[:, None] * 4 // height, np.arange(width)[None, :] * 6 // width]


def moving_bar(height: int, width: int, t_s: float, speed_px_per_s: float, bar_px: float | None = None) -> Scene:
    """A bright upright bar on dark ground at a time, float32 (height, width, 3).

    Its left border lies at `speed_px_per_s * t_s` and runs round; it is `bar_px` wide, an eighth of the scene unless given.
    Pixels that a border crosses have the mean of what they cover.
    """
    size = width / 8 if bar_px is None else bar_px
    left = (speed_px_per_s * t_s) % width
    columns = np.arange(width)
    covered = sum(
        np.clip(np.minimum(columns + 1, start + size) - np.maximum(columns, start), 0, 1) for start in (left - width, left)
    )
    line = (0.05 + 0.85 * np.asarray(covered)).astype(np.float32)
    return np.broadcast_to(line[None, :, None], (height, width, 3)).copy()


class ChartSource:
    """A test chart as scenes of 640 x 480: one, or the 60 frames in which the moving bar crosses it; may be gone over again.

    Parameters
    ----------
    name
        one of `CHARTS`: "ramp", "edge", "patches", "field" or "bar".

    Raises
    ------
    SceneError
        if there is no such chart.
    """

    def __init__(self, name: str) -> None:
        if name not in CHARTS:
            raise SceneError(f"chart = {name}: there is no such chart; allowed is {', '.join(CHARTS)}")
        self.name = name

    def __len__(self) -> int:
        return BAR_FRAMES if self.name == "bar" else 1

    def __iter__(self) -> Iterator[Scene]:
        for number in range(len(self)):
            yield CHARTS[self.name](number)


CHARTS: dict[str, Callable[[int], Scene]] = {
    "ramp": lambda _: grey_ramp(CHART_HEIGHT, CHART_WIDTH),
    "edge": lambda _: slanted_edge(CHART_HEIGHT, CHART_WIDTH),
    "patches": lambda _: colour_patches(CHART_HEIGHT, CHART_WIDTH),
    "field": lambda _: uniform_field(CHART_HEIGHT, CHART_WIDTH),
    "bar": lambda number: moving_bar(CHART_HEIGHT, CHART_WIDTH, number / BAR_FRAMES, CHART_WIDTH),
}
"""The charts by name: the scene of each frame number."""
