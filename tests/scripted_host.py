"""A host for tests of the device: it says what it is told to, and keeps everything that the device answered."""

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from adc import RawFrame
from firmware_model.body import Body
from firmware_model.device import Device
from firmware_model.device_faults import DeviceFaults
from firmware_model.flash import Flash
from firmware_model.fuses import Fuses
from firmware_model.hardware import Hardware
from firmware_model.scenes import EndlessScenes
from firmware_model.surroundings import Surroundings
from link.assembly import FRAME_TYPES, FrameAssembler
from link.messages import (
    Credit,
    DeviceState,
    Event,
    EventCode,
    Heartbeat,
    Hello,
    HelloAck,
    KeyBegin,
    KeyChunk,
    KeyCommit,
    Message,
    Nack,
    Read,
    ReadReply,
    Role,
    Slot,
    WrapForm,
    Write,
    message_of,
)
from link.packet import Packet, PacketFlags, PacketType
from link.parser import PacketParser
from link.registers import BY_NAME
from link.session import Session, check_value
from sensor_sim import DEMO_PROFILE
from sensor_sim.scene import uniform_field

DEVICE = "door"
PROVISIONING = bytes(range(100, 132))
SECRET = bytes(range(32))
SMALL = replace(DEMO_PROFILE, height=24, width=32)
Kind = TypeVar("Kind", bound=Message)


def body_in(
    folder: Path, *, faults: DeviceFaults | None = None, surroundings: Surroundings | None = None, **hardware: Any
) -> Body:
    """A small camera whose flash lies in `folder`, by default with one grey scene before it."""
    faults = DeviceFaults() if faults is None else faults
    flash = Flash(folder / "state", faults)
    fuses = Fuses(DEVICE, PROVISIONING)
    fuses.claim(flash)
    stands_in = surroundings or EndlessScenes([uniform_field(24, 32)])
    built = Hardware(**{"profile": SMALL, "device_seed": 7, **hardware})
    return Body(built, fuses, flash, stands_in, lambda key: folder / f"{key.client}-{key.epoch}.counter", faults)


