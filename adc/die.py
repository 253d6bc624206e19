"""What is fixed when a die is made: every effect draws its map from its own stream, so that one can be switched off alone."""

from enum import IntEnum

import numpy as np

_ROOM = 0xADC  # other rooms draw from the same device seed


class DieEffect(IntEnum):
    """Effects that are drawn once for a device; a number never changes, so that a seed keeps its meaning."""

    COLUMN_OFFSET = 1
    COLUMN_GAIN = 2
    BOW = 3
    COARSE_WEIGHTS = 4


def die_stream(device_seed: int, effect: DieEffect) -> np.random.Generator:
    """The generator of one effect's die map.

    Raises ValueError unless `device_seed` is a whole number, 0 or more.
    """
    if not isinstance(device_seed, int) or device_seed < 0:
        raise ValueError(f"device_seed = {device_seed}: allowed is a whole number, 0 or more")
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(device_seed, spawn_key=(_ROOM, effect))))
