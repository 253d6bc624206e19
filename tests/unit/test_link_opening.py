"""Names of links: what opens, and the one sentence of what does not."""

import errno
import os
import socket
import struct
import termios
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from link.transport import LinkClosed, LinkLost, PortError, PtyPort, TcpPort, open_port, open_transport
from tests.links import SOON_S, descriptors, in_thread, read_exactly


def talks(host, device) -> None:
    host.write(b"question \x00\xff\x11\x13")
    assert read_exactly(device, 13) == b"question \x00\xff\x11\x13"
    device.write(b"answer \xff\xff\x00")
    assert read_exactly(host, 10) == b"answer \xff\xff\x00"


@pytest.mark.parametrize(
    "url", ["{path}", "spy://{path}?file={log}", "alt://{path}?class=PosixPollSerial", "alt://{path}?class=VTIMESerial"]
)
@pytest.mark.parametrize("baud", [921_600, 12_000_000])
def test_a_serial_port_opens_by_path_and_by_the_names_of_pyserial(url: str, baud: int, tmp_path: Path) -> None:
    log = tmp_path / "spied.txt"
    before = descriptors()
    with closing(open_port("pty")) as device, closing(open_transport(url.format(path=device.name, log=log), baud=baud)) as host:
        assert host.name == device.name
        talks(host, device)
    assert descriptors() == before
    if "spy" in url:
        spied = log.read_text()
        assert "TX   0000  71 75 65 73 74 69 6F 6E" in spied
        assert "RX   0000  61 6E 73 77 65 72" in spied


def test_a_serial_port_waits_for_a_byte_so_that_silence_never_reads_like_the_end() -> None:
    with closing(PtyPort()) as device, closing(open_transport(device.name)):
        other = os.open(device.name, os.O_RDWR | os.O_NOCTTY)
        minimum = termios.tcgetattr(other)[6][termios.VMIN]
        os.close(other)
    assert minimum == 1


def test_hwgrep_opens_the_port_that_it_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    from serial.tools import list_ports
    from serial.tools.list_ports_common import ListPortInfo

    with closing(PtyPort()) as device:
        monkeypatch.setattr(list_ports, "comports", lambda include_links=False: [ListPortInfo(device.name)])
        with closing(open_transport(f"hwgrep://{device.name}$")) as host:
            assert host.name == device.name
            talks(host, device)
        with pytest.raises(PortError, match=rf"hwgrep://nothing-like-it: nothing fits it; allowed is .* as {device.name}"):
            open_transport("hwgrep://nothing-like-it")


@pytest.mark.parametrize("scheme", ["tcp", "socket", "TCP"])
@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "user:secret@127.0.0.1"])
def test_a_socket_opens_by_both_names_and_keeps_credentials_to_itself(scheme: str, address: str) -> None:
    with closing(TcpPort()) as device:
        port = device.name.rpartition(":")[2]
        with closing(open_transport(f"{scheme}://{address}:{port}")) as host:
            assert host.name == f"{scheme.lower()}://{address.rpartition('@')[2]}:{port}"
            talks(host, device)


def test_a_host_that_reaches_itself_where_nobody_listens_has_found_no_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    def reach_itself(address: tuple[str, int], timeout_s: float) -> socket.socket:
        connection = socket.socket()
        connection.bind(address)
        connection.connect(address)
        return connection

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setattr("socket.create_connection", reach_itself)
    with pytest.raises(
        PortError, match=rf"link = tcp://127.0.0.1:{port}: nothing answers there \(Connection refused\); allowed is"
    ):
        open_transport(f"tcp://127.0.0.1:{port}")


def test_a_device_listens_on_ipv6_too() -> None:
    with closing(open_port("tcp://[::1]:0")) as device, closing(open_transport(device.name)) as host:
        talks(host, device)


def test_a_loop_hears_itself() -> None:
    with closing(open_transport("loop://")) as end:
        end.write(b"echo")
        assert end.read(SOON_S) == b"echo"


def test_a_device_serves_on_a_serial_port_too() -> None:
    with closing(PtyPort()) as wire, closing(open_port(wire.name, baud=115_200)) as device:
        talks(wire, device)


@pytest.fixture
def rfc2217_server():
    """A server as pyserial's example of one: a looped port behind it, so that what is written comes back."""
    import serial
    from serial.rfc2217 import PortManager

    port = serial.serial_for_url("loop://", timeout=0.02)
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    class Connection:
        def __init__(self, client: socket.socket) -> None:
            self.write = client.sendall

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.settimeout(0.02)
            server = PortManager(port, Connection(client))
            while not over.is_set():
                with suppress(TimeoutError):
                    port.write(b"".join(server.filter(client.recv(4096))))
                waiting = port.in_waiting
                if waiting:
                    client.sendall(b"".join(server.escape(port.read(waiting))))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it ends as if it had crashed

    with in_thread(serve) as raised:
        yield f"rfc2217://user:secret@127.0.0.1:{listener.getsockname()[1]}", over
        over.set()
    listener.close()
    port.close()
    assert raised == []


