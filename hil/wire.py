"""A host that says exactly what it is told to, packet by packet, and keeps all that it hears: what `link` gives to tests."""

import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from adc import RawFrame
from hil.awake import AwakeClock
from link.assembly import FRAME_TYPES, FrameAssembler
from link.host import CameraSilent, LinkKey
from link.messages import (
    PROTOCOL_VERSION,
    Credit,
    DeviceState,
    Event,
    EventCode,
    Heartbeat,
    Hello,
    HelloAck,
    Message,
    Nack,
    Read,
    ReadReply,
    Role,
    Write,
    message_of,
)
from link.messages.handshake import NONCE_BYTES
from link.packet import MOST_PAYLOAD_BYTES, Packet, PacketFlags, PacketType
from link.parser import PacketParser
from link.register import Value
from link.registers import BY_NAME
from link.session import Session
from link.transport import LinkLost, LinkTimeout, Transport

Kind = TypeVar("Kind", bound=Message)
TRIES = 6
MOST_BUSY = 40
UNASKED = FRAME_TYPES | {PacketType.EVENT, PacketType.HEARTBEAT}
"""Types of packets that answer nothing."""
_SLICE_S = 0.02
_QUIET_S = 0.15


class Wire:
    """The packets of one link. One thread uses it; nothing is sent or read but by its methods.

    Parameters
    ----------
    transport
        open; it is closed with this.
    key
        what opens sessions, or None.
    answer_s
        how long an answer may take before the same bytes are sent again; after six times CameraSilent is raised.

    Attributes
    ----------
    heard
        every packet that came undamaged and was not taken, in sequence.
    parser
        counts what came damaged.
    ack, session
        of the last HELLO that began a session.
    """

    def __init__(self, transport: Transport, key: LinkKey | None, answer_s: float) -> None:
        self.transport = transport
        self.key = key
        self.heard: list[Packet] = []
        self.parser = PacketParser()
        self.ack: HelloAck | None = None
        self.session: Session | None = None
        self._answer_s = answer_s
        self._seq = 0

    # Bytes and packets

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.transport.write(data)

    def send(self, packet: Packet) -> None:
        """Send one packet and wait for nothing."""
        self.send_bytes(packet.encoded())

    def listen(self, timeout_s: float) -> bool:
        """Take what comes within `timeout_s`, until something came; whether that is so."""
        data = self.transport.read(timeout_s)
        self.heard += self.parser.feed(data)
        return bool(data)

    def wait(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """Listen until something is so; whether it came about."""
        clock = AwakeClock()
        while not is_so():
            left_s = timeout_s - clock.now_s()
            if left_s <= 0:
                return False
            self.listen(min(left_s, _SLICE_S))
        return True

    def drain(self, quiet_s: float = _QUIET_S) -> None:
        """Listen until nothing has come for `quiet_s`."""
        while self.listen(quiet_s):
            pass

    # Commands

    def packet(self, message: Message, *, sealed: bool = True, frame_id: int = 0, is_command: bool = True) -> Packet:
        """The next packet of this host, sealed in the session unless told otherwise."""
        self._seq += 1
        flags = PacketFlags.ACK_REQ if is_command else PacketFlags.NONE
        packet = message.packet(seq=self._seq, flags=flags, frame_id=frame_id)
        return self._in_session().seal(packet) if sealed else packet

    def tell(self, message: Message, *, frame_id: int = 0) -> int:
        """Send what is no command; its seq."""
        packet = self.packet(message, sealed=False, frame_id=frame_id, is_command=False)
        self.send(packet)
        return packet.seq

    def answer(self, packet: Packet, *, tries: int = TRIES) -> Packet | None:
        """Send a packet, again where nothing comes, and give what answers it; None where nothing does."""
        for _ in range(tries):
            begin = len(self.heard)
            self.send(packet)
            found: list[Packet] = []

            def is_answered(begin: int = begin, found: list[Packet] = found) -> bool:
                found[:] = [each for each in self.heard[begin:] if each.seq == packet.seq and each.type not in UNASKED]
                return bool(found)

            if self.wait(is_answered, self._answer_s):
                self.heard.remove(found[0])
                return found[0]
        return None

    def command(self, message: Message, *, sealed: bool = True) -> Message:
        """Send one command; what answers it, opened. BUSY is asked again. Raises CameraSilent."""
        for _ in range(MOST_BUSY):
            packet = self.packet(message, sealed=sealed)
            said = self.opened(self._answered(packet))
            if not isinstance(said, Nack) or said.status.name != "BUSY":
                break
            time.sleep(_SLICE_S)
        return said

    def opened(self, answer: Packet) -> Message:
        """What an answer says. Raises SessionError where it does not open, MessageError where it is malformed."""
        return message_of(self._in_session().open(answer) if answer.flags & PacketFlags.ENC else answer)

    def hello(self, role: Role | None = None, *, key: LinkKey | None = None, **said: Any) -> Message:
        """Say HELLO in the role of the key, or in another; the answer. With a role and no refusal a session has begun.

        Raises SessionError where the board does not prove that it has the key.
        """
        key = self.key if key is None else key
        chosen = (Role.NONE if key is None else key.role) if role is None else role
        fields: dict[str, Any] = {
            "lowest_version": PROTOCOL_VERSION, "highest_version": PROTOCOL_VERSION, "role": chosen,
            "payload_bytes": MOST_PAYLOAD_BYTES, "host_nonce": secrets.token_bytes(NONCE_BYTES),
            "client": key.client if key is not None and chosen is Role.CLIENT else "",
        }  # fmt: skip
        hello = Hello(**{**fields, **said})
        answer = message_of(self._answered(hello.packet(seq=0, flags=PacketFlags.ACK_REQ)))
        if isinstance(answer, HelloAck) and chosen is not Role.NONE:
            assert key is not None
            self.session, self.ack, self._seq = Session(key.root, hello, answer, "host"), answer, 0
        return answer

    # Registers

    def read(self, name: str, *, sealed: bool = False) -> Value:
        """What a register holds."""
        register = BY_NAME[name]
        reply = self.command(Read(register.address, register.size_bytes), sealed=sealed)
        if not isinstance(reply, ReadReply):
            raise AssertionError(f"{name}: READ was answered by {reply}")
        return register.decode(reply.data)

    def write(self, name: str, value: Value) -> Message:
        """Write a register; the answer."""
        register = BY_NAME[name]
        return self.command(Write(register.address, register.encode(value)))

    def set(self, **values: Value) -> None:
        """Write registers, each of which must take its value."""
        for name, value in values.items():
            answer = self.write(name, value)
            if isinstance(answer, Nack):
                raise AssertionError(f"{name} = {value!r}: the board refused it with {answer.status.name}")

    # Frames and events

    def credit(self, limit_bytes: int) -> None:
        """Let the board send so many bytes of DATA in the session."""
        assert self.ack is not None
        self.tell(Credit(self.ack.session, limit_bytes))

    def heartbeat(self) -> None:
        """Say that this host lives."""
        ack = self.ack
        boot_id, session = (0, 0) if ack is None else (ack.boot_id, ack.session)
        self.tell(Heartbeat(boot_id, session, 0, DeviceState.RESET))

    def frames(self) -> list[RawFrame]:
        """The whole frames of the session among what was heard."""
        assert self.ack is not None
        assembler = FrameAssembler(session=self.ack.session, first_frame_id=self.ack.first_frame_id)
        taken = (assembler.take(packet) for packet in self.heard if packet.type in FRAME_TYPES)
        return [frame for frame in taken if frame is not None]

    def stream(self, frames: int, **settings: Value) -> list[RawFrame]:
        """Set the board up, let it send exactly so many frames by credit, and stop it; the frames that came whole."""
        self.set(**settings, settings_apply=1)
        size = self.read("frame_bytes")
        assert isinstance(size, int) and self.ack is not None
        self.credit(self._spent_bytes() + frames * size)
        self.set(stream_enable="on")
        limit_s = TRIES * self._answer_s + frames * 2.0
        self.wait(lambda: len(self.of_type(PacketType.FRAME_END)) >= frames, limit_s)
        self.set(stream_enable="off")
        return self.frames()

    def _spent_bytes(self) -> int:
        """What the frames of the session have taken of its credit, as far as they were heard."""
        return sum(len(each.payload) for each in self.of_type(PacketType.DATA) if not each.flags & PacketFlags.RESEND)

    def of_type(self, kind: PacketType) -> list[Packet]:
        """The packets of one type among what was heard."""
        return [packet for packet in self.heard if packet.type == kind]

    def said(self, kind: type[Kind]) -> list[Kind]:
        """What the board said of one kind, in clear and unasked."""
        return [message_of(each) for each in self.of_type(kind.TYPE) if not each.flags & PacketFlags.ENC]  # type: ignore[misc]

    def events(self, code: EventCode) -> list[Event]:
        """The events of one code among what was heard."""
        return [event for event in self.said(Event) if event.code is code]

    def event(self, code: EventCode, timeout_s: float = 5.0) -> Event:
        """The first event of a code, as soon as it comes. Raises AssertionError where it does not."""
        if not self.wait(lambda: bool(self.events(code)), timeout_s):
            raise AssertionError(f"no event {code.name} came within {timeout_s:g} s")
        return self.events(code)[0]

    def close(self) -> None:
        """Stop a stream that may run, and close the link; harmless when repeated."""
        try:
            if self.session is not None:
                register = BY_NAME["stream_enable"]
                self.answer(self.packet(Write(register.address, register.encode("off"))), tries=1)
        except (LinkLost, LinkTimeout, RuntimeError):
            pass  # a session or link that is over has no stream either
        finally:
            self._wipe()
            self.transport.close()

    def _answered(self, packet: Packet) -> Packet:
        answer = self.answer(packet)
        if answer is None:
            text = f"link = {self.transport.name}: {PacketType(packet.type).name} was not answered {TRIES} times"
            raise CameraSilent(f"{text}; allowed is a board that answers within {self._answer_s:g} s")
        return answer

    def _in_session(self) -> Session:
        if self.session is None:
            raise RuntimeError("link: no session has begun; allowed is one that hello() began")
        return self.session

    def _wipe(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
