"""Pixel-based encryption: W. Sirichotedumrong, Y. Kinoshita, H. Kiya, "Pixel-Based Image Encryption Without Key Management for
Privacy-Preserving Deep Neural Networks", IEEE Access 7, 2019.

Every channel value of every pixel is complemented (v becomes v XOR 255) or not, by a bit of the key; then the three values of a
pixel may change places, in one of six orders for each pixel.

Where the paper leaves room:

- There is one key for all images or one for each, and a network trained on the latter needs none; `fresh` says which.
- Image n's key is drawn by Philox, keyed with a master and with n as its counter. That is for audits: Philox is no cipher, and a
  product would draw from a keyed stream, as `adc` does.
- The exchange of colours is the paper's optional step and on unless told.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from privacy.schemes.scheme import KeyScope, Sent, checked_images, checked_sent, checked_shape, flat, no_tags

CHANNEL_ORDERS = np.array(list(permutations(range(3))))
"""The six orders of three channels, int64 (6, 3): what each channel takes."""
MASTER_BYTES = 16


@dataclass(frozen=True, eq=False)
class PixelBasedEncryption:
    """Complements and exchanges of colours inside pixels; no pixel moves.

    Attributes
    ----------
    shape
        Height and width, pixels.
    master
        16 bytes that the keys are drawn from.
    fresh
        Whether every image has a key of its own.
    exchanges_colours
        Whether the values of a pixel change places.

    Raises ValueError for another shape or master.
    """

    shape: tuple[int, int]
    master: bytes = field(repr=False)
    fresh: bool = True
    exchanges_colours: bool = True

    notices_alterations: ClassVar[bool] = False

    def __post_init__(self) -> None:
        checked_shape(self.shape)
        if len(self.master) != MASTER_BYTES:
            raise ValueError(f"master = {len(self.master)} bytes: allowed is {MASTER_BYTES} bytes")

    @classmethod
    def with_key(cls, rng: np.random.Generator, shape: tuple[int, int], *, fresh: bool = True) -> Self:
        """Draw a master; an audit repeats it from the generator's seed."""
        return cls(shape, rng.bytes(MASTER_BYTES), fresh)

    @property
    def name(self) -> str:
        """pixel-based, or pixel-based-static with one key for all images."""
        return "pixel-based" if self.fresh else "pixel-based-static"

    @property
    def key_scope(self) -> KeyScope:
        """What has a key of its own."""
        return "image" if self.fresh else "device"

    @property
    def key_handling(self) -> str:
        """Where the key is and who needs it."""
        if self.fresh:
            return "a key for each image, needed by nobody but who wants the image back: the network is trained without"
        return "one static key; the network is trained on images under it, so a new key is a new training"

    @property
    def protects(self) -> str:
        """What it protects."""
        return "Hides colour and shading from the eye; edges and shapes stay: no pixel moves, and each value is one of two."

    @property
    def key_bits(self) -> float:
        """log2 of 8^P, or of 48^P where colours are exchanged, for P pixels: the paper's count for one image's key."""
        return self.shape[0] * self.shape[1] * (3 + (math.log2(6) if self.exchanges_colours else 0))

    def drawn(self, number: int) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
        """What image `number` is mapped by, the same for all where the key is not fresh: sent[q] = image[source[q]] XOR flip[q].

        Returns source, intp (3 P,), and flip, uint8 (3 P,), 0 or 255.
        """
        rng = np.random.Generator(np.random.Philox(key=self._philox_key, counter=[0, 0, 0, number if self.fresh else 0]))
        pixels = self.shape[0] * self.shape[1]
        flip = np.unpackbits(np.frombuffer(rng.bytes(-(-3 * pixels // 8)), np.uint8), count=3 * pixels) * np.uint8(255)
        source = np.arange(3 * pixels)
        if self.exchanges_colours:
            source = (source[::3, None] + CHANNEL_ORDERS[rng.integers(0, 6, pixels)]).reshape(-1)
        return source, flip[source]  # a value is complemented where it comes from, then moves

    @cached_property
    def _philox_key(self) -> NDArray[np.uint64]:
        return np.frombuffer(self.master, "<u8").astype(np.uint64)

    @cached_property
    def _static(self) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
        return self.drawn(0)

    def encrypt(self, images: NDArray[np.uint8], first: int = 0) -> Sent:
        """Encrypt pictures, uint8 (N, H, W, 3); see Scheme."""
        images = checked_images(images, self.shape)
        rows = flat(images)
        sent = np.empty_like(rows)
        for at, row in enumerate(rows):
            source, flip = self.drawn(first + at) if self.fresh else self._static
            sent[at] = row[source] ^ flip
        return Sent(sent.reshape(images.shape), no_tags(len(images)))

    def decrypt(self, sent: Sent, first: int = 0) -> NDArray[np.uint8]:
        """The exact inverse, uint8 (N, H, W, 3); see Scheme."""
        samples = checked_sent(sent, self.shape).samples
        rows = flat(samples.astype(np.uint8, copy=False))
        images = np.empty_like(rows)
        for at, row in enumerate(rows):
            source, flip = self.drawn(first + at) if self.fresh else self._static
            images[at, source] = row ^ flip
        return images.reshape(samples.shape)
