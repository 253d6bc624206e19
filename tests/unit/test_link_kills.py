"""Either side may be killed at any moment: the other is told, and goes on with the next that comes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from link.transport import LinkLost, PortError, PtyPort, TcpPort, Transport, open_port, open_transport
from tests.links import SOON_S, read_exactly

DEVICE = """
import sys
from link.transport import LinkLost, open_port
port = open_port(sys.argv[1])
print(port.name, flush=True)
while True:
    try:
        port.write(port.read(60.0))
    except LinkLost:
        pass
"""
HOST = """
import sys
from link.transport import open_transport
host = open_transport(sys.argv[1])
print(host.name, flush=True)
while True:
    host.write(b"from a host")
    host.read(0.01)
"""


@contextmanager
def running(program: str, url: str) -> Iterator[tuple[subprocess.Popen, str]]:
    process = subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True)
    with process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("url", ["pty", "tcp://127.0.0.1:0"])
def test_a_killed_device_is_a_lost_link_and_its_port_refuses_until_a_device_is_there_again(url: str) -> None:
    with running(DEVICE, url) as (process, name), closing(open_transport(name)) as host:
        host.write(b"hello")
        assert read_exactly(host, 5) == b"hello"
        process.kill()
        with pytest.raises(LinkLost) as caught:
            while host.read(SOON_S):
                pass
        assert type(caught.value) is LinkLost
        process.wait()  # it may listen a moment longer than it speaks
        with pytest.raises(PortError):
            open_transport(name)
    if url.startswith("tcp"):
        with running(DEVICE, name), closing(open_transport(name)) as host:  # the same port at once, no TIME_WAIT in the way
            host.write(b"again")
            assert read_exactly(host, 5) == b"again"


@pytest.mark.parametrize("port", [PtyPort, TcpPort])
def test_a_device_outlives_hosts_that_are_killed_in_the_middle(port: type[Transport]) -> None:
    with closing(port()) as device:
        for _ in range(3):
            with running(HOST, device.name):
                assert heard(device, b"from a host")
                device.write(b"from the device")
        if port is TcpPort:
            with pytest.raises(LinkLost):
                while True:
                    device.read(SOON_S)
        with closing(open_transport(device.name)) as host:
            host.write(b"the last host")
            assert heard(device, b"the last host")
            device.write(b"to the last host")
            assert read_exactly(host, 16) == b"to the last host"


def heard(device: Transport, wanted: bytes) -> bool:
    """Whether a host says `wanted`; what other hosts said before, or that they are gone, is passed over."""
    data = b""
    until_s = time.monotonic() + SOON_S
    while wanted not in data and time.monotonic() < until_s:
        try:
            data += device.read(0.1)
        except LinkLost:
            data = b""
    return wanted in data


def test_a_device_on_a_serial_port_is_told_that_the_wire_was_pulled() -> None:
    wire = PtyPort()
    with closing(open_port(wire.name)) as device:
        wire.close()
        with pytest.raises(LinkLost):
            device.read(SOON_S)
