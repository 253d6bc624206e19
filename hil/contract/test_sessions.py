"""Sessions: nothing done twice, nothing taken from anybody else, and nothing ended by a stranger."""

import secrets
from dataclasses import replace

import pytest

from hil.board import Board
from hil.contract.damage import STATE
from hil.contract.statuses import count, status_of
from hil.wire import Wire
from link.messages import (
    Ack,
    Credit,
    Hello,
    HelloAck,
    Read,
    ReadReply,
    Role,
    Write,
    message_of,
)
from link.packet import Packet, PacketFlags, PacketType
from link.registers import BY_NAME
from link.session import SEAL_BYTES
from link.status import Status

pytestmark = pytest.mark.hil_feature("client", "quiet-line")


def test_the_same_command_again_gets_the_same_reply_and_is_done_once(link: Wire) -> None:
    packet = link.packet(Write(BY_NAME["exposure_s"].address, BY_NAME["exposure_s"].encode(0.004)))
    done, repeated = count(link, "commands_done"), count(link, "commands_repeated")
    first, second = link.answer(packet), link.answer(packet)
    assert first is not None and first == second
    assert link.opened(first) == Ack()
    # Between the two readings of commands_done stand the write, and the reading of commands_repeated.
    assert count(link, "commands_done") == done + 3
    assert count(link, "commands_repeated") == repeated + 1


def test_a_seq_that_is_used_up_is_refused_in_clear(link: Wire) -> None:
    stale = count(link, "refused_stale")
    assert link.session is not None
    late, packet = link.packet(Read(STATE.address, 4)), link.packet(Read(STATE.address, 4))
    assert link.answer(packet) is not None
    answer = link.answer(late)
    assert answer is not None
    assert not answer.flags & PacketFlags.ENC
    assert status_of(link.opened(answer)) is Status.STALE_SEQ
    assert count(link, "refused_stale") == stale + 1


def test_a_sealed_command_that_was_altered_is_refused_and_not_done(link: Wire) -> None:
    held = link.read("exposure_s")
    refused = count(link, "refused_auth")
    packet = link.packet(Write(BY_NAME["exposure_s"].address, BY_NAME["exposure_s"].encode(0.009)))
    for forged in (
        replace(packet, payload=bytes([packet.payload[0] ^ 1]) + packet.payload[1:]),
        replace(packet, seq=packet.seq + 1),
        replace(packet, type=PacketType.READ),
        replace(packet, flags=packet.flags | PacketFlags.LAST),
    ):
        answer = link.answer(forged)
        assert answer is not None
        assert status_of(link.opened(answer)) is Status.AUTH_FAILED
    assert link.read("exposure_s") == held
    assert count(link, "refused_auth") == refused + 4


def test_the_same_hello_again_gets_the_same_answer_until_its_session_is_used(link: Wire) -> None:
    key = link.key
    assert key is not None
    hello = Hello(1, 1, Role.CLIENT, 8192, secrets.token_bytes(16), key.client)
    packet = hello.packet(seq=0, flags=PacketFlags.ACK_REQ)
    first, second = link.answer(packet), link.answer(packet)
    assert first is not None and first == second
    another = link.hello()
    assert isinstance(another, HelloAck) and another != message_of(first)
    assert link.read("session", sealed=True) == another.session


def test_versions_that_it_does_not_speak_are_refused(link: Wire) -> None:
    assert status_of(link.hello(Role.NONE, lowest_version=2, highest_version=9)) is Status.UNSUPPORTED_VERSION
    ack = link.hello(Role.NONE, lowest_version=1, highest_version=200)
    assert isinstance(ack, HelloAck)
    assert ack.version == 1


def test_another_client_is_refused_by_name(link: Wire) -> None:
    assert status_of(link.hello(Role.CLIENT, client="nobody-of-this-name")) is Status.WRONG_CLIENT


def test_a_stranger_ends_nothing(board: Board, link: Wire) -> None:
    """Whoever says HELLO without a key, or with a wrong one, leaves the session in use as it is."""
    session = link.read("session", sealed=True)
    key = link.key
    assert key is not None
    link.hello(Role.NONE)
    hello = Hello(1, 1, Role.CLIENT, 8192, secrets.token_bytes(16), key.client)
    assert link.answer(hello.packet(seq=0, flags=PacketFlags.ACK_REQ)) is not None
    assert link.read("session", sealed=True) == session
    forged = Packet(PacketType.WRITE, secrets.token_bytes(40), PacketFlags.ACK_REQ | PacketFlags.ENC, seq=1_000_000)
    answer = link.answer(forged)
    assert answer is not None
    assert status_of(link.opened(answer)) is Status.AUTH_FAILED
    assert link.read("session", sealed=True) == session


def test_a_read_longer_than_the_host_takes_is_refused(link: Wire) -> None:
    link.hello(payload_bytes=256)
    first, last = BY_NAME["vendor_name"], BY_NAME["protocol_version"]
    assert isinstance(link.command(Read(first.address, last.end - first.address)), ReadReply)
    most = 256 - 4 - SEAL_BYTES  # behind the address, in a payload that is sealed
    assert status_of(link.command(Read(first.address, most + 4))) is Status.BAD_VALUE


def test_a_payload_larger_than_the_host_takes_is_refused(link: Wire) -> None:
    link.hello(payload_bytes=512)
    assert status_of(link.write("payload_bytes", 1024)) is Status.BAD_VALUE
    assert link.write("payload_bytes", 512) == Ack()
    link.hello()
    link.set(payload_bytes=1024)


def test_credit_for_another_session_is_no_credit(link: Wire) -> None:
    link.set(height=32, width=32, test_pattern="ramp", frame_rate_hz=100.0, settings_apply=1, stream_enable="on")
    assert link.ack is not None
    link.tell(Credit(link.ack.session + 1, 1 << 30))
    assert not link.wait(lambda: bool(link.of_type(PacketType.FRAME_START)), 0.15)
