"""Streams of bytes between two machines, two processes or two threads."""

from link.transport.capture import Capture, CapturedPiece, CapturedTransport, read_capture
from link.transport.in_process import InProcessPort, transport_pair
from link.transport.opening import open_port, open_transport
from link.transport.pty_port import PtyPort
from link.transport.reader import Reader
from link.transport.tcp import TcpPort
from link.transport.transport import LinkClosed, LinkLost, LinkTimeout, PortError, Transport

__all__ = [
    "Capture",
    "CapturedPiece",
    "CapturedTransport",
    "InProcessPort",
    "LinkClosed",
    "LinkLost",
    "LinkTimeout",
    "PortError",
    "PtyPort",
    "Reader",
    "TcpPort",
    "Transport",
    "open_port",
    "open_transport",
    "read_capture",
    "transport_pair",
]
