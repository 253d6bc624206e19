"""Key-Nets' image key: J. Byrne, B. DeCann, S. Bloom, "Key-Nets: Optical Transformation Convolutional Networks for Privacy
Preserving Vision Sensors", arXiv 2008.04469, 2020.

The sensor sends A x, with x all samples of a picture and A a sparse matrix that is secret; a network whose layers are keyed as
A W A_prev^-1 gives on it the answers that the plain network gives on x (`key_nets_layers`). Behind a ReLU, A can only be a
permutation with positive gains: nothing else commutes with it.

Where the paper leaves room:

- A is that permutation with gains at the sensor too. The paper's doubly stochastic matrices (fractional
  shuffling) send sums of samples, which whole numbers do not give back exactly; its biases are left out.
- The permutation is over all samples, so that colours mix; the paper's code does that, its optics could not.
- Gains are whole numbers, 1 to 257, so that what travels is a whole number of 16 bits (255 x 257 = 65535) with an exact inverse.
- A is static: the paper pairs one sensor with one network.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from privacy.schemes.fixed_map import FixedMap
from privacy.schemes.scheme import (
    KeyScope,
    Sent,
    checked_images,
    checked_orders,
    checked_sent,
    checked_shape,
    flat,
    no_tags,
    permutations_bits,
)

MOST_GAIN = 257


@dataclass(frozen=True, eq=False)
class KeyNets:
    """One permutation of a picture's samples with a gain for each, the same for all pictures.

    Attributes
    ----------
    shape
        Height and width; they make S = 3 H W samples.
    order
        int64 (S,): the sample that each place takes.
    gain
        uint16 (S,), 1 to 257: what it is multiplied with there.

    Raises ValueError for another shape or key.
    """

    name: ClassVar[str] = "key-nets"
    key_scope: ClassVar[KeyScope] = "device"
    notices_alterations: ClassVar[bool] = False
    key_handling: ClassVar[str] = "one static key in the sensor; the keyed network is made from it without training"
    protects: ClassVar[str] = (
        "Hides layout and brightness of a single image; over many images every sample keeps its place and its gain."
    )

    shape: tuple[int, int]
    order: NDArray[np.int64] = field(repr=False)
    gain: NDArray[np.uint16] = field(repr=False)

    def __post_init__(self) -> None:
        checked_shape(self.shape)
        checked_orders("order", self.order, (self._samples,))
        if self.gain.dtype != np.uint16 or self.gain.shape != (self._samples,):
            raise ValueError(f"gain = {self.gain.dtype} {self.gain.shape}: allowed is uint16 ({self._samples},)")
        if not ((self.gain >= 1) & (self.gain <= MOST_GAIN)).all():
            raise ValueError(f"gain = {self.gain.min()} to {self.gain.max()}: allowed is 1 to {MOST_GAIN}")

    @classmethod
    def with_key(cls, rng: np.random.Generator, shape: tuple[int, int]) -> Self:
        """Draw a key; an audit repeats it from the generator's seed, a product would draw it from a keyed stream."""
        checked_shape(shape)
        samples = 3 * shape[0] * shape[1]
        return cls(shape, rng.permutation(samples), rng.integers(1, MOST_GAIN + 1, samples, np.uint16))

    @property
    def key_bits(self) -> float:
        """log2 of S! 257^S."""
        return permutations_bits(self._samples) + self._samples * math.log2(MOST_GAIN)

    @property
    def _samples(self) -> int:
        return 3 * self.shape[0] * self.shape[1]

    @cached_property
    def _forth(self) -> FixedMap:
        return FixedMap(self.order.astype(np.uint32), np.zeros(self._samples, np.uint8))

    @cached_property
    def _back(self) -> FixedMap:
        return self._forth.inverse()

    def encrypt(self, images: NDArray[np.uint8], first: int = 0) -> Sent:
        """Send A x, uint16, of pictures x, uint8 (N, H, W, 3); see Scheme."""
        images = checked_images(images, self.shape)
        samples = self._forth.applied(flat(images)) * self.gain
        return Sent(samples.reshape(images.shape), no_tags(len(images)))

    def decrypt(self, sent: Sent, first: int = 0) -> NDArray[np.uint8]:
        """A^-1 of what was sent, uint8 (N, H, W, 3), clipped at 255, which only another key's samples exceed; see Scheme."""
        samples = np.asarray(checked_sent(sent, self.shape, np.uint16).samples, np.uint16)
        codes = np.minimum(flat(samples) // self.gain, 255).astype(np.uint8)
        return self._back.applied(codes).reshape(samples.shape)
