"""Every byte of a link in a file, with its time and direction: pcapng, which Wireshark opens.

The file is what the IETF draft "PCAP Now Generic (pcapng) Capture File Format" describes, little-endian: one section header, one
interface (link type 147, reserved for users; times in ns) and an enhanced packet block for each piece of bytes, flagged inbound
where this end read it and outbound where it wrote it. A piece is what one call moved; it is no packet of the protocol.

Each block goes to the system in one write, so that a process that is killed leaves all of them but the last whole, and what a
crash cut off at the end is left out when the file is read.
"""

import os
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self

from link.transport.transport import LinkTimeout, Transport

LINK_TYPE_USER0 = 147
MOST_PIECE_BYTES = 1 << 20
_SECTION, _INTERFACE, _PACKET, _DAMAGED = 0x0A0D0D0A, 1, 6, -1
_BYTE_ORDER = 0x1A2B3C4D
_HEAD = struct.Struct("<II")
_TAIL = struct.Struct("<I")
_PACKET_FIELDS = struct.Struct("<IIIII")
_OPTION = struct.Struct("<HH")
_FLAGS = struct.Struct("<HHIHH")
_INBOUND, _OUTBOUND = 1, 2

Heading = Literal["read", "written"]


@dataclass(frozen=True)
class CapturedPiece:
    """Bytes that one call read or wrote.

    Attributes
    ----------
    time_s
        since 1970, UTC.
    heading
        what the end that captured did with them.
    data
        the bytes.
    """

    time_s: float
    heading: Heading
    data: bytes


class Capture:
    """A file that takes the bytes of a link. Any thread may add to it; use it as a context manager, or call `close`.

    Parameters
    ----------
    path
        must not exist yet.
    name
        of the link, for whoever opens the file.

    Raises FileExistsError for a file that is there: a capture is evidence, and never written over.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._adding = threading.Lock()
        # Time of day once and then steps of a clock that nobody sets, so that pieces never seem to run backwards.
        self._clock_offset_ns = time.time_ns() - time.monotonic_ns()
        self._file = path.open("xb", buffering=0)
        section = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1) + _options((4, b"keycam"))
        nanoseconds = (9, b"\x09")
        interface = struct.pack("<HHI", LINK_TYPE_USER0, 0, 0) + _options((2, name.encode()[:255]), nanoseconds)
        self._put(_block(_SECTION, section) + _block(_INTERFACE, interface))

    def add(self, heading: Heading, data: bytes) -> None:
        """Write down bytes that have just been read or written. After `close` they are ignored."""
        for start in range(0, len(data), MOST_PIECE_BYTES):
            piece = data[start : start + MOST_PIECE_BYTES]
            with self._adding:
                if self._file.closed:
                    return
                time_ns = time.monotonic_ns() + self._clock_offset_ns
                fields = _PACKET_FIELDS.pack(0, time_ns >> 32, time_ns & 0xFFFFFFFF, len(piece), len(piece))
                flags = _FLAGS.pack(2, 4, _INBOUND if heading == "read" else _OUTBOUND, 0, 0)
                self._put(_block(_PACKET, fields + piece + b"\0" * (-len(piece) % 4) + flags))

    def _put(self, block: bytes) -> None:
        view = memoryview(block)
        while view:  # a full disk takes a part, and says so the next time
            view = view[self._file.write(view) :]

    def close(self) -> None:
        """Have the system put the file on the disk; harmless when repeated."""
        with self._adding:
            if not self._file.closed:
                try:
                    os.fsync(self._file.fileno())
                finally:
                    self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class CapturedTransport:
    """A transport whose bytes are written down as they pass. The capture stays open when it is closed."""

    def __init__(self, transport: Transport, capture: Capture) -> None:
        self._transport, self._capture = transport, capture

    @property
    def name(self) -> str:
        return self._transport.name

    def read(self, timeout_s: float) -> bytes:
        data = self._transport.read(timeout_s)
        self._capture.add("read", data)
        return data

    def write(self, data: bytes) -> None:
        try:
            self._transport.write(data)
        except LinkTimeout as error:
            self._capture.add("written", data[: error.taken_bytes])
            raise
        self._capture.add("written", data)

    def close(self) -> None:
        self._transport.close()


def read_capture(path: Path) -> Iterator[CapturedPiece]:
    """The pieces of a capture in their order; what a crash cut off at its end is left out.

    Raises ValueError where the file is none of keycam's captures, or is damaged before its end.
    """
    with path.open("rb") as file:
        for number, expected in enumerate(chain((_SECTION, _INTERFACE), repeat(_PACKET))):
            block = _next_block(file)
            if block is None and number > 1:
                return
            if block is None or block[0] != expected:
                raise _damaged(path)
            if expected == _SECTION and not block[1].startswith(_TAIL.pack(_BYTE_ORDER)):
                raise _damaged(path)
            if expected == _PACKET:
                yield _piece(block[1], path)


def _next_block(file: BinaryIO) -> tuple[int, bytes] | None:
    """The kind and the body of the next block; None where the file ends, whether between blocks or within one."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, size = _HEAD.unpack(head)
    body = file.read(max(0, min(size, 2 * MOST_PIECE_BYTES) - _HEAD.size))
    if len(body) + _HEAD.size < size and size <= 2 * MOST_PIECE_BYTES:
        return None
    return (kind, body[: -_TAIL.size]) if body[-_TAIL.size :] == _TAIL.pack(size) else (_DAMAGED, b"")


def _piece(body: bytes, path: Path) -> CapturedPiece:
    _, high, low, size, _ = _PACKET_FIELDS.unpack_from(body)
    begin = _PACKET_FIELDS.size
    flags_at = begin + size + -size % 4
    if len(body) != flags_at + _FLAGS.size:
        raise _damaged(path)
    flags = _FLAGS.unpack_from(body, flags_at)[2]
    heading: Heading = "read" if flags & 3 == _INBOUND else "written"
    return CapturedPiece((high << 32 | low) / 1e9, heading, body[begin : begin + size])


def _damaged(path: Path) -> ValueError:
    return ValueError(f"capture = {path}: it is damaged or not keycam's; allowed is a file that keycam captured")


def _block(kind: int, body: bytes) -> bytes:
    size = _HEAD.size + len(body) + _TAIL.size
    return _HEAD.pack(kind, size) + body + _TAIL.pack(size)


def _options(*options: tuple[int, bytes]) -> bytes:
    return b"".join(_OPTION.pack(code, len(value)) + value + b"\0" * (-len(value) % 4) for code, value in (*options, (0, b"")))
