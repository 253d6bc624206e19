"""Every packet type, in form and out of it: what is answered, what is refused and how, and that nothing is done twice."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from hil.board import Board
from hil.contract.damage import STATE
from hil.contract.statuses import count, status_of
from hil.wire import Wire
from link.messages import (
    COMMANDS,
    MESSAGES,
    Ack,
    DeviceState,
    EventCode,
    FrameEnd,
    Heartbeat,
    HelloAck,
    KeyBegin,
    KeyCheck,
    KeyCheckReply,
    KeyChunk,
    KeyCommit,
    KeyErase,
    KeyState,
    KeyStateReply,
    Nack,
    Read,
    ReadReply,
    Resend,
    Role,
    Slot,
    SlotState,
    WrapForm,
    message_of,
)
from link.packet import Packet, PacketFlags, PacketType
from link.status import Status

pytestmark = pytest.mark.hil_feature("client", "quiet-line")


def a_frame(link: Wire) -> None:
    link.stream(1, height=32, width=32, test_pattern="ramp")


def hello_is_answered(link: Wire) -> None:
    ack = link.hello(Role.NONE)
    assert isinstance(ack, HelloAck)
    assert (ack.role, ack.session, ack.first_frame_id, ack.proof) == (Role.NONE, 0, 0, bytes(16))


def a_session_is_proved(link: Wire) -> None:
    before = link.ack
    ack = link.hello()  # whose proof the session checks
    assert isinstance(ack, HelloAck) and before is not None
    assert ack.session == before.session + 1
    assert ack.device_nonce != before.device_nonce


def a_heartbeat_is_answered(link: Wire) -> None:
    link.heartbeat()
    assert link.wait(lambda: bool(link.said(Heartbeat)), 5.0)
    said, ack = link.said(Heartbeat)[-1], link.ack
    assert ack is not None
    assert (said.boot_id, said.state.name.lower()) == (ack.boot_id, link.read("state"))
    assert said.uptime_ns <= count(link, "uptime_ns")


def an_event_is_told(link: Wire) -> None:
    link.set(test_pattern="off", settings_apply=1)
    event = link.event(EventCode.STATE_CHANGED)
    assert event.value in list(DeviceState)
    assert event.uptime_ns <= count(link, "uptime_ns")


def a_write_is_acknowledged(link: Wire) -> None:
    assert link.write("exposure_s", 0.004) == Ack()


def a_refusal_says_where(link: Wire) -> None:
    assert link.command(Read(0xA001, 4), sealed=False) == Nack(Status.BAD_ALIGNMENT, 0xA001)


def a_read_is_answered(link: Wire) -> None:
    reply = link.command(Read(STATE.address, 4))
    assert isinstance(reply, ReadReply)
    assert STATE.decode(reply.data) == link.read("state")


def key_state_is_answered(link: Wire) -> None:
    for slot in (Slot.A, Slot.B):
        reply = link.command(KeyState(slot), sealed=False)
        assert isinstance(reply, KeyStateReply)
        assert reply.slot is slot
        name = f"key_{slot.name.lower()}"
        assert reply.state.name.lower() == link.read(f"{name}_state")
        said = tuple(link.read(f"{name}_{what}") for what in ("epoch", "check", "client"))
        assert (reply.epoch, reply.check, reply.client) == said


def a_client_may_not(message: Callable[[], object]) -> Callable[[Wire], None]:
    def check(link: Wire) -> None:
        refused = count(link, "refused_session")
        assert status_of(link.command(message())) is Status.DENIED  # type: ignore[arg-type]
        assert status_of(link.command(message(), sealed=False)) is Status.NEEDS_SESSION  # type: ignore[arg-type]
        assert count(link, "refused_session") == refused + 2

    return check


def frames_have(kind: PacketType) -> Callable[[Wire], None]:
    def check(link: Wire) -> None:
        a_frame(link)
        found = [message_of(packet) for packet in link.of_type(kind)]
        assert found
        if kind is PacketType.FRAME_END:
            assert [each.tag for each in found if isinstance(each, FrameEnd)] == [raw.tag for raw in link.frames()]

    return check


def a_resend_brings_packets(link: Wire) -> None:
    a_frame(link)
    (start,) = link.of_type(PacketType.FRAME_START)
    link.tell(Resend(Resend.START, ()), frame_id=start.frame_id)
    assert link.wait(lambda: len(link.of_type(PacketType.FRAME_START)) == 2, 5.0)


def credit_lets_frames_through(link: Wire) -> None:
    link.set(height=32, width=32, test_pattern="ramp", frame_rate_hz=100.0, settings_apply=1, stream_enable="on")
    assert not link.wait(lambda: bool(link.of_type(PacketType.FRAME_START)), 0.1)
    link.credit(1 << 30)
    assert link.wait(lambda: bool(link.of_type(PacketType.FRAME_END)), 5.0)


def key_begin() -> KeyBegin:
    return KeyBegin(Slot.A, WrapForm.SESSION, 48, 1, bytes(8), "somebody")


CHECKS: dict[PacketType, Callable[[Wire], None]] = {
    PacketType.HELLO: hello_is_answered,
    PacketType.HELLO_ACK: a_session_is_proved,
    PacketType.HEARTBEAT: a_heartbeat_is_answered,
    PacketType.EVENT: an_event_is_told,
    PacketType.ACK: a_write_is_acknowledged,
    PacketType.NACK: a_refusal_says_where,
    PacketType.READ: a_read_is_answered,
    PacketType.READ_REPLY: a_read_is_answered,
    PacketType.WRITE: a_write_is_acknowledged,
    PacketType.KEY_BEGIN: a_client_may_not(key_begin),
    PacketType.KEY_CHUNK: a_client_may_not(lambda: KeyChunk(0, bytes(16))),
    PacketType.KEY_CHECK: a_client_may_not(KeyCheck),
    PacketType.KEY_COMMIT: a_client_may_not(lambda: KeyCommit(Slot.A, bytes(8))),
    PacketType.KEY_STATE: key_state_is_answered,
    PacketType.KEY_STATE_REPLY: key_state_is_answered,
    PacketType.KEY_ERASE: a_client_may_not(lambda: KeyErase(Slot.A)),
    PacketType.FRAME_START: frames_have(PacketType.FRAME_START),
    PacketType.DATA: frames_have(PacketType.DATA),
    PacketType.FRAME_END: frames_have(PacketType.FRAME_END),
    PacketType.RESEND: a_resend_brings_packets,
    PacketType.CREDIT: credit_lets_frames_through,
}
OWNERS = frozenset((PacketType.KEY_CHECK_REPLY,))
"""What only an owner's session brings; the tests of provisioning see it."""


