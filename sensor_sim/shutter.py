"""The shutter: when each row collects light, and what a scene that moves leaves in it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from sensor_sim.scene.linear import Scene

Shutter: TypeAlias = Literal["global", "rolling"]
SHUTTER_NAMES: tuple[Shutter, ...] = get_args(Shutter)
MOST_STEPS = 100_000


@dataclass(frozen=True, eq=False)
class MovingScene:
    """A scene that moves while it is exposed.

    Attributes
    ----------
    light_at
        the scene, float32 (h, w, 3) of linear light, at a time in s; 0 is when the first row begins to collect.
    step_s
        for how long the scene may be taken for still, above 0 s: `light_at` is asked once a step, for its middle.
    """

    light_at: Callable[[float], Scene]
    step_s: float

    def __post_init__(self) -> None:
        if not 0 < self.step_s < math.inf:
            raise ValueError(f"step_s = {self.step_s}: allowed is above 0 and finite")


def whole_lines(exposure_s: float, line_time_s: float) -> int:
    """The exposure of a rolling shutter in lines, at least 1: its rows are reset and read at the pace of the lines."""
    return max(1, math.floor(exposure_s / line_time_s + 0.5))


def skew_lines(rows: int, speed_px_per_s: float, line_time_s: float) -> float:
    """How far a rolling shutter displaces the last of `rows` against the first one, in photosites, at a speed across them."""
    return (rows - 1) * line_time_s * speed_px_per_s


def integrated_light(light_at: Callable[[float], Scene], step_s: float, exposure_s: float, rows: int, delay_s: float) -> Scene:
    """Mean light over the exposure of each row, float32 (rows, W, 3), of scenes of that size.

    Row r collects from r times `delay_s` on, for `exposure_s`: 0 is a global shutter, the line time a rolling one. A step that
    a row's exposure only touches counts with the part that it covers.
    Raises ValueError where that takes more than `MOST_STEPS` steps.
    """
    begin = delay_s * np.arange(rows)
    end = begin + exposure_s
    steps = end[-1] / step_s
    if steps > MOST_STEPS:
        raise ValueError(f"step_s = {step_s}: allowed is {end[-1] / MOST_STEPS:g} or more at this exposure")
    light: Scene | None = None
    for step in range(math.ceil(steps)):
        covered = np.minimum(end, (step + 1) * step_s) - np.maximum(begin, step * step_s)
        (lit,) = np.nonzero(covered > 0)
        if not lit.size:  # rounding may leave a last step of no length
            continue
        scene = light_at((step + 0.5) * step_s)
        if light is None:
            light = np.zeros_like(scene)
        weight = (covered[lit] / exposure_s).astype(np.float32)
        light[lit[0] : lit[-1] + 1] += weight[:, None, None] * scene[lit[0] : lit[-1] + 1]
    assert light is not None  # the first row begins at 0
    return light
