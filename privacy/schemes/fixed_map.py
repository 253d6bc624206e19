"""A fixed map: every part of a sample moves to a fixed place and is complemented there or not.

Learnable encryption, its extension, EtC, pixel-based encryption and PrivConv's transform differ in which of these maps they
draw, and in nothing else. Each is affine over the bits of a picture, so one key for all pictures is a static permutation with
fixed complements, which frames alone give away (docs/schemes.md).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from adc import invert_order
from privacy.schemes.scheme import Sent, checked_images, checked_sent, flat, no_tags

_PIECES = 16  # a picture is worked on in so many pieces side by side


@dataclass(frozen=True, eq=False, repr=False)
class FixedMap:
    """sent[q] = picture[source[q]] XOR flip[q], over the S samples of a picture or over their 2 S halves.

    Attributes
    ----------
    source
        uint32 (S,), or (2 S,) where samples are halved: part 2 s is the low nibble of sample s, part 2 s + 1 its high one.
    flip
        uint8 of the same length: 0, or all ones (255 for samples, 15 for halves).
    """

    source: NDArray[np.uint32]
    flip: NDArray[np.uint8]

    def applied(self, rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Map pictures, uint8 (N, S), to what is sent, uint8 (N, S)."""
        mapped = np.empty_like(rows)
        kernel = _map_samples if self.source.size == rows.shape[1] else _map_halves
        kernel(rows, self.source, self.flip, mapped)
        return mapped

    def inverse(self) -> Self:
        """The map that undoes this one. Raises ValueError where source does not hold every place once."""
        inverse = invert_order(self.source)
        return type(self)(inverse, self.flip[inverse])


class MappedScheme(ABC):
    """A scheme with one fixed map for all pictures; a subclass says which, from its key."""

    shape: tuple[int, int]

    @abstractmethod
    def fixed_map(self) -> FixedMap:
        """Spread the key over a picture of the scheme's shape."""

    @cached_property
    def _forth(self) -> FixedMap:
        return self.fixed_map()

    @cached_property
    def _back(self) -> FixedMap:
        return self._forth.inverse()

    def encrypt(self, images: NDArray[np.uint8], first: int = 0) -> Sent:
        """Encrypt pictures, uint8 (N, H, W, 3); see Scheme."""
        images = checked_images(images, self.shape)
        return Sent(self._forth.applied(flat(images)).reshape(images.shape), no_tags(len(images)))

    def decrypt(self, sent: Sent, first: int = 0) -> NDArray[np.uint8]:
        """The exact inverse, uint8 (N, H, W, 3); see Scheme."""
        samples = np.ascontiguousarray(checked_sent(sent, self.shape).samples, np.uint8)
        return self._back.applied(flat(samples)).reshape(samples.shape)


def block_samples(shape: tuple[int, int], block: int) -> NDArray[np.uint32]:
    """Which samples of a picture (H, W, 3) each block holds, uint32 (blocks, block, block, 3): rows, columns, channels.

    Blocks come row by row. The sides must be multiples of the block's.
    """
    down, across = shape[0] // block, shape[1] // block
    samples = np.arange(shape[0] * shape[1] * 3, dtype=np.uint32)
    return samples.reshape(down, block, across, block, 3).swapaxes(1, 2).reshape(-1, block, block, 3)


@njit(cache=True, nogil=True, parallel=True)
def _map_samples(rows: NDArray[np.uint8], source: NDArray[np.uint32], flip: NDArray[np.uint8], mapped: NDArray[np.uint8]) -> None:
    for piece in prange(rows.shape[0] * _PIECES):
        row, to = rows[piece // _PIECES], mapped[piece // _PIECES]
        part = piece % _PIECES
        for s in range(np.uint64(row.size * part // _PIECES), np.uint64(row.size * (part + 1) // _PIECES)):
            to[s] = row[source[s]] ^ flip[s]


@njit(cache=True, nogil=True, parallel=True)
def _map_halves(rows: NDArray[np.uint8], source: NDArray[np.uint32], flip: NDArray[np.uint8], mapped: NDArray[np.uint8]) -> None:
    one, nibble = np.uint32(1), np.uint8(15)
    for piece in prange(rows.shape[0] * _PIECES):
        row, to = rows[piece // _PIECES], mapped[piece // _PIECES]
        part = piece % _PIECES
        for s in range(np.uint64(row.size * part // _PIECES), np.uint64(row.size * (part + 1) // _PIECES)):
            at_low, at_high = source[2 * s], source[2 * s + np.uint64(1)]
            low = (row[at_low >> one] >> np.uint8((at_low & one) << 2)) & nibble
            high = (row[at_high >> one] >> np.uint8((at_high & one) << 2)) & nibble
            to[s] = (low ^ flip[2 * s]) | ((high ^ flip[2 * s + np.uint64(1)]) << np.uint8(4))
