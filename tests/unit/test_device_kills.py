"""A camera that is killed at any moment: no boot number, no counter twice, and never half a key in a slot."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_model.flash import Flash, FlashError
from firmware_model.fuses import Fuses
from firmware_model.key_slots import KeySlots
from link.messages import Slot, SlotState
from tests.scripted_host import DEVICE, PROVISIONING

ROOT = Path(__file__).parents[2]
FUSES = Fuses(DEVICE, PROVISIONING)

# A process that has everything imported and forks a camera for each line that it reads: so a start costs milliseconds.
NURSERY = """
import os, signal, sys
from pathlib import Path
import tests.unit.test_device_kills as here
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    camera, folder = line.split()
    pid = os.fork()
    if not pid:
        getattr(here, camera)(Path(folder))
    os.write(1, f"pid {pid}\\n".encode())
"""


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())  # in one piece, as a pipe promises for so few bytes


def secret_of(epoch: int) -> bytes:
    return epoch.to_bytes(32, "big")


def writing_camera(folder: Path) -> None:
    """Boot, and from then on take one key after another and count frames under each."""
    from adc import CounterStore
    from firmware_model.boot_record import count_boot

    flash = Flash(folder)
    FUSES.claim(flash)
    say("boot", count_boot(flash))
    slots = KeySlots(flash, FUSES.storage_key, DEVICE)
    while True:
        if slots.active is not None:
            key = slots.key(slots.active)
            with CounterStore(folder / f"{key.epoch}.counter", reserve=2) as counters:
                for _ in range(3):
                    say("frame", key.epoch, counters.issue())
        newest = slots.newest("host")
        epoch = 1 if newest is None else newest[0] + 1
        slots.commit(Slot.B if slots.active is Slot.A else Slot.A, "host", epoch, secret_of(epoch))
        say("key", epoch)


def streaming_camera(folder: Path) -> None:
    """A whole device and a host that takes its frames."""
    from firmware_model.device import Device
    from link.assembly import FrameAssembler
    from link.packet import PacketType
    from tests.scripted_host import ScriptedHost, body_in

    device = Device(body_in(folder))
    say("boot", device.boot.boot_counter)
    host = ScriptedHost(device)
    if device.boot.slots.active is None:
        host.give_key()
        say("key", 1)
    host.hello()
    host.write_all(test_pattern="ramp", frame_rate_hz=500.0, settings_apply=1)
    host.credit(1 << 40)
    host.write_all(stream_enable="on")
    assembler = FrameAssembler(session=host.ack.session, first_frame_id=host.ack.first_frame_id)
    while True:
        host.heartbeat()
        device.work()
        for packet in host.heard:
            if PacketType.FRAME_START <= packet.type <= PacketType.FRAME_END:
                frame = assembler.take(packet)
                if frame is not None:
                    say("frame", frame.header.epoch, frame.header.counter)
        host.heard.clear()


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", NURSERY], cwd=ROOT, env=environment, **pipes) as process:
        assert process.stdin is not None
        yield process
        process.stdin.close()


def lives(nursery: subprocess.Popen, camera: str, folder: Path, kills: int, most_words: int, check: Callable[[], None]) -> list:
    """Start and kill a camera so many times, each a random moment after a random one of its words; what all of them said."""
    chance = random.Random(6)
    said: list[list[str]] = []
    waiting = b""

    def hear(timeout_s: float) -> None:
        nonlocal waiting
        while select.select([nursery.stdout], [], [], timeout_s)[0]:
            timeout_s = 0.0
            *lines, waiting = (waiting + os.read(nursery.stdout.fileno(), 1 << 16)).split(b"\n")
            said.extend(line.decode().split() for line in lines)

    for _ in range(kills):
        before, words = len(said), chance.randint(0, most_words)
        nursery.stdin.write(f"{camera} {folder}\n".encode())
        nursery.stdin.flush()
        deadline_s = time.monotonic() + 60
        while len(heard := said[before:]) < 2 + words or "pid" not in [each[0] for each in heard]:
            assert time.monotonic() < deadline_s, heard
            hear(0.5)
        (pid,) = (int(each[1]) for each in heard if each[0] == "pid")
        time.sleep(chance.uniform(0, 0.004))  # from one write to the disk to the next it is less
        os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{pid}").exists():
            hear(0.002)
        hear(0)
        check()
    return said


def judge(said: list, least_frames: int) -> None:
    boots = [int(words[1]) for words in said if words[0] == "boot"]
    assert boots == sorted(set(boots))
    frames = [(int(words[1]), int(words[2])) for words in said if words[0] == "frame"]
    assert frames == sorted(set(frames))
    assert len(frames) >= least_frames


def no_half_key(folder: Path) -> None:
    with Flash(folder) as flash:
        slots = KeySlots(flash, FUSES.storage_key, DEVICE)
        states = {slots.state(slot) for slot in (Slot.A, Slot.B)}
        assert SlotState.CORRUPT not in states
        for slot in (Slot.A, Slot.B):
            key = slots.key(slot)
            assert key is None or key.secret == secret_of(key.epoch)


@pytest.mark.parametrize("kills", [25, pytest.param(200, marks=pytest.mark.slow)])
def test_no_key_is_half_written_and_no_counter_repeated_whenever_it_is_killed(nursery, tmp_path: Path, kills: int) -> None:
    state = tmp_path / "state"
    said = lives(nursery, "writing_camera", state, kills, 12, lambda: no_half_key(state))
    judge(said, kills)
    keys = [int(words[1]) for words in said if words[0] == "key"]
    assert keys == sorted(set(keys))
    assert len(keys) >= kills // 2
    with Flash(state) as flash:
        slots = KeySlots(flash, FUSES.storage_key, DEVICE)
        # The last key that was reported is there; each life since then may have had one more on its way.
        last = max(n for n, words in enumerate(said) if words[0] == "key")
        since = 1 + sum(words[0] == "boot" for words in said[last:])
        assert keys[-1] <= slots.key(slots.active).epoch <= keys[-1] + since


@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=pytest.mark.slow)])
def test_a_device_that_streams_recovers_from_every_kill(nursery, tmp_path: Path, kills: int) -> None:
    def whole() -> None:
        with Flash(tmp_path / "state") as flash:
            slots = KeySlots(flash, FUSES.storage_key, DEVICE)
            assert SlotState.CORRUPT not in (slots.state(Slot.A), slots.state(Slot.B))

    said = lives(nursery, "streaming_camera", tmp_path, kills, 4, whole)
    judge(said, 1)


def test_a_dead_camera_holds_its_flash_no_longer(nursery, tmp_path: Path) -> None:
    held: list[str] = []

    def look() -> None:
        with Flash(tmp_path / "state"):
            held.append("free")

    lives(nursery, "writing_camera", tmp_path / "state", 1, 1, look)
    assert held == ["free"]
    with Flash(tmp_path / "state"), pytest.raises(FlashError, match="another camera holds it"):
        Flash(tmp_path / "state")
