"""The ChaCha20 keystream as arrays: everything secret in a frame is drawn from one of these."""

import sys
from typing import TypeVar

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from numpy.typing import NDArray

Unsigned = TypeVar("Unsigned", np.uint8, np.uint16, np.uint32)

KEY_BYTES = 32
COUNTER_LIMIT = 2**64

# Encrypting zeros yields the keystream; a quarter of a mebibyte of them stays in the second-level cache.
_ZEROS = memoryview(bytes(1 << 18))


class Keystream:
    """One ChaCha20 keystream, read from its beginning (D. J. Bernstein's layout: 64-bit block counter, 64-bit nonce).

    The block counter starts at 0 and has 64 bits of its own, so that streams of different nonces never meet.
    With the 32-bit block counter of RFC 8439 the layout is the same: its 96-bit nonce is 4 zero bytes and this nonce.

    Parameters
    ----------
    key
        32 bytes.
    nonce
        0 to 2**64 - 1; never used twice with one key.
    """

    def __init__(self, key: bytes | bytearray, nonce: int) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"key = {len(key)} bytes: allowed is {KEY_BYTES} bytes")
        if not 0 <= nonce < COUNTER_LIMIT:
            raise ValueError(f"nonce = {nonce}: allowed is 0 to 2**64 - 1")
        self._encryptor = Cipher(ChaCha20(key, bytes(8) + nonce.to_bytes(8, "little")), mode=None).encryptor()

    def octets(self, count: int) -> NDArray[np.uint8]:
        """The next count bytes, uint8 (count,), uniform over 0 to 255."""
        return self.fill(np.empty(count, np.uint8))

    def half_words(self, count: int) -> NDArray[np.uint16]:
        """The next 2 * count bytes as little-endian uint16 (count,), uniform over 0 to 2**16 - 1."""
        return self.fill(np.empty(count, np.uint16))

    def words(self, count: int) -> NDArray[np.uint32]:
        """The next 4 * count bytes as little-endian uint32 (count,), uniform over 0 to 2**32 - 1."""
        return self.fill(np.empty(count, np.uint32))

    def fill(self, drawn: NDArray[Unsigned]) -> NDArray[Unsigned]:
        """Overwrite an unsigned array (n,) with the next keystream, little-endian, and return it."""
        view = drawn.view(np.uint8).data
        for begin in range(0, len(view), len(_ZEROS)):
            end = min(begin + len(_ZEROS), len(view))
            self._encryptor.update_into(_ZEROS[: end - begin], view[begin:end])
        return drawn if sys.byteorder == "little" else drawn.byteswap(inplace=True)
