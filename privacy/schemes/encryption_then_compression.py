"""Encryption-then-compression (EtC), the scheme for colour images: T. Chuman, W. Sirichotedumrong, H. Kiya, "Encryption-Then-
Compression Systems Using Grayscale-Based Image Encryption for JPEG Images", IEEE Trans. Inf. Forensics and Security 14(6), 2019
(arXiv 1811.00236, 2018), where it is the conventional scheme.

Every block is rotated by a multiple of 90 degrees, mirrored or not, complemented (v becomes 255 - v) or not, and its three
channels change places; then the blocks change places.

Where the paper leaves room:

- Blocks of 4x4 pixels, as those who compare on CIFAR take them. The paper compresses with JPEG and takes larger ones.
- A rotation turns counter-clockwise and comes before the mirror (none, left-right or up-down). Of the 12 combinations 8 differ,
  which is what the paper counts for each block.
- Half of the blocks are complemented on average: a fair coin for each.
- The code that others compare with overwrites channels one after another, so that colours are lost and nobody can decrypt. Here
  channels really change places.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from privacy.schemes.fixed_map import FixedMap, MappedScheme, block_samples
from privacy.schemes.pixel_based import CHANNEL_ORDERS
from privacy.schemes.scheme import KeyScope, checked_choices, checked_orders, checked_shape, permutations_bits

BLOCK = 4
MIRRORS = 3  # none, left-right, up-down


@dataclass(frozen=True, eq=False)
class EncryptionThenCompression(MappedScheme):
    """Blocks turned, mirrored, complemented, recoloured and moved, the same for all pictures.

    Attributes
    ----------
    shape
        Height and width, multiples of 4; they make B blocks.
    quarter_turns
        int64 (B,), 0 to 3.
    mirror
        int64 (B,), 0: none, 1: left-right, 2: up-down.
    negative
        int64 (B,), 1 where a block is complemented.
    colours
        int64 (B,), 0 to 5, a row of CHANNEL_ORDERS.
    block_order
        int64 (B,): the block that each place takes.

    The first four belong to the place that a block comes from. Raises ValueError for another shape or key.
    """

    name: ClassVar[str] = "etc"
    key_scope: ClassVar[KeyScope] = "device"
    notices_alterations: ClassVar[bool] = False
    key_handling: ClassVar[str] = "one static key where a network is trained on the images; a new key is a new training"
    protects: ClassVar[str] = (
        "Hides the layout of a single image; every block stays readable, and its edges still fit its neighbours'."
    )

    shape: tuple[int, int]
    quarter_turns: NDArray[np.int64] = field(repr=False)
    mirror: NDArray[np.int64] = field(repr=False)
    negative: NDArray[np.int64] = field(repr=False)
    colours: NDArray[np.int64] = field(repr=False)
    block_order: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        checked_shape(self.shape, BLOCK)
        for name, choices_of in (("quarter_turns", 4), ("mirror", MIRRORS), ("negative", 2), ("colours", len(CHANNEL_ORDERS))):
            checked_choices(name, getattr(self, name), (self._blocks,), choices_of)
        checked_orders("block_order", self.block_order, (self._blocks,))

    @classmethod
    def with_key(cls, rng: np.random.Generator, shape: tuple[int, int]) -> Self:
        """Draw a key; an audit repeats it from the generator's seed, a product would draw it from a keyed stream."""
        checked_shape(shape, BLOCK)
        blocks = shape[0] * shape[1] // BLOCK**2
        return cls(
            shape,
            quarter_turns=rng.integers(0, 4, blocks),
            mirror=rng.integers(0, MIRRORS, blocks),
            negative=rng.integers(0, 2, blocks),
            colours=rng.integers(0, len(CHANNEL_ORDERS), blocks),
            block_order=rng.permutation(blocks),
        )

    @property
    def key_bits(self) -> float:
        """log2 of B! 8^B 2^B 6^B, which the paper counts."""
        return permutations_bits(self._blocks) + self._blocks * math.log2(8 * 2 * 6)

    @property
    def _blocks(self) -> int:
        return self.shape[0] * self.shape[1] // BLOCK**2

    def fixed_map(self) -> FixedMap:
        """Each block's map, and the blocks moved."""
        places = block_samples(self.shape, BLOCK)
        sources = np.empty_like(places)
        for turns in range(4):
            for mirror in range(MIRRORS):
                chosen = (self.quarter_turns == turns) & (self.mirror == mirror)
                turned = np.rot90(places[chosen], turns, axes=(1, 2))
                sources[chosen] = np.flip(turned, axis=(3 - mirror,)) if mirror else turned
        sources = np.take_along_axis(sources, CHANNEL_ORDERS[self.colours][:, None, None], axis=3)
        source, flip = np.empty(places.size, np.uint32), np.empty(places.size, np.uint8)
        source[places] = sources[self.block_order]
        flip[places] = np.where(self.negative[self.block_order], 255, 0)[:, None, None, None]
        return FixedMap(source, flip)
