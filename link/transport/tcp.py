"""TCP: the device's port on this machine, and a host's way to a port anywhere."""

import errno
import ipaddress
import os
import select
import socket
from urllib.parse import urlsplit

from link.transport.descriptor import DescriptorTransport
from link.transport.one_host import OneHostPort
from link.transport.pacing import PacedTransport, check_baud
from link.transport.transport import PortError, Transport
from link.transport.wakeup import Wakeup, wait

CONNECT_TIMEOUT_S = 5.0
SOCKET_BUFFER_BYTES = 1 << 17
"""Small enough that a host that does not read is noticed soon; the system's default grows to megabytes."""


class TcpPort(PacedTransport):
    """A device's port on a socket of this machine. Whoever can reach it can speak to the camera, so it listens on loopback only.

    Parameters
    ----------
    port
        0 for any free one; the name says which it became.
    host
        a loopback address.
    baud
        bits a second of the serial line that it stands for; None for no limit.

    Raises
    ------
    PortError
        when the port is taken or not this user's.
    ValueError
        for an address that is not loopback, a port outside 0 to 65535, or a baud that no line has.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", *, baud: int | None = None) -> None:
        check_baud(baud)
        super().__init__(_Listener(port, host), baud)


class _Listener(OneHostPort):
    def __init__(self, port: int, host: str) -> None:
        if not _is_loopback(host):
            raise ValueError(f"host = {host}: allowed is a loopback address, as 127.0.0.1")
        if not 0 <= port <= 65535:
            raise ValueError(f"port = {port}: allowed is 0 to 65535")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bound_buffers(self._socket)  # inherited by accepted sockets, and of no effect on open ones
            self._socket.bind((host, port))
            self._socket.listen(8)
        except OSError as error:
            self._socket.close()
            trouble = f"it cannot be listened on ({error.strerror})"
            raise PortError(f"link = {tcp_url(host, port)}: {trouble}; allowed is a free port, or 0 for any") from error
        self._socket.setblocking(False)
        super().__init__(tcp_url(host, self._socket.getsockname()[1]))
        self._wakeup = Wakeup()
        self._asked = self._wakeup.poll_with(self._socket.fileno(), select.POLLIN)

    def _next_host(self, timeout_s: float) -> Transport | None:
        if not wait(self._asked, timeout_s):
            return None
        try:
            connection, _ = self._socket.accept()
        except OSError:  # rung, or the host has gone again
            return None
        return _connected(connection, self.name)

    def _interrupt(self) -> None:
        self._wakeup.ring()

    def _release(self) -> None:
        self._socket.close()
        self._wakeup.close()


def connect(url: str) -> Transport:
    """A host's end of `tcp://host:port` or, in pyserial's words, `socket://host:port`.

    Opened without pyserial, whose sockets are read byte by byte and stay open after a loss. Raises PortError.
    """
    name, host, port = tcp_address(url)
    try:
        connection = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        try:
            # Where nobody listens, whoever tries often enough is given that very port as its own, and reaches itself.
            if connection.getsockname() == connection.getpeername():
                raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
            _bound_buffers(connection)
            return _connected(connection, name)
        except OSError:
            connection.close()
            raise
    except OSError as error:
        trouble = f"nothing answers there ({error.strerror or error})"
        raise PortError(f"link = {name}: {trouble}; allowed is an address where a camera listens") from error


def tcp_address(url: str) -> tuple[str, str, int]:
    """The name without credentials, the host and the port of a URL. Raises ValueError where it has none."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    scheme = url.partition(":")[0].lower()
    if host is None or port is None or parts.path.strip("/") or parts.query:
        raise ValueError(f"link = {without_credentials(url)}: allowed is {scheme}://HOST:PORT with a port of 0 to 65535")
    return tcp_url(host, port, scheme), host, port


def tcp_url(host: str, port: int, scheme: str = "tcp") -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def without_credentials(url: str) -> str:
    """The URL without user, password, query and fragment: fit for a log."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    address, slash, path = rest.partition("/")
    return f"{scheme}://{address.rpartition('@')[2]}{slash}{path}".partition("?")[0].partition("#")[0]


def _connected(connection: socket.socket, name: str) -> Transport:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return DescriptorTransport(connection.fileno(), name, connection.close)


def _bound_buffers(connection: socket.socket) -> None:
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        connection.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
