"""Random numbers of one frame and of one die: every effect has its own stream, so that one can be switched off alone."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sensor_sim.philox import random_words, random_words_at
from sensor_sim.standard_normal import normals_of


class TemporalEffect(IntEnum):
    """Effects that are drawn anew in every frame; a number never changes, so that a seed keeps its meaning."""

    SHOT_NOISE = 1
    READ_NOISE = 2
    SHOT_NOISE_REMAINDER = 3
    RESET_NOISE = 4
    SOURCE_FOLLOWER = 5
    RTS_AT_RESET = 6
    RTS_AT_SIGNAL = 7


class DieEffect(IntEnum):
    """Effects that are drawn once, when a die is made; a number never changes."""

    PRNU = 1
    DARK_CURRENT = 2
    DARK_CURRENT_TAIL = 3
    PIXEL_OFFSET = 4
    RTS = 5
    HOT = 6
    COLD = 7
    STUCK = 8
    COLUMN_DEFECTS = 9
    PIXEL_OFFSET_RESIDUE = 10


@dataclass(frozen=True)
class FrameStream:
    """The random numbers of one effect in one frame: a function of the place, whatever else is drawn.

    Arrays have rows of samples: one row of the array with its shielded rows first, C samples at each photosite.
    Raises ValueError unless `frame_seed` is 0 to 2**64 - 1.
    """

    frame_seed: int
    effect: TemporalEffect

    def __post_init__(self) -> None:
        if not 0 <= self.frame_seed < 2**64:
            raise ValueError(f"frame_seed = {self.frame_seed}: allowed is 0 to 2**64 - 1")

    def words(self, shape: tuple[int, int]) -> NDArray[np.uint32]:
        """Random words, uint32 of `shape` = (rows, samples)."""
        return random_words(self.frame_seed, self.effect, *shape)

    def words_at(self, row: NDArray[np.int64], sample: NDArray[np.int64], samples: int) -> NDArray[np.uint32]:
        """The words at single places, uint32 (n,), of an array with `samples` to a row."""
        return random_words_at(self.frame_seed, self.effect, row, sample, samples)

    def normals(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Standard normal numbers, float32 of `shape` = (rows, samples)."""
        return normals_of(self.words(shape))


def die_stream(device_seed: int, effect: DieEffect) -> np.random.Generator:
    """The generator of one effect of one die. Raises ValueError unless `device_seed` is 0 or more."""
    if not device_seed >= 0:
        raise ValueError(f"device_seed = {device_seed}: allowed is 0 or more")
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(device_seed, spawn_key=(effect,))))


def chosen_sites(die: np.random.Generator, percent: float, count: int) -> NDArray[np.int64]:
    """Which of `count` places have a property that each has with a chance of `percent`: their numbers, int64 (n,), rising."""
    # The number is binomial, and the places are drawn without a map of the whole array.
    return np.sort(die.choice(count, die.binomial(count, percent / 100), replace=False, shuffle=False))