@pytest.mark.filterwarnings("ignore:set(Daemon|Name).. is deprecated:DeprecationWarning")  # pyserial's own
def test_a_port_behind_an_rfc2217_server_opens_talks_and_is_lost_with_its_server(rfc2217_server) -> None:
    url, over = rfc2217_server
    with closing(open_transport(url, baud=115_200)) as host:
        assert host.name == "rfc2217://" + url.rpartition("@")[2]
        assert host.read(0.0) == b""
        host.write(bytes(range(256)) * 8)  # with 255, the escape of telnet
        assert read_exactly(host, 2048) == bytes(range(256)) * 8
        over.set()
        with pytest.raises(LinkLost, match=r"link = rfc2217://127.0.0.1:\d+: the server is gone") as caught:
            while True:
                host.read(SOON_S)
        assert type(caught.value) is LinkLost
    with pytest.raises(LinkClosed):
        host.read(0.0)


REFUSED = [
    ("FOLDER/none", "link = FOLDER/none: there is no such port; allowed is a serial port that is there and free"),
    ("FOLDER/text", "link = FOLDER/text: it is not a serial port; allowed is"),
    ("FOLDER", "link = FOLDER: it is not a serial port; allowed is"),
    ("", "link = : there is no such port; allowed is"),
    ("spy://FOLDER/none", "link = spy://FOLDER/none: there is no such port; allowed is"),
    ("tcp://127.0.0.1:1", "link = tcp://127.0.0.1:1: nothing answers there (Connection refused); allowed is"),
    ("tcp://me:secret@127.0.0.1:1", "link = tcp://127.0.0.1:1: nothing answers there"),
    ("rfc2217://me:secret@127.0.0.1:1", "link = rfc2217://127.0.0.1:1: Connection refused; allowed is"),
]


@pytest.mark.parametrize(("url", "says"), REFUSED, ids=[url for url, _ in REFUSED])
def test_what_is_not_there_is_refused_in_one_sentence(url: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no port")
    before = descriptors()
    with pytest.raises(PortError) as caught:
        open_transport(url.replace("FOLDER", str(tmp_path)))
    sentence = str(caught.value)
    assert sentence.startswith(says.replace("FOLDER", str(tmp_path)))
    assert "secret" not in sentence
    assert "\n" not in sentence
    assert descriptors() == before
    assert (tmp_path / "text").read_text() == "no port"


MISSPELLED = [
    ("tcp://127.0.0.1", "link = tcp://127.0.0.1: allowed is tcp://HOST:PORT with a port of 0 to 65535"),
    ("tcp://127.0.0.1:65536", "allowed is tcp://HOST:PORT"),
    ("tcp://me:secret@127.0.0.1:many", "link = tcp://127.0.0.1:many: allowed is tcp://HOST:PORT"),
    ("socket://:5", "allowed is socket://HOST:PORT"),
    ("socket://127.0.0.1:5?logging=debug", "link = socket://127.0.0.1:5: allowed is socket://HOST:PORT"),
    ("tcp://127.0.0.1:5/path", "allowed is tcp://HOST:PORT"),
    ("http://me:secret@127.0.0.1/?token=secret", "link = http://127.0.0.1/: there is no such kind of link; allowed is"),
    ("hwgrep://(", "link = hwgrep://(: pyserial does not understand it; allowed is"),
    ("hwgrep://x&n=many", "pyserial does not understand it"),
    ("hwgrep://x&n", "pyserial does not understand it"),
    ("alt:///dev/null?class=tools", "pyserial does not understand it"),
    ("spy:///dev/null?nonsense", "link = spy:///dev/null: pyserial does not understand it"),
    ("rfc2217://me:secret@127.0.0.1:many", "link = rfc2217://127.0.0.1:many: pyserial does not understand it"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "says"), MISSPELLED, ids=[url for url, _ in MISSPELLED])
def test_what_cannot_be_a_link_is_refused_in_one_sentence(url: str, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        open_transport(url)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["socket://127.0.0.1:0", "loop://", "nonsense://x"])
def test_a_device_serves_only_where_hosts_can_find_it(url: str) -> None:
    with pytest.raises(ValueError, match=rf"link = {url}: a camera cannot serve there; allowed is pty, tcp://127.0.0.1:PORT or"):
        open_port(url)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
def test_a_device_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match=rf"host = {host}: allowed is a loopback address"):
        open_port(f"tcp://{host}:0")


def test_a_port_that_is_taken_is_refused() -> None:
    with (
        closing(TcpPort()) as device,
        pytest.raises(PortError, match=rf"link = {device.name}: .*in use.*; allowed is a free port"),
    ):
        open_port(device.name)


def test_a_second_host_on_a_serial_port_is_refused_and_steals_nothing() -> None:
    with closing(PtyPort()) as device, closing(open_transport(device.name)) as host:
        with pytest.raises(PortError, match="another program has it"):
            open_transport(device.name)
        talks(host, device)


def test_a_port_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    with (
        closing(PtyPort()) as device,
        monkeypatch.context() as patch,
        pytest.raises(PortError, match="this user may not open it"),
    ):
        patch.setattr(os, "open", refuse)  # root may open every port, so the system itself cannot be asked here
        open_transport(device.name)