@pytest.mark.parametrize("kind", [kind for kind in MESSAGES if kind not in OWNERS], ids=lambda kind: kind.name)
def test_every_packet_type_does_what_it_is_for(link: Wire, kind: PacketType) -> None:
    CHECKS[kind](link)


@pytest.mark.hil_feature("owner")
@pytest.mark.hil_destructive
def test_an_owner_is_told_the_check_value_of_what_it_gave(board: Board, link: Wire) -> None:
    owner, key = board.keys.owner, board.keys.client
    assert owner is not None and key is not None
    link.hello(key=owner)
    used = link.command(KeyState(Slot.A))
    assert isinstance(used, KeyStateReply)
    target = Slot.B if used.state is SlotState.ACTIVE else Slot.A
    begin = KeyBegin(target, WrapForm.SESSION, 48, key.epoch, key.check, key.client)
    packet = link.packet(begin)
    answer = link.answer(packet)
    assert answer is not None and link.opened(answer) == Ack()
    assert link.session is not None
    wrapped = link.session.wrap_key(key.root, begin, packet.seq)
    assert link.command(KeyChunk(0, wrapped)) == Ack()
    assert link.command(KeyCheck()) == KeyCheckReply(key.check)  # and never committed


@pytest.mark.parametrize("kind", [*COMMANDS], ids=lambda kind: kind.name)
def test_a_payload_that_is_not_of_its_type_is_malformed(link: Wire, kind: PacketType) -> None:
    refused = count(link, "refused_malformed")
    needed = COMMANDS[kind][1]
    if needed is Role.OWNER:
        return  # refused for its role before its payload is looked at, as the test above sees
    # KEY_STATE of a slot that is none; of the others a payload that is too short.
    payload = b"\x07" if kind is PacketType.KEY_STATE else b"\x01"
    packet = Packet(
        kind, payload, PacketFlags.ACK_REQ, seq=0 if kind is PacketType.HELLO else link.packet(Ack(), sealed=False).seq
    )
    if needed is not Role.NONE:
        assert link.session is not None
        packet = link.session.seal(packet)
    answer = link.answer(packet)
    assert answer is not None
    assert status_of(link.opened(answer)) is Status.MALFORMED
    assert count(link, "refused_malformed") == refused + 1


@pytest.mark.parametrize("kind", [0x00, 0x07, 0x13, 0x28, 0x45, 0xFF])
def test_a_type_of_a_later_version_is_refused_where_it_asks_for_an_answer(link: Wire, kind: int) -> None:
    seq = link.packet(Ack(), sealed=False).seq
    answer = link.answer(Packet(kind, b"later", PacketFlags.ACK_REQ, seq=seq))
    assert answer is not None
    assert link.opened(answer) == Nack(Status.NOT_IMPLEMENTED)
    received = count(link, "packets_received")
    assert link.answer(Packet(kind, b"later", seq=seq + 1), tries=1) is None
    assert count(link, "packets_received") > received


def test_flags_that_are_not_known_are_not_looked_at(link: Wire) -> None:
    packet = link.packet(Read(STATE.address, 4), sealed=False)
    answer = link.answer(replace(packet, flags=packet.flags | 0xFFF0))
    assert answer is not None
    assert isinstance(link.opened(answer), ReadReply)
