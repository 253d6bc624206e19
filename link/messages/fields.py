"""What a field of a payload may be, and how it is written: little-endian, without padding."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

from adc import FrameError, FrameHeader


class MessageError(ValueError):
    """A payload that is not that of its type, or a field that does not fit into one."""


class Unread:
    """The part of a payload that is not read yet."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes. Raises MessageError where there are fewer."""
        if self.at + size > len(self.payload):
            raise MessageError(f"payload = {len(self.payload)} bytes: allowed is {self.at + size} or more for its type")
        self.at += size
        return self.payload[self.at - size : self.at]

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(len(self.payload) - self.at)


class Field(Protocol):
    """One field: `form` is what docs/protocol.md calls it."""

    @property
    def form(self) -> str: ...

    def trouble(self, value: Any) -> str | None:
        """What is allowed, where `value` is not."""
        ...

    def pack(self, value: Any) -> bytes: ...

    def unpack(self, unread: Unread) -> Any: ...


@dataclass(frozen=True)
class Whole:
    """A whole number of `size_bytes`, unsigned."""

    size_bytes: int

    @property
    def form(self) -> str:
        return f"u{8 * self.size_bytes}"

    def trouble(self, value: Any) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 8 * self.size_bytes
        return None if fits else f"0 to 2**{8 * self.size_bytes} - 1"

    def pack(self, value: Any) -> bytes:
        return int(value).to_bytes(self.size_bytes, "little")

    def unpack(self, unread: Unread) -> int:
        return int.from_bytes(unread.take(self.size_bytes), "little")


@dataclass(frozen=True)
class Code:
    """One of the numbers that have a name."""

    kind: type[IntEnum]
    size_bytes: int = 1

    @property
    def form(self) -> str:
        return f"u{8 * self.size_bytes} {self.kind.__name__}"

    def trouble(self, value: Any) -> str | None:
        return None if isinstance(value, self.kind) else f"one of {', '.join(member.name for member in self.kind)}"

    def pack(self, value: Any) -> bytes:
        return int(value).to_bytes(self.size_bytes, "little")

    def unpack(self, unread: Unread) -> IntEnum:
        number = int.from_bytes(unread.take(self.size_bytes), "little")
        try:
            return self.kind(number)
        except ValueError:
            names = ", ".join(f"{member.value} {member.name}" for member in self.kind)
            raise MessageError(f"{self.kind.__name__} = {number}: allowed is {names}") from None


@dataclass(frozen=True)
class Octets:
    """Exactly `size_bytes` bytes."""

    size_bytes: int

    @property
    def form(self) -> str:
        return f"{self.size_bytes} bytes"

    def trouble(self, value: Any) -> str | None:
        return None if isinstance(value, bytes) and len(value) == self.size_bytes else f"{self.size_bytes} bytes"

    def pack(self, value: Any) -> bytes:
        return bytes(value)

    def unpack(self, unread: Unread) -> bytes:
        return unread.take(self.size_bytes)


@dataclass(frozen=True)
class Text:
    """Text of at most `most_bytes` in UTF-8, behind its length in one byte."""

    most_bytes: int

    @property
    def form(self) -> str:
        return f"text <= {self.most_bytes}"

    def trouble(self, value: Any) -> str | None:
        fits = isinstance(value, str) and value.isprintable() and len(value.encode()) <= self.most_bytes
        return None if fits else f"printable text of up to {self.most_bytes} bytes"

    def pack(self, value: Any) -> bytes:
        text = str(value).encode()
        return bytes([len(text)]) + text

    def unpack(self, unread: Unread) -> str:
        written = unread.take(unread.take(1)[0])
        try:
            return written.decode()
        except UnicodeDecodeError:
            raise MessageError(f"text = {len(written)} bytes: allowed is UTF-8") from None


@dataclass(frozen=True)
class Tail:
    """Everything to the payload's end."""

    @property
    def form(self) -> str:
        return "bytes to the end"

    def trouble(self, value: Any) -> str | None:
        return None if isinstance(value, bytes) else "bytes"

    def pack(self, value: Any) -> bytes:
        return bytes(value)

    def unpack(self, unread: Unread) -> bytes:
        return unread.rest()


@dataclass(frozen=True)
class Spans:
    """Pairs (offset, length) in bytes, each a u32, to the payload's end; no length is 0 and no span ends above 2**32."""

    @property
    def form(self) -> str:
        return "(u32, u32) to the end"

    def trouble(self, value: Any) -> str | None:
        fits = isinstance(value, tuple) and all(
            0 <= offset < 1 << 32 and 0 < length < 1 << 32 and offset + length <= 1 << 32 for offset, length in value
        )
        return None if fits else "pairs (offset, length) with a length of 1 or more, up to 2**32 together"

    def pack(self, value: Any) -> bytes:
        return b"".join(struct.pack("<II", *span) for span in value)

    def unpack(self, unread: Unread) -> tuple[tuple[int, int], ...]:
        written = unread.rest()
        if len(written) % 8:
            raise MessageError(f"ranges = {len(written)} bytes: allowed is a multiple of 8")
        return tuple(struct.iter_unpack("<II", written))


@dataclass(frozen=True)
class HeaderOfFrame:
    """A frame's header as docs/key-schedule.md has it, behind its length in two bytes."""

    @property
    def form(self) -> str:
        return "u16 length, header"

    def trouble(self, value: Any) -> str | None:
        return None if isinstance(value, FrameHeader) else "a FrameHeader"

    def pack(self, value: Any) -> bytes:
        written: bytes = value.to_bytes()
        return struct.pack("<H", len(written)) + written

    def unpack(self, unread: Unread) -> FrameHeader:
        (size,) = struct.unpack("<H", unread.take(2))
        try:
            return FrameHeader.from_bytes(unread.take(size))
        except FrameError as error:
            raise MessageError(str(error)) from None


U8, U16, U32, U64 = Whole(1), Whole(2), Whole(4), Whole(8)
NAME = Text(64)
