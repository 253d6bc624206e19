"""From a name to a stream of bytes: `open_transport` at the host, `open_port` at the device."""

from link.transport import in_process
from link.transport.pacing import check_baud
from link.transport.pty_port import PtyPort
from link.transport.rfc2217 import open_rfc2217
from link.transport.serial_port import open_serial
from link.transport.tcp import TcpPort, connect, tcp_address, without_credentials
from link.transport.transport import Transport

DEFAULT_BAUD = 921_600
SERIAL_SCHEMES = ("hwgrep", "alt", "spy")
HOST_SCHEMES = ("tcp", "socket", "rfc2217", "loop", *SERIAL_SCHEMES)


def open_transport(url: str, *, baud: int = DEFAULT_BAUD) -> Transport:
    """A host's end of the link that `url` names.

    Parameters
    ----------
    url
        a serial port's path; `tcp://host:port` or `socket://host:port`; or `rfc2217://`, `hwgrep://`, `alt://`, `spy://` and
        `loop://` as pyserial spells them.
    baud
        bits a second of a serial port. Sockets have none, and on a pseudo-terminal the camera at the other end sets it.

    Raises
    ------
    PortError
        when there is nothing of this name, it is taken, or it may not be opened.
    ValueError
        for a URL or a baud that cannot be.
    """
    check_baud(baud)
    scheme = _scheme(url)
    if scheme in ("", *SERIAL_SCHEMES):
        return open_serial(url, baud)
    if scheme in ("tcp", "socket"):
        return connect(url)
    if scheme == "rfc2217":
        return open_rfc2217(url, baud)
    if scheme == "loop":
        return in_process.loop(url)
    allowed = ", ".join(f"{name}://" for name in HOST_SCHEMES)
    raise ValueError(f"link = {without_credentials(url)}: there is no such kind of link; allowed is a serial port, {allowed}")


def open_port(url: str, *, baud: int | None = None) -> Transport:
    """A device's port: `pty`, `tcp://127.0.0.1:port` (0 for any free one), or a serial port's path.

    Parameters
    ----------
    url
        where to serve; the name of what is returned says where hosts find it.
    baud
        bits a second: a serial port's own, by default DEFAULT_BAUD; simulated on the others, by default without limit.

    Raises
    ------
    PortError
        when the port is taken or cannot be opened.
    ValueError
        for a URL or a baud that cannot be.
    """
    check_baud(baud)
    if url == "pty":
        return PtyPort(baud=baud)
    scheme = _scheme(url)
    if scheme == "tcp":
        _, host, port = tcp_address(url)
        return TcpPort(port, host, baud=baud)
    if scheme == "":
        return open_serial(url, DEFAULT_BAUD if baud is None else baud)
    allowed = "pty, tcp://127.0.0.1:PORT or a serial port"
    raise ValueError(f"link = {without_credentials(url)}: a camera cannot serve there; allowed is {allowed}")


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower() if "://" in url else ""
