"""What every scheme is: pictures go in, what travels comes out, and the key holder gets the same pictures back."""

import math
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)
KeyScope = Literal["device", "image", "none"]
Samples = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Sent:
    """What travels of N pictures, and so what everyone on the way sees.

    Attributes
    ----------
    samples
        uint8 or uint16 (N, H, W, 3), laid out as it leaves: without the key there is no better place for a sample.
    tags
        uint8 (N, T): what notices an alteration; T is 0 where the scheme notices none.

    Raises ValueError for arrays of another type or shape.
    """

    samples: Samples
    tags: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.samples.dtype not in (np.uint8, np.uint16) or self.samples.ndim != 4 or self.samples.shape[3] != 3:
            what = f"{self.samples.dtype} {self.samples.shape}"
            raise ValueError(f"samples = {what}: allowed is uint8 or uint16 (N, H, W, 3)")
        if self.tags.dtype != np.uint8 or self.tags.ndim != 2 or len(self.tags) != len(self.samples):
            raise ValueError(f"tags = {self.tags.dtype} {self.tags.shape}: allowed is uint8 ({len(self.samples)}, T)")


class Scheme(Protocol):
    """One scheme with its key, for pictures of one size.

    Pictures have numbers. A scheme with a key for each image takes picture n's key from n, so a number is used once; a
    scheme with one key for the device pays no heed to it.
    """

    @property
    def name(self) -> str:
        """The name by which `make_scheme` knows it."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of its pictures, pixels."""

    @property
    def key_bits(self) -> float:
        """log2 of how many keys there are: what trying them all costs, and no measure of strength against anything else."""

    @property
    def key_scope(self) -> KeyScope:
        """What has a key of its own: the device (its key is static), every image, or nothing."""

    @property
    def notices_alterations(self) -> bool:
        """Whether every image carries a tag."""

    @property
    def key_handling(self) -> str:
        """Where the key is and who needs it, in a few words."""

    @property
    def protects(self) -> str:
        """What it protects, in one sentence."""

    def encrypt(self, images: NDArray[np.uint8], first: int = 0) -> Sent:
        """Encrypt pictures number first, first + 1, ...: uint8 (N, H, W, 3). Raises ValueError for another type or size."""

    def decrypt(self, sent: Sent, first: int = 0) -> NDArray[np.uint8]:
        """The exact inverse under the same key and numbers, uint8 (N, H, W, 3).

        Raises ValueError for another size, and adc.TagError where the scheme has tags and one does not fit; then nothing
        is returned.
        """


def checked_images(images: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """The pictures, contiguous; raises ValueError unless they are uint8 (N, H, W, 3) of this height and width."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (*shape, 3):
        raise ValueError(f"images = {images.dtype} {images.shape}: allowed is uint8 (N, {shape[0]}, {shape[1]}, 3)")
    return np.ascontiguousarray(images)


def checked_sent(sent: Sent, shape: tuple[int, int], dtype: type[np.generic] = np.uint8, tag_bytes: int = 0) -> Sent:
    """What travelled; raises ValueError unless it has this height, width, type and length of a tag."""
    samples, tags = sent.samples, sent.tags
    if samples.dtype != dtype or samples.shape[1:] != (*shape, 3) or tags.shape[1] != tag_bytes:
        what = f"{samples.dtype} {samples.shape} with tags of {tags.shape[1]} bytes"
        allowed = f"{np.dtype(dtype)} (N, {shape[0]}, {shape[1]}, 3) with tags of {tag_bytes} bytes"
        raise ValueError(f"sent = {what}: allowed is {allowed}")
    return sent


def checked_shape(shape: tuple[int, int], block: int = 1) -> None:
    """Raise ValueError unless height and width are whole multiples of a block's side."""
    if len(shape) != 2 or not all(isinstance(side, int) and side > 0 and side % block == 0 for side in shape):
        sides = f"whole multiples of {block}, the side of a block" if block > 1 else "1 or more"
        raise ValueError(f"shape = {'x'.join(map(str, shape))}: the scheme cannot take it; allowed is two sides of {sides}")


def checked_orders(name: str, orders: NDArray[np.integer], shape: tuple[int, ...]) -> None:
    """Raise ValueError unless every row of a key has this shape and holds each number from 0 up once."""
    if orders.shape != shape or not (np.sort(orders, axis=-1) == np.arange(shape[-1])).all():
        raise ValueError(f"{name} = {orders.dtype} {orders.shape}: allowed is permutations, {shape}")


def checked_choices(name: str, choices: NDArray[np.integer], shape: tuple[int, ...], choices_of: int) -> None:
    """Raise ValueError unless a key has this shape and every entry is 0 to choices_of - 1."""
    if choices.shape != shape or not ((choices >= 0) & (choices < choices_of)).all():
        raise ValueError(f"{name} = {choices.dtype} {choices.shape}: allowed is 0 to {choices_of - 1}, {shape}")


def flat(samples: NDArray[Scalar]) -> NDArray[Scalar]:
    """Pictures (N, H, W, 3), or none of that size, as rows (N, 3 H W)."""
    return samples.reshape(len(samples), math.prod(samples.shape[1:]))


def no_tags(count: int) -> NDArray[np.uint8]:
    """The tags of a scheme that has none, uint8 (N, 0)."""
    return np.empty((count, 0), np.uint8)


def permutations_bits(places: int) -> float:
    """log2 of the number of permutations of so many places."""
    return math.lgamma(places + 1) / math.log(2)
