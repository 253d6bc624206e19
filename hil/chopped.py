"""A transport whose bytes pass in pieces of random size, so that what strikes "the next byte" strikes any byte of a packet."""

from collections import deque

import numpy as np

from link.transport import Transport

MOST_PIECE_BYTES = 600
"""About two packets of the sweep's frames: pieces begin anywhere in them."""


class Chopped:
    """Cuts what is read and what is written; nothing is lost, and nothing waits for more than is there.

    Parameters
    ----------
    transport
        carries the bytes, and is closed with this.
    rng
        where it is cut.
    """

    def __init__(self, transport: Transport, rng: np.random.Generator) -> None:
        self._transport, self._reading, self._writing = transport, *rng.spawn(2)
        self._read: deque[bytes] = deque()

    @property
    def name(self) -> str:
        return self._transport.name

    def read(self, timeout_s: float) -> bytes:
        if not self._read:
            self._read.extend(_cut(self._transport.read(timeout_s), self._reading))
        return self._read.popleft() if self._read else b""

    def write(self, data: bytes) -> None:
        for piece in _cut(data, self._writing):
            self._transport.write(piece)

    def close(self) -> None:
        self._transport.close()


def _cut(data: bytes, rng: np.random.Generator) -> list[bytes]:
    """Pieces of 1 to MOST_PIECE_BYTES bytes; a short piece of data is cut in two."""
    pieces, at = [], 0
    while at < len(data):
        end = at + int(rng.integers(1, min(MOST_PIECE_BYTES, max(len(data) - at, 1)) + 1))
        pieces.append(data[at:end])
        at = end
    return pieces
