"""Kill -9 of either side in the middle of a stream: the other goes on with the next one, and no counter comes twice."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_model.device import Device
from firmware_model.flash import Flash
from firmware_model.fuses import Fuses
from firmware_model.key_slots import KeySlots
from inference.receiver import FrameRefused
from keycam.link_receiver import LinkReceiver
from link.host import CameraLink, Patience, provision
from link.messages import Slot, SlotState
from link.transport import TcpPort, open_transport
from tests.scripted_host import DEVICE, PROVISIONING, SECRET, body_in
from tests.served_camera import CLIENT, OWNER, schedule

ROOT = Path(__file__).parents[2]
WAITING = Patience(hello_s=0.1, hunt_s=20.0, command_s=0.3, heartbeat_s=0.2, silence_s=2.0, reconnect_s=60.0, resend_s=0.1)
FOREVER_S = 120.0

# A process that has everything imported and forks one end for each line that it reads: so a start costs milliseconds.
NURSERY = """
import os, signal, sys
from pathlib import Path
import tests.hil.test_kills as here
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    what, folder, port = line.split()
    pid = os.fork()
    if not pid:
        getattr(here, what)(Path(folder), int(port))
        os._exit(0)
    os.write(1, f"{pid}\\n".encode())
"""


def camera(folder: Path, port: int) -> None:
    """A whole camera on a TCP port, until it is killed."""
    Device(body_in(folder)).serve(TcpPort(port), threading.Event())


def host(folder: Path, port: int) -> None:
    """A host that takes verified frames and writes down their counters, until it is killed."""
    with (
        open(folder / "counters", "ab", buffering=0) as said,  # noqa: PTH123  # without a buffer that a kill would lose
        CameraLink(lambda: open_transport(f"tcp://127.0.0.1:{port}"), CLIENT, patience=WAITING) as link,
    ):
        receiver = LinkReceiver(schedule(), link)
        link.write("frame_rate_hz", 300.0)
        for raw in link.frames():
            receiver.accept(raw).wipe()
            said.write(f"{raw.header.counter}\n".encode())


@contextmanager
def nursery() -> Iterator[Callable[[str, Path, int], int]]:
    """What starts one end and gives its process id."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    begun: list[int] = []
    with subprocess.Popen([sys.executable, "-c", NURSERY], cwd=ROOT, env=environment, **pipes) as process:
        assert process.stdin is not None and process.stdout is not None

        def start(what: str, folder: Path, port: int) -> int:
            process.stdin.write(f"{what} {folder} {port}\n")
            begun.append(int(process.stdout.readline()))
            return begun[-1]

        try:
            yield start
        finally:
            for pid in begun:
                killed(pid)
            process.stdin.close()


def killed(pid: int) -> None:
    """Kill a process of the nursery, and wait until it is gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    wait_for(lambda: not Path(f"/proc/{pid}").exists())


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + FOREVER_S
    while not is_so():
        assert time.monotonic() < deadline_s, "it did not come about"
        time.sleep(0.002)


def free_port() -> int:
    port = TcpPort()
    number = int(port.name.rpartition(":")[2])
    port.close()
    return number


def no_slot_is_half_written(folder: Path) -> None:
    with Flash(folder / "state") as flash:
        slots = KeySlots(flash, Fuses(DEVICE, PROVISIONING).storage_key, DEVICE)
        assert SlotState.CORRUPT not in (slots.state(Slot.A), slots.state(Slot.B))
        assert {key.secret for slot in (Slot.A, Slot.B) if (key := slots.key(slot)) is not None} == {SECRET}


@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=pytest.mark.slow)])
def test_a_host_outlives_its_camera(tmp_path: Path, kills: int) -> None:
    chance, port = random.Random(3), free_port()
    with nursery() as start:
        pid = start("camera", tmp_path, port)

        def connect():
            return open_transport(f"tcp://127.0.0.1:{port}")

        def is_there() -> bool:
            try:
                connect().close()
            except OSError:
                return False
            return True

        wait_for(is_there)
        with CameraLink(connect, OWNER, patience=WAITING) as owner:
            provision(owner, CLIENT)
        with CameraLink(connect, CLIENT, patience=WAITING) as link:
            receiver, counters = LinkReceiver(schedule(), link), []
            link.write("frame_rate_hz", 300.0)
            with link.frames() as frames:
                for number in range(1, kills + 1):
                    for _ in range(chance.randint(1, 4)):
                        counters.append(accepted(receiver, frames))
                    time.sleep(chance.uniform(0, 0.01))
                    killed(pid)
                    no_slot_is_half_written(tmp_path)
                    pid = start("camera", tmp_path, port)
                    wait_for(lambda number=number: link.statistics["device_reset"] == number)
                counters += [accepted(receiver, frames) for _ in range(3)]
            assert link.statistics["device_reset"] == kills
            assert link.statistics["link_lost"] >= kills
            assert link.statistics["tag"] == 0
    assert counters == sorted(set(counters))
    assert not [each.name for each in threading.enumerate() if each.name.startswith("keycam")]


def accepted(receiver: LinkReceiver, frames: Iterator) -> int:
    """The counter of the next frame that is let in."""
    for raw in frames:
        try:
            receiver.accept(raw).wipe()
        except FrameRefused:
            continue
        return raw.header.counter
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("kills", [5, pytest.param(200, marks=pytest.mark.slow)])
def test_a_camera_outlives_its_hosts(tmp_path: Path, kills: int) -> None:
    chance, stopping, port = random.Random(4), threading.Event(), TcpPort()
    number, said = int(port.name.rpartition(":")[2]), tmp_path / "counters"
    said.touch()
    device = Device(body_in(tmp_path))
    serving = threading.Thread(target=device.serve, args=(port, stopping), name="camera under test")
    serving.start()
    try:
        with CameraLink(lambda: open_transport(port.name), OWNER, patience=WAITING) as owner:
            provision(owner, CLIENT)
        with nursery() as start:
            for _ in range(kills):
                pid = start("host", tmp_path, number)
                enough = said.stat().st_size + 4 * chance.randint(1, 6)
                wait_for(lambda enough=enough: said.stat().st_size >= enough)
                time.sleep(chance.uniform(0, 0.01))
                killed(pid)
        with CameraLink(lambda: open_transport(port.name), CLIENT, patience=WAITING) as link:
            assert len(list(link.frames(3))) == 3
            assert link.read("boot_counter") == 1, "the camera was never reset"
    finally:
        stopping.set()
        port.close()
        serving.join(20)
        device.close()
    assert not serving.is_alive()
    counters = [int(line) for line in said.read_text().split()]
    assert len(counters) >= kills
    assert counters == sorted(set(counters))
