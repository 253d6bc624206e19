"""The bundled photographs as a camera of 640x480 sees them on a slow walk: one after another, for ever."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from sensor_sim import Scene
from sensor_sim.resample import resample
from sensor_sim.scene import PHOTOGRAPHS, load_photograph

VIEW = (480, 640)
WALL = (560, 747)
"""Size that each photograph is brought to, so that the view has room to move: whole photosites, so nothing is interpolated."""
FRAMES_EACH = 90


class DemoViews:
    """Views float32 (480, 640, 3) of linear light; may be gone over again.

    Parameters
    ----------
    seed
        0 or more: where each walk begins.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __iter__(self) -> Iterator[Scene]:
        random = np.random.default_rng(self._seed)
        for photograph in itertools.cycle(PHOTOGRAPHS):
            wall = resample(load_photograph(photograph.name), WALL)
            phases = random.uniform(0, 2 * math.pi, 2)
            for number in range(FRAMES_EACH):
                turn = 2 * math.pi * number / FRAMES_EACH
                top, left = (
                    round((size - side) * (0.5 + 0.5 * math.sin(turns * turn + phase)))
                    for size, side, turns, phase in zip(WALL, VIEW, (2, 1), phases, strict=True)
                )
                yield np.ascontiguousarray(wall[top : top + VIEW[0], left : left + VIEW[1]])
