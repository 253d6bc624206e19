"""Real serial ports and whatever else pyserial opens by name."""

import errno
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from link.transport.descriptor import DescriptorTransport
from link.transport.tcp import without_credentials
from link.transport.transport import LinkTimeout, PortError, Transport

_TROUBLES = {
    errno.ENOENT: "there is no such port",
    errno.EACCES: "this user may not open it",
    errno.EPERM: "this user may not open it",
    errno.EBUSY: "another program has it",
    errno.EAGAIN: "another program has it",
    errno.ENOTTY: "it is not a serial port",
    errno.EISDIR: "it is not a serial port",
    errno.EIO: "the device behind it does not answer",
    errno.ENXIO: "the device behind it does not answer",
    errno.ENODEV: "the device behind it does not answer",
}


def open_serial(url: str, baud: int) -> Transport:
    """A serial port by its path, or by pyserial's `hwgrep://`, `alt://` or `spy://`.

    The port is locked, so that no second keycam steals its bytes. Raises PortError, and ValueError for a URL that pyserial
    does not understand.
    """
    import serial

    try:
        # With an inter-byte timeout pyserial sets VMIN to 1; otherwise a terminal that has nothing reads like one that is gone.
        port = serial.serial_for_url(url, baudrate=baud, exclusive=True, inter_byte_timeout=0)
    except Exception as error:  # pyserial lets out whatever its parsers and termios raise
        raise refused(url, error, _free_port()) from error
    # pyserial knows which port a hwgrep:// found, and that is the one that a person wants to read about.
    transport = DescriptorTransport(port.fileno(), port.port, port.close)
    formatter = getattr(port, "formatter", None)
    return transport if formatter is None else _SpiedTransport(transport, formatter)


def refused(url: str, error: BaseException, allowed: str) -> PortError | ValueError:
    """What pyserial's refusal of a URL says, in one sentence that keeps credentials to itself."""
    name = without_credentials(url)
    causes = list(_chain(error))
    # Errors in options come as SerialException out of a ValueError, and termios.error has its number in its arguments only.
    if any(isinstance(cause, ValueError | TypeError | re.error) for cause in causes):
        return ValueError(f"link = {name}: pyserial does not understand it; allowed is one of its URLs, spelled as it says")
    numbers = [cause.args[0] for cause in causes if cause.args and isinstance(cause.args[0], int)]
    trouble = next((_TROUBLES[number] for number in numbers if number in _TROUBLES), None)
    if trouble is None:
        trouble = os.strerror(numbers[0]) if numbers else "nothing fits it"
    return PortError(f"link = {name}: {trouble}; allowed is {allowed}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _free_port() -> str:
    """What is allowed, with the ports of this machine, since a list of them is what one looks for next."""
    from serial.tools.list_ports import comports

    names = sorted(port.device for port in comports())
    return "a serial port that is there and free" + (f", as {', '.join(names)}" if names else "")


class _SpiedTransport:
    """What `spy://` shows or writes, which pyserial does in its own `read` and `write` only."""

    def __init__(self, transport: Transport, formatter: Any) -> None:
        self._transport, self._formatter = transport, formatter

    @property
    def name(self) -> str:
        return self._transport.name

    def read(self, timeout_s: float) -> bytes:
        data = self._transport.read(timeout_s)
        if data:
            self._formatter.rx(data)
        return data

    def write(self, data: bytes) -> None:
        try:
            self._transport.write(data)
        except LinkTimeout as error:
            self._formatter.tx(data[: error.taken_bytes])
            raise
        self._formatter.tx(data)

    def close(self) -> None:
        self._transport.close()
        if self._formatter.output not in (sys.stderr, sys.stdout):
            self._formatter.output.close()  # pyserial leaves the file of `spy://PORT?file=NAME` open
