"""Small scenes for attacks: crops of the bundled photographs."""

import numpy as np
from numpy.typing import NDArray

from sensor_sim.scene.photographs import load_photograph


def crops(count: int, side: int, seed: int, channels: int = 3) -> NDArray[np.uint8]:
    """uint8 (count, side, side, channels), each from a random place of a photograph, a third of its size."""
    random = np.random.default_rng(seed)
    names = ("astronaut", "coffee", "chelsea", "rocket", "motorcycle")
    photographs = [(255 * load_photograph(name)[::3, ::3] ** (1 / 2.2)).astype(np.uint8) for name in names]
    scenes = []
    for number in range(count):
        photograph = photographs[number % len(photographs)]
        top, left = (random.integers(size - side + 1) for size in photograph.shape[:2])
        scenes.append(photograph[top : top + side, left : left + side, :channels])
    return np.stack(scenes)
