"""A serial port on another machine, behind a server that speaks RFC 2217 (telnet with control of the port)."""

import threading
import time
import warnings
from typing import Any

from link.transport.serial_port import refused
from link.transport.tcp import without_credentials
from link.transport.transport import LinkLost, Transport, closed, lost

_SLICE_S = 0.05
"""How long one of pyserial's reads waits: it cannot be interrupted, and every change of it is negotiated with the server."""
_PIECE_BYTES = 4096


def open_rfc2217(url: str, baud: int) -> Transport:
    """A serial port by pyserial's `rfc2217://host:port`, of some 1 MB/s at most, with reads of at least 50 ms when nothing comes.

    Raises PortError, and ValueError for a URL that pyserial does not understand.
    """
    import serial

    try:
        port = serial.serial_for_url(url, baudrate=baud, timeout=_SLICE_S)
    except Exception as error:  # pyserial lets out whatever its parsers and sockets raise
        raise refused(url, error, "the address of a server that speaks RFC 2217") from error
    return _Rfc2217Transport(port, without_credentials(url))


class _Rfc2217Transport:
    """pyserial's port has no write timeout: a server that takes nothing for 5 s ends the connection, which is a LinkLost."""

    def __init__(self, port: Any, name: str) -> None:
        self._port, self._name = port, name
        self._reading, self._closing = threading.Lock(), threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    def read(self, timeout_s: float) -> bytes:
        deadline_s = time.monotonic() + timeout_s
        with self._reading:
            while True:
                if self._closed:
                    raise closed(self._name)
                try:
                    waiting = self._port.in_waiting
                    data = self._port.read(max(1, waiting)) if waiting or time.monotonic() < deadline_s else b""
                except OSError as error:
                    raise self._lost(error) from error
                if data or time.monotonic() >= deadline_s:
                    return bytes(data)

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE_BYTES):
            if self._closed:
                raise closed(self._name)
            try:
                self._port.write(data[start : start + _PIECE_BYTES])
            except (OSError, AttributeError) as error:  # the latter where the port is closed meanwhile
                raise self._lost(error) from error

    def _lost(self, error: Exception) -> LinkLost:
        return closed(self._name) if self._closed else lost(self._name, f"the server is gone ({error})")

    def close(self) -> None:
        with self._closing:
            if self._closed:
                return
            self._closed = True
            with self._reading, warnings.catch_warnings():
                # After a loss pyserial leaves the socket to the garbage collector, which closes it and says so.
                warnings.simplefilter("ignore", ResourceWarning)
                self._port.close()
