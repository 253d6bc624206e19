"""What every stream of bytes can do, be it a serial port, a pseudo-terminal, a socket or a queue."""

from typing import Protocol

WRITE_TIMEOUT_S = 1.0
"""How long the other end may take no byte at all before `write` gives up."""


class PortError(OSError):
    """A port that cannot be opened: the message is one sentence that names it, without credentials, and what is allowed."""


class LinkLost(OSError):
    """The other end, or the port itself, is gone. Open it again; a device's port takes its next host by itself."""


class LinkClosed(LinkLost):
    """This end has been closed by its own side: nothing went wrong, and nothing more will come."""


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
        """Let go of the port; a read or write under way raises LinkClosed. Harmless when repeated, from any thread."""
        ...


def lost(name: str, trouble: str) -> LinkLost:
    """The loss of link `name`, in one sentence."""
    return LinkLost(f"link = {name}: {trouble}; allowed is a link that stays connected")


def closed(name: str) -> LinkClosed:
    """What an end says that its own side has closed."""
    return LinkClosed(f"link = {name}: this end has been closed; allowed is a link that is open")


def stalled(name: str, taken_bytes: int, timeout_s: float = WRITE_TIMEOUT_S) -> LinkTimeout:
    """What a write says that was given up after `taken_bytes`."""
    trouble = f"the other end took nothing for {timeout_s:g} s after {taken_bytes} bytes"
    return LinkTimeout(f"link = {name}: {trouble}; allowed is an other end that reads", taken_bytes)
