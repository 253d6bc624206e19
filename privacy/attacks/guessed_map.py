"""A guess of where every part of a picture went, and what became of it on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from privacy.seen import Samples
from privacy.structure import Structure, parts_of, pictures_of

UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class GuessedMap:
    """emitted[q] = gain[q] part[source[q]], or of its complement, over all B M parts in the order of `parts_of`.

    Attributes
    ----------
    source
        int64 (B M,), UNKNOWN where nothing is known.
    complemented
        bool (B M,).
    gain
        int64 (B M,), 1 and up.
    frames, seed
        How many frames it needed, and what all chance was drawn from.
    """

    source: NDArray[np.int64]
    complemented: NDArray[np.bool_]
    gain: NDArray[np.int64]
    frames: int
    seed: int

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The guess that was written with its fields' names."""
        source, complemented, gain = (arrays[name] for name in ("source", "complemented", "gain"))
        return cls(source, complemented, gain, frames=int(arrays["frames"]), seed=int(arrays["seed"]))

    def undone(self, sent: Samples, structure: Structure) -> NDArray[np.uint8]:
        """Put pictures back that travelled as `sent`, (N, H, W, 3): uint8 of the same shape.

        Parts that nothing is known of are set to the middle of their range.
        """
        count, height, width, _ = sent.shape
        emitted = parts_of(sent, structure)
        values = np.minimum(emitted.reshape(count, -1) // self.gain, structure.top).astype(np.uint8)
        values ^= np.where(self.complemented, structure.top, 0).astype(np.uint8)
        parts = np.full(values.shape, structure.top // 2 + 1, np.uint8)
        known = self.source != UNKNOWN
        parts[:, self.source[known]] = values[:, known]
        return pictures_of(parts.reshape(emitted.shape), structure, height, width)


def map_of(
    source: NDArray[np.int64], frames: int, seed: int, complemented: NDArray[np.bool_] | None = None,
    gain: NDArray[np.int64] | None = None,
) -> GuessedMap:  # fmt: skip
    """A map without complements and gains unless they are given."""
    plain = np.zeros(source.size, np.bool_) if complemented is None else complemented
    return GuessedMap(source, plain, np.ones(source.size, np.int64) if gain is None else gain, frames, seed)
