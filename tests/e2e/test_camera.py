"""`keycam camera` as a process: it says where it listens, serves, ends when it is told, and goes on after it was killed."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adc import CounterStore, CounterStoreError, epoch_secret
from keycam.key import new_key
from keycam.keyfile import counter_file, open_key, write_plain
from link.assembly import FRAME_TYPES, FrameAssembler
from link.messages import Ack, Credit, Hello, HelloAck, Message, Role, Write, message_of
from link.owner import provisioning_secret
from link.packet import Packet, PacketFlags
from link.parser import PacketParser
from link.registers import BY_NAME
from link.session import Session
from link.transport import open_transport

from .conftest import END_S, ENVIRONMENT

LIMIT_S = 60.0


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "door.key"
    with new_key("door", ["host", "lab"]) as key:
        write_plain(key, file)
    return file


@contextmanager
def camera(*arguments: object) -> Iterator[tuple[subprocess.Popen, dict]]:
    """The command as a process, once it says that it listens, with what it said."""
    line = [sys.executable, "-m", "keycam", "camera", "--json", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(line, env=ENVIRONMENT, **pipes) as running:
        try:
            assert running.stdout is not None
            said = running.stdout.readline()
            assert said, running.communicate()
            yield running, json.loads(said)
        finally:
            running.kill()


class Wire:
    """As much of a host as these tests need."""

    def __init__(self, link: str, root: bytes, role: Role = Role.CLIENT, client: str = "host") -> None:
        self._transport, self._parser, self._seq = open_transport(link), PacketParser(), 0
        self.counters: list[int] = []
        hello = Hello(1, 1, role, 8192, secrets.token_bytes(16), client if role is Role.CLIENT else "")
        self.ack = message_of(self._answer(hello.packet(flags=PacketFlags.ACK_REQ)))
        assert isinstance(self.ack, HelloAck), self.ack
        self._session = Session(root, hello, self.ack, "host")
        self._assembler = FrameAssembler(session=self.ack.session, first_frame_id=self.ack.first_frame_id)

    def _hear(self) -> list[Packet]:
        heard = self._parser.feed(self._transport.read(0.1))
        frames = [self._assembler.take(packet) for packet in heard if packet.type in FRAME_TYPES] if self._seq else []
        self.counters += [frame.header.counter for frame in frames if frame is not None]
        return [packet for packet in heard if packet.type not in FRAME_TYPES]

    def _answer(self, packet: Packet) -> Packet:
        self._transport.write(packet.encoded())
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            assert time.monotonic() < deadline_s
            for heard in self._hear():
                if heard.seq == packet.seq and (heard.flags & PacketFlags.ENC or not self._seq):
                    return heard

    def write(self, name: str, value: object) -> None:
        self._seq += 1
        register = BY_NAME[name]
        command = Write(register.address, register.encode(value)).packet(seq=self._seq, flags=PacketFlags.ACK_REQ)
        answer: Message = message_of(self._session.open(self._answer(self._session.seal(command))))
        assert answer == Ack(), (name, answer)

    def stream(self, frames: int) -> list[int]:
        """Counters of so many frames of a test pattern."""
        self.write("test_pattern", "ramp")
        self.write("settings_apply", 1)
        self._seq += 1
        self._transport.write(Credit(self.ack.session, 1 << 40).packet(seq=self._seq).encoded())
        self.write("stream_enable", "on")
        deadline_s = time.monotonic() + LIMIT_S
        while len(self.counters) < frames:
            assert time.monotonic() < deadline_s
            self._hear()
        return self.counters

    def close(self) -> None:
        self._transport.close()


def epoch_key(file: Path, client: str = "host", epoch: int = 0) -> bytes:
    with open_key(file, str) as key:
        return bytes(epoch_secret(key.secret, device="door", client=client, epoch=epoch))


def test_a_camera_on_a_pseudo_terminal_streams_counts_and_ends_by_sigterm(key_file: Path) -> None:
    with camera("--link", "pty", "--key", key_file, "--client", "host") as (running, said):
        assert said["device"] == "door"
        assert Path(said["link"]).is_char_device()
        wire = Wire(said["link"], epoch_key(key_file))
        assert wire.ack.boot_counter == said["boot"] == 1
        assert wire.ack.firmware_hash.hex() == said["firmware"]
        counters = wire.stream(3)
        # While it streams, its counter belongs to it alone, as `keycam infer` with this key finds out.
        with open_key(key_file, str) as key:
            store = counter_file(key_file, key.card, "host")
        with pytest.raises(CounterStoreError, match="held by another camera"):
            CounterStore(store)
        wire.close()
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=END_S)
        assert (running.returncode, out, err) == (0, "", "")
    with CounterStore(store) as counting:
        assert counting.issue() > max(counters)
    state = key_file.parent / f"{key.card.fingerprint}.camera"
    assert state.is_dir()
    secret = epoch_key(key_file)
    for file in state.iterdir():
        assert secret not in file.read_bytes()
        assert file.stat().st_mode & 0o77 == 0


def test_a_camera_that_is_killed_goes_on_where_it_may_and_ends_by_ctrl_c(key_file: Path, tmp_path: Path) -> None:
    where = ("--link", "tcp://127.0.0.1:0", "--key", key_file, "--client", "lab", "--state", tmp_path / "state")
    root = epoch_key(key_file, "lab")
    with camera(*where) as (running, said):
        assert said["link"].startswith("tcp://127.0.0.1:")
        wire = Wire(said["link"], root, client="lab")
        before = wire.stream(2)
        os.kill(running.pid, signal.SIGKILL)
        running.wait(END_S)
        wire.close()
    with camera(*where) as (running, said):
        wire = Wire(said["link"], root, client="lab")
        assert wire.ack.boot_counter == 2
        assert min(wire.stream(2)) > max(before)
        wire.close()
        with open_key(key_file, str) as key:
            owner = Wire(said["link"], provisioning_secret(key.secret, "door"), Role.OWNER)
        owner.write("exposure_s", 0.001)
        owner.close()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=END_S)
        assert (running.returncode, out, err) == (0, "", "")
