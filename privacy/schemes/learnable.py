"""Learnable encryption (LE): M. Tanaka, "Learnable Image Encryption", IEEE ICCE-TW, 2018.

A block of 4x4 pixels is read row, column, channel into 48 samples and these into 96 nibbles, all low ones before all high
ones. Some nibbles are complemented (v becomes 15 - v), then all are put in the key's order and packed again. Every block of
every picture has the same key.

Where the paper leaves room:

- The key is a permutation k of 0 to 95, and nibble i is complemented where k[i] > 48, as in the author's code: 47 of the 96. The
  papers count 96! 2^96 keys; as the complements follow from k there are 96!.
- The code complements a second time, after the order, so that one routine encrypts and decrypts. We complement once, as the
  paper says. Both send each nibble to a place that k says, complemented or not as k says.
- The code pads what is no multiple of the block; we refuse it, so that decryption gives back what was there.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from privacy.schemes.fixed_map import FixedMap, MappedScheme, block_samples
from privacy.schemes.scheme import KeyScope, checked_orders, checked_shape, permutations_bits

BLOCK = 4
SAMPLES = BLOCK * BLOCK * 3
NIBBLES = 2 * SAMPLES


@dataclass(frozen=True, eq=False)
class LearnableEncryption(MappedScheme):
    """One permutation of a block's nibbles for all blocks and pictures.

    Attributes
    ----------
    shape
        Height and width, multiples of 4.
    key
        int64 (96,), a permutation.

    Raises ValueError for another shape or key.
    """

    name: ClassVar[str] = "le"
    key_scope: ClassVar[KeyScope] = "device"
    notices_alterations: ClassVar[bool] = False
    key_handling: ClassVar[str] = "one static key; the network is trained on images under it, so a new key is a new training"
    protects: ClassVar[str] = (
        "Hides detail inside blocks of 4x4 pixels from the eye; the coarse layout stays, and every block has the same key."
    )

    shape: tuple[int, int]
    key: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        checked_shape(self.shape, BLOCK)
        checked_orders("key", self.key, (NIBBLES,))

    @classmethod
    def with_key(cls, rng: np.random.Generator, shape: tuple[int, int]) -> Self:
        """Draw a key; an audit repeats it from the generator's seed, a product would draw it from a keyed stream."""
        return cls(shape, rng.permutation(NIBBLES))

    @property
    def key_bits(self) -> float:
        """log2 of 96!."""
        return permutations_bits(NIBBLES)

    def fixed_map(self) -> FixedMap:
        """The same map in every block."""
        places = block_nibbles(self.shape)
        return nibble_map(places, places[:, self.key], complemented(self.key)[self.key])


def block_nibbles(shape: tuple[int, int]) -> NDArray[np.uint32]:
    """Which nibbles of a picture each block holds, uint32 (blocks, 96): all low ones, then all high ones."""
    low = 2 * block_samples(shape, BLOCK).reshape(-1, SAMPLES)
    return np.concatenate([low, low + 1], axis=1)


def complemented(key: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which nibbles a key (..., 96) complements before it moves them, bool (..., 96)."""
    return key > SAMPLES


def nibble_map(places: NDArray[np.uint32], sources: NDArray[np.uint32], flips: NDArray[np.bool_]) -> FixedMap:
    """The map that fills each nibble of `places` (blocks, 96) from that of `sources`, complemented where `flips` says."""
    source, flip = np.empty(places.size, np.uint32), np.empty(places.size, np.uint8)
    source[places] = sources
    flip[places] = np.where(flips, 15, 0)
    return FixedMap(source, flip)
