"""What every stream of bytes can do, be it a serial port, a pseudo-terminal, a socket or a queue."""

from typing import Protocol


class LinkLost(OSError):
    """The other end, or the port itself, is gone; only opening it again can help."""


class LinkTimeout(OSError):
    """The other end takes no bytes: how many of them it took before is in `taken_bytes`."""

    def __init__(self, message: str, taken_bytes: int = 0) -> None:
        super().__init__(message)
        self.taken_bytes = taken_bytes


class Transport(Protocol):
    """A two-way stream of bytes, without any packets. One thread may read while another writes."""

    @property
    def name(self) -> str:
        """What a person would call it: a device path or a URL, without credentials."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """Whatever has arrived, at least one byte; b"" when nothing came within `timeout_s`. Raises LinkLost."""
        ...

    def write(self, data: bytes) -> None:
        """Hand over all bytes in order. Raises LinkTimeout when the other end takes none for a while, and LinkLost."""
        ...

    def close(self) -> None:
        """Let go of the port; a read or write under way raises LinkLost. Harmless when repeated."""
        ...
