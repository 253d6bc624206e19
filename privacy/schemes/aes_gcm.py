"""AES-256-GCM on the whole frame, and the plain network behind it: what a sober engineer would do (NIST SP 800-38D, 2007).

Nothing is left of the picture but its size. The network needs no change and no training, because it runs on the decrypted frame,
where the key is; that is also where keycam's keyed network runs.

Picture n's nonce is n, so a number is never used twice under one key: a product takes it from a persisted counter, as
`adc.CounterStore` is. A master drawn from a numpy generator is for audits alone.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from adc import TagError
from privacy.schemes.scheme import KeyScope, Sent, checked_images, checked_sent, checked_shape, flat

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16


@dataclass(frozen=True, eq=False)
class AesGcm:
    """The bytes of a frame under AES-256-GCM, with height and width under the tag as well.

    Attributes
    ----------
    shape
        Height and width, pixels.
    master
        32 secret bytes.

    Raises ValueError for another shape or master.
    """

    name: ClassVar[str] = "aes-256-gcm"
    key_scope: ClassVar[KeyScope] = "image"
    notices_alterations: ClassVar[bool] = True
    key_handling: ClassVar[str] = "one master in camera and host, a fresh keystream for each image; a new master costs nothing"
    protects: ClassVar[str] = "The whole picture against everyone without the key, and any alteration is noticed; its size shows."

    shape: tuple[int, int]
    master: bytes = field(repr=False)

    def __post_init__(self) -> None:
        checked_shape(self.shape)
        if len(self.master) != KEY_BYTES:
            raise ValueError(f"master = {len(self.master)} bytes: allowed is {KEY_BYTES} bytes")

    @classmethod
    def with_key(cls, rng: np.random.Generator, shape: tuple[int, int]) -> Self:
        """Draw a master; an audit repeats it from the generator's seed, a product takes it from the system's own source."""
        return cls(shape, rng.bytes(KEY_BYTES))

    @property
    def key_bits(self) -> float:
        """256."""
        return 8.0 * KEY_BYTES

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.master)

    @property
    def _associated(self) -> bytes:
        return b"".join(side.to_bytes(4) for side in self.shape)

    def encrypt(self, images: NDArray[np.uint8], first: int = 0) -> Sent:
        """Encrypt pictures, uint8 (N, H, W, 3); see Scheme."""
        images = checked_images(images, self.shape)
        rows = flat(images)
        sent = np.empty((len(rows), rows.shape[1] + TAG_BYTES), np.uint8)
        for at, row in enumerate(rows):
            written = self._cipher.encrypt(_nonce(first + at), row.data, self._associated)
            sent[at] = np.frombuffer(written, np.uint8)
        return Sent(sent[:, :-TAG_BYTES].reshape(images.shape), np.ascontiguousarray(sent[:, -TAG_BYTES:]))

    def decrypt(self, sent: Sent, first: int = 0) -> NDArray[np.uint8]:
        """The exact inverse, uint8 (N, H, W, 3); raises TagError where one was altered, moved or made under another key."""
        samples = checked_sent(sent, self.shape, tag_bytes=TAG_BYTES).samples
        images = np.empty(samples.shape, np.uint8)
        for at, (row, tag) in enumerate(zip(samples, sent.tags, strict=True)):
            try:
                written = self._cipher.decrypt(_nonce(first + at), row.tobytes() + tag.tobytes(), self._associated)
            except InvalidTag:
                raise TagError(f"image {first + at}: its tag does not fit its samples") from None
            images[at] = np.frombuffer(written, np.uint8).reshape(images.shape[1:])
        return images


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES)