class ScriptedHost:
    """One host at one device, in one thread: what it sends is answered before `send` returns."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.heard: list[Packet] = []
        self._parser = PacketParser()
        self._seq = 0
        self.session: Session | None = None
        self.ack: HelloAck | None = None
        device.connect(self._take)

    def _take(self, data: bytes) -> None:
        self.heard += self._parser.feed(data)
        assert not self._parser.errors

    def send(self, packet: Packet) -> Packet | None:
        """Send one packet; the answer with its seq, or None."""
        before = len(self.heard)
        self.device.hear(packet.encoded())
        answers = [each for each in self.heard[before:] if each.seq == packet.seq and each.type not in _UNASKED]
        return answers[0] if answers else None

    def command(self, message: Message, *, sealed: bool = True) -> Message:
        """Send one command; its answer, opened."""
        return self.opened(self.send(self.packet(message, sealed=sealed)))

    def packet(self, message: Message, *, sealed: bool = True) -> Packet:
        """The next command as a packet."""
        self._seq += 1
        packet = message.packet(seq=self._seq, flags=PacketFlags.ACK_REQ)
        if not sealed:
            return packet
        assert self.session is not None
        return self.session.seal(packet)

    def opened(self, answer: Packet | None) -> Message:
        assert answer is not None, "no answer"
        if answer.flags & PacketFlags.ENC:
            assert self.session is not None
            answer = self.session.open(answer)
        return message_of(answer)

    def hello(self, role: Role = Role.CLIENT, root: bytes = SECRET, client: str = "host", **said: Any) -> Message:
        """Say HELLO; with a role and without a refusal, a session has begun."""
        self._seq = 0
        name = client if role is Role.CLIENT else ""
        hello = Hello(**{"lowest_version": 1, "highest_version": 1, "role": role, "payload_bytes": 8192,
                         "host_nonce": secrets.token_bytes(16), "client": name, **said})  # fmt: skip
        answer = self.opened(self.send(hello.packet(seq=0, flags=PacketFlags.ACK_REQ)))
        if isinstance(answer, HelloAck) and role is not Role.NONE:
            self.session, self.ack = Session(root, hello, answer, "host"), answer
        return answer

    def read(self, name: str, *, sealed: bool = False) -> Any:
        """The value of a register."""
        register = BY_NAME[name]
        answer = self.command(Read(register.address, register.size_bytes), sealed=sealed)
        assert isinstance(answer, ReadReply), answer
        return register.decode(answer.data)

    def write(self, name: str, value: Any) -> Message:
        """Write a register by name; the answer."""
        register = BY_NAME[name]
        return self.command(Write(register.address, register.encode(value)))

    def write_all(self, **values: Any) -> None:
        """Write registers that take their values."""
        for name, value in values.items():
            answer = self.write(name, value)
            assert not isinstance(answer, Nack), (name, answer)

    def provision(self, slot: Slot = Slot.A, *, client: str = "host", epoch: int = 1, secret: bytes = SECRET) -> Message:
        """Put a key into a slot, in an owner's session that is there; the answer to KEY_COMMIT."""
        begin = self.key_begin(slot, client, epoch, secret)
        packet = self.packet(begin)
        answer = self.opened(self.send(packet))
        if isinstance(answer, Nack):
            return answer
        wrapped = self.session.wrap_key(secret, begin, packet.seq)
        for offset in (16, 0, 32):
            self.command(KeyChunk(offset, wrapped[offset : offset + 16]))
        return self.command(KeyCommit(slot, begin.check))

    @staticmethod
    def key_begin(slot: Slot, client: str, epoch: int, secret: bytes) -> KeyBegin:
        check = check_value(secret, device=DEVICE, client=client, epoch=epoch)
        return KeyBegin(slot, WrapForm.SESSION, 48, epoch, check, client)

    def give_key(self, **key: Any) -> None:
        """Begin an owner's session, provision a key and leave that session."""
        assert isinstance(self.hello(Role.OWNER, PROVISIONING), HelloAck)
        answer = self.provision(**key)
        assert not isinstance(answer, Nack), answer

    def credit(self, limit_bytes: int) -> None:
        self._seq += 1
        self.send(Credit(self.ack.session, limit_bytes).packet(seq=self._seq))

    def run(self, until: Callable[[], bool], *, limit_s: float = 20.0) -> None:
        """Let the device work until something is so."""
        deadline_s = time.monotonic() + limit_s
        while not until():
            assert time.monotonic() < deadline_s, "it did not come"
            self.heartbeat()
            self.device.work()
            time.sleep(0.0005)

    def heartbeat(self) -> None:
        self._seq += 1
        self.send(Heartbeat(self.ack.boot_id, self.ack.session, 0, DeviceState.RESET).packet(seq=self._seq))

    def frames(self) -> list[RawFrame]:
        """The whole frames of the session among what was heard."""
        assembler = FrameAssembler(session=self.ack.session, first_frame_id=self.ack.first_frame_id)
        taken = (assembler.take(packet) for packet in self.heard if packet.type in FRAME_TYPES)
        return [frame for frame in taken if frame is not None]

    def stream(self, frames: int = 1, **settings: Any) -> list[RawFrame]:
        """Set the camera up, take at least so many frames and stop."""
        self.write_all(**settings, settings_apply=1)
        self.credit(1 << 40)
        sent = self.read("frames_sent")
        self.write_all(stream_enable="on")
        self.run(lambda: self.read("frames_sent") >= sent + frames)
        self.write_all(stream_enable="off")
        return self.frames()

    def events(self, code: EventCode) -> list[Event]:
        return [event for event in self.said(Event) if event.code is code]

    def said(self, kind: type[Kind]) -> list[Kind]:
        """What the device said of one kind, in clear."""
        return [message_of(each) for each in self.heard if each.type == kind.TYPE and not each.flags & PacketFlags.ENC]


_UNASKED = (*FRAME_TYPES, PacketType.EVENT, PacketType.HEARTBEAT)
