"""The device on a port: hosts come and go, the loop wakes up, faults come through their own door, and nothing is left behind."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_model.device import Device
from firmware_model.device_faults import DeviceFault, DeviceFaults
from firmware_model.fault_socket import FaultSocket
from firmware_model.side_door import SideDoorError
from link.messages import DeviceState, Heartbeat, Hello, HelloAck, Role, message_of
from link.packet import PacketFlags
from link.parser import PacketParser
from link.transport import InProcessPort, LinkLost, PtyPort, TcpPort, Transport, open_transport, transport_pair
from tests.scripted_host import body_in

HELLO = Hello(1, 1, Role.NONE, 1024, bytes(16), "").packet(flags=PacketFlags.ACK_REQ).encoded()


@contextmanager
def serving(folder: Path, port: Transport) -> Iterator[tuple[Device, threading.Event, list[BaseException]]]:
    """A device that serves on `port` in a thread, until the block ends; what ended it otherwise is in the list."""
    body = body_in(folder)
    device, stopping, ended = Device(body), threading.Event(), []

    def serve() -> None:
        try:
            device.serve(port, stopping)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield device, stopping, ended
    finally:
        stopping.set()
        thread.join(10)
        device.close()
        body.flash.close()
        assert not thread.is_alive()


def asked(host: Transport, data: bytes = HELLO, limit_s: float = 10.0) -> list:
    """What the device says to some bytes, up to and with its first HELLO_ACK."""
    parser, heard = PacketParser(), []
    host.write(data)
    deadline_s = time.monotonic() + limit_s
    while not any(isinstance(each, HelloAck) for each in heard):
        assert time.monotonic() < deadline_s, heard
        heard += [message_of(packet) for packet in parser.feed(host.read(0.1))]
    return heard


def test_it_answers_on_a_wire_and_ends_when_it_is_told(tmp_path: Path) -> None:
    host, port = transport_pair()
    with serving(tmp_path, port) as (_, stopping, ended):
        asked(host)
        began_s = time.monotonic()
        stopping.set()
    assert time.monotonic() - began_s < 5
    assert ended == []
    with pytest.raises(LinkLost):
        host.read(1)


@pytest.mark.parametrize("kind", [TcpPort, InProcessPort])
def test_a_host_that_goes_makes_room_for_the_next(tmp_path: Path, kind: type) -> None:
    port = kind()
    with serving(tmp_path, port) as (device, _, ended):
        for number in range(3):
            host = port.connect() if kind is InProcessPort else open_transport(port.name)
            # Half a packet, so that the next host begins in the middle of one.
            asked(host, b"\0" + b"\7" * number + HELLO)
            host.write(HELLO[: len(HELLO) // 2])
            host.close()
        assert device.boot.boot_counter == 1
    assert ended == []


def test_a_pseudo_terminal_serves_one_program_after_another(tmp_path: Path) -> None:
    port = PtyPort()
    with serving(tmp_path, port) as (_, _, ended):
        for _ in range(2):
            host = open_transport(port.name)
            asked(host)
            host.close()
    assert ended == []


def test_a_wire_that_is_gone_is_an_error_and_no_busy_loop(tmp_path: Path) -> None:
    host, port = transport_pair()
    with serving(tmp_path, port) as (_, _, ended):
        asked(host)
        host.close()
        deadline_s = time.monotonic() + 10
        while not ended:
            assert time.monotonic() < deadline_s
            time.sleep(0.01)
    assert isinstance(ended[0], LinkLost)


def test_events_wait_for_the_first_host_and_are_told_once(tmp_path: Path) -> None:
    port = InProcessPort()
    with serving(tmp_path, port):
        time.sleep(0.1)
        first = port.connect()
        heard = asked(first) + asked(first, Heartbeat(0, 0, 0, DeviceState.RESET).packet().encoded() + HELLO)
        assert sum(type(each).__name__ == "Event" for each in heard) == 3  # IDLE, BOOTED, NO_KEY
        first.close()
        second = port.connect()
        assert not [each for each in asked(second) if type(each).__name__ == "Event"]


def test_what_came_while_the_device_was_down_is_not_answered(tmp_path: Path) -> None:
    host, port = transport_pair()
    with serving(tmp_path, port) as (device, _, _):
        asked(host)
        device._body.faults.inject(DeviceFault("reset"))
        deadline_s = time.monotonic() + 10
        while device.boot.boot_counter < 2:
            assert time.monotonic() < deadline_s
            time.sleep(0.005)
        acks = [each for each in asked(host) if isinstance(each, HelloAck)]
        assert [ack.boot_counter for ack in acks] == [2]
        # What comes while it hangs lies in the port and is thrown away with the reset.
        device._body.faults.inject(DeviceFault("stuck"))
        while device._body.faults.is_on("stuck"):
            time.sleep(0.005)
        host.write(HELLO)
        while device.boot.boot_counter < 3:
            assert time.monotonic() < deadline_s
            time.sleep(0.005)
        parser, heard, until_s = PacketParser(), [], time.monotonic() + 0.3
        while time.monotonic() < until_s:
            heard += [message_of(packet) for packet in parser.feed(host.read(0.05))]
        assert not [each for each in heard if isinstance(each, HelloAck)]


def said_at(path: Path, *lines: object) -> list[dict]:
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(10)
        door.connect(str(path))
        door.sendall(b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines))
        answers = b""
        while answers.count(b"\n") < len(lines):
            answers += door.recv(4096)
    return [json.loads(line) for line in answers.splitlines()]


def test_faults_come_through_a_door_of_their_own(tmp_path: Path) -> None:
    faults, path = DeviceFaults(), tmp_path / "faults"
    with FaultSocket(path, faults):
        assert path.stat().st_mode & 0o77 == 0
        for _ in range(2):
            answers = said_at(path, {"fault": "brown_out", "after": 4}, {"fault": "worn_flash"}, {})
            assert answers[-1]["happened"]["worn_flash"] == 1
            assert faults.is_on("worn_flash")
            assert faults.is_on("brown_out")
        said_at(path, {"clear": "worn_flash"})
        assert not faults.is_on("worn_flash")
        assert faults.is_on("brown_out")
        said_at(path, {"clear": "all"})
        assert not faults.is_on("brown_out")
        for line, trouble in (
            ({"fault": "flood"}, "fault = 'flood': allowed is"), ({"clear": "flood"}, "clear = 'flood': allowed is all, "),
            (b"[1]", "allowed is a JSON object"), (b"nonsense", "Expecting value"), (b"[" * 4000, "recursion"),
        ):  # fmt: skip
            assert trouble in said_at(path, line)[0]["error"]
    assert not path.exists()


def test_a_door_that_a_dead_camera_left_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "faults"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with FaultSocket(path, DeviceFaults()):
        assert said_at(path, {})[0]["happened"]
    path.write_text("mine")
    with pytest.raises(SideDoorError, match=r"faults = .*: Address already in use; allowed is a new path"):
        FaultSocket(path, DeviceFaults())
    assert path.read_text() == "mine"
    long = tmp_path / ("x" * 200)
    with pytest.raises(SideDoorError, match="the path is too long; allowed is"):
        FaultSocket(long, DeviceFaults())


def test_a_device_that_serves_and_stops_leaves_no_thread_and_no_file_open(tmp_path: Path) -> None:
    def held() -> tuple[int, set[str]]:
        return len(list(Path("/proc/self/fd").iterdir())), {each.name for each in threading.enumerate()}

    def once(number: int) -> None:
        (tmp_path / str(number)).mkdir()
        port = TcpPort()
        with serving(tmp_path / str(number), port), FaultSocket(tmp_path / "faults", DeviceFaults()):
            host = open_transport(port.name)
            asked(host)
            host.close()

    once(0)
    before = held()
    for number in range(1, 4):
        once(number)
    assert held() == before
