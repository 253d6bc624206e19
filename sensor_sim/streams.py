"""Random numbers of one frame: every temporal effect has its own stream, so that one can be switched off alone."""

from enum import IntEnum

import numpy as np


class TemporalEffect(IntEnum):
    """Effects that are drawn anew in every frame; a number never changes, so that a seed keeps its meaning."""

    SHOT_NOISE = 1
    READ_NOISE = 2


def frame_stream(frame_seed: int, effect: TemporalEffect) -> np.random.Generator:
    """The generator of one effect in one frame.

    Raises ValueError unless `frame_seed` is 0 to 2**64 - 1.
    """
    if not 0 <= frame_seed < 2**64:
        raise ValueError(f"frame_seed = {frame_seed}: allowed is 0 to 2**64 - 1")
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(frame_seed, spawn_key=(effect,))))
