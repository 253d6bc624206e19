"""PrivConv's image transform: Z. Qi, A. MaungMaung, H. Kiya, "Privacy-Preserving Image Classification Using ConvMixer with
Adaptative Permutation Matrix and Block-Wise Scrambled Image Encryption", Journal of Imaging 9(4), 2023.

Blocks of MxM pixels change places (key K1); inside every block the values change places over pixels and channels (K2), and some
are complemented (v becomes v XOR 255, K3). K2 and K3 are the same in all blocks, so that a ConvMixer whose patches are the
blocks can learn them; its adaptive permutation matrix learns K1.

Where the paper leaves room:

- All three keys are those of all images. A complement belongs to the place where a value arrives, a fair coin for each place.
- M is 4 unless told, so that the blocks are those of the other schemes; it must divide both sides.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from privacy.schemes.fixed_map import FixedMap, MappedScheme, block_samples
from privacy.schemes.scheme import KeyScope, checked_choices, checked_orders, checked_shape, permutations_bits


@dataclass(frozen=True, eq=False)
class PrivConv(MappedScheme):
    """Blocks moved, and one permutation with complements inside all of them.

    Attributes
    ----------
    shape
        Height and width, multiples of M; they make B blocks.
    block
        M, pixels.
    block_order
        K1, int64 (B,): the block that each place takes.
    sample_order
        K2, int64 (3 M M,): the value that each place of a block takes.
    negative
        K3, int64 (3 M M,): 1 where the value that arrives is complemented.

    Raises ValueError for another shape or keys.
    """

    name: ClassVar[str] = "privconv"
    key_scope: ClassVar[KeyScope] = "device"
    notices_alterations: ClassVar[bool] = False
    key_handling: ClassVar[str] = "three static keys; the network is trained on images under them, so a new key is a new training"
    protects: ClassVar[str] = (
        "Hides layout and detail of a single image from the eye; over many images every value keeps its place."
    )

    shape: tuple[int, int]
    block: int
    block_order: NDArray[np.int64] = field(repr=False)
    sample_order: NDArray[np.int64] = field(repr=False)
    negative: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        checked_shape(self.shape, self.block)
        checked_orders("block_order", self.block_order, (self._blocks,))
        checked_orders("sample_order", self.sample_order, (3 * self.block**2,))
        checked_choices("negative", self.negative, (3 * self.block**2,), 2)

    @classmethod
    def with_key(cls, rng: np.random.Generator, shape: tuple[int, int], *, block: int = 4) -> Self:
        """Draw a key; an audit repeats it from the generator's seed, a product would draw it from a keyed stream."""
        checked_shape(shape, block)
        samples = 3 * block**2
        order = rng.permutation(shape[0] * shape[1] // block**2)
        return cls(shape, block, order, rng.permutation(samples), rng.integers(0, 2, samples))

    @property
    def key_bits(self) -> float:
        """log2 of B! (3 M M)! 2^(3 M M)."""
        samples = 3 * self.block**2
        return permutations_bits(self._blocks) + permutations_bits(samples) + samples

    @property
    def _blocks(self) -> int:
        return self.shape[0] * self.shape[1] // self.block**2

    def fixed_map(self) -> FixedMap:
        """The map in every block, and the blocks moved."""
        places = block_samples(self.shape, self.block).reshape(self._blocks, -1)
        source, flip = np.empty(places.size, np.uint32), np.empty(places.size, np.uint8)
        source[places] = places[self.block_order][:, self.sample_order]
        flip[places] = np.where(self.negative, 255, 0)
        return FixedMap(source, flip)
