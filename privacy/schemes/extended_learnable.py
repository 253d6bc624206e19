"""Extended learnable encryption (ELE): K. Madono, M. Tanaka, M. Onishi, T. Ogawa, "Block-wise Scrambled Image Recognition Using
Adaptation Network", AAAI Workshop on Artificial Intelligence of Things, 2020.

Learnable encryption with a key of its own for each block, and then the blocks change places.

Where the paper leaves room:

- Its figure moves the blocks first, the authors' code moves them last, and so do we: a key belongs to the place that a block
  comes from. Both are the same family of maps.
- Complements follow from the keys as in `learnable`.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from privacy.schemes.fixed_map import FixedMap, MappedScheme
from privacy.schemes.learnable import BLOCK, NIBBLES, block_nibbles, complemented, nibble_map
from privacy.schemes.scheme import KeyScope, checked_orders, checked_shape, permutations_bits


@dataclass(frozen=True, eq=False)
class ExtendedLearnableEncryption(MappedScheme):
    """A permutation of nibbles for each block, and one of the blocks.

    Attributes
    ----------
    shape
        Height and width, multiples of 4; they make B blocks.
    keys
        int64 (B, 96), permutations: that of each block, by where it comes from.
    block_order
        int64 (B,): the block that each place takes.

    Raises ValueError for another shape or keys.
    """

    name: ClassVar[str] = "ele"
    key_scope: ClassVar[KeyScope] = "device"
    notices_alterations: ClassVar[bool] = False
    key_handling: ClassVar[str] = "one static key for each block, and their order; a new key is a new training"
    protects: ClassVar[str] = (
        "Hides layout and detail of a single image from the eye; over many images every nibble keeps its place."
    )

    shape: tuple[int, int]
    keys: NDArray[np.int64] = field(repr=False)
    block_order: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        checked_shape(self.shape, BLOCK)
        checked_orders("keys", self.keys, (self._blocks, NIBBLES))
        checked_orders("block_order", self.block_order, (self._blocks,))

    @classmethod
    def with_key(cls, rng: np.random.Generator, shape: tuple[int, int]) -> Self:
        """Draw the keys; an audit repeats them from the generator's seed, a product would draw them from a keyed stream."""
        checked_shape(shape, BLOCK)
        blocks = shape[0] * shape[1] // BLOCK**2
        keys = rng.permuted(np.tile(np.arange(NIBBLES), (blocks, 1)), axis=1)
        return cls(shape, keys, rng.permutation(blocks))

    @property
    def key_bits(self) -> float:
        """log2 of 96!^B B!."""
        return self._blocks * permutations_bits(NIBBLES) + permutations_bits(self._blocks)

    @property
    def _blocks(self) -> int:
        return self.shape[0] * self.shape[1] // BLOCK**2

    def fixed_map(self) -> FixedMap:
        """A map for each block, and the blocks moved."""
        places = block_nibbles(self.shape)
        sources = np.take_along_axis(places, self.keys, axis=1)
        flips = np.take_along_axis(complemented(self.keys), self.keys, axis=1)
        return nibble_map(places, sources[self.block_order], flips[self.block_order])
