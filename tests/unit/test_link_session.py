"""Sessions: what is altered, repeated, turned round, reordered or made with another key is not let in."""

import pickle
from dataclasses import replace
from typing import Any

import pytest

from experiments.protocol_vectors import CLIENT, DEVICE, EPOCH, HELLO, SECRET, UNPROVED
from link.messages import KeyBegin, Message, MessageError, Nack, Role, Slot, WrapForm, Write, message_of
from link.packet import MOST_PAYLOAD_BYTES, Packet, PacketFlags, PacketType
from link.parser import PacketParser
from link.replies import CommandRefused, ReplyCache
from link.session import SEAL_BYTES, Session, SessionError, check_value, with_proof
from link.status import Status

ACK = with_proof(UNPROVED, Session(SECRET, HELLO, UNPROVED, "device"))
BEGIN = KeyBegin(Slot.A, WrapForm.SESSION, 48, 7, bytes(8), "lab")


def ends() -> tuple[Session, Session]:
    return Session(SECRET, HELLO, ACK, "host"), Session(SECRET, HELLO, UNPROVED, "device")


def command(seq: int = 5, message: Message | None = None) -> Packet:
    return (message or Write(0xA240, bytes(range(8)))).packet(seq=seq, flags=PacketFlags.ACK_REQ)


def test_a_command_and_its_reply_go_through_the_wire() -> None:
    host, device = ends()
    sealed = host.seal(command())
    (arrived,) = PacketParser().feed(sealed.encoded())
    assert arrived == sealed
    assert bytes(range(8)) not in arrived.payload
    assert len(arrived.payload) == len(command().payload) + SEAL_BYTES
    assert device.open(arrived) == command()
    reply = Nack(Status.BAD_VALUE, 1).packet(seq=5)
    assert message_of(host.open(device.seal(reply))) == Nack(Status.BAD_VALUE, 1)


@pytest.mark.parametrize("field", ["type", "flags", "seq", "frame_id", "offset", "channel", "key_epoch", "payload"])
def test_any_change_of_a_sealed_packet_is_refused(field: str) -> None:
    host, device = ends()
    sealed = host.seal(command())
    value: Any = sealed.payload[:-1] + bytes([sealed.payload[-1] ^ 1]) if field == "payload" else getattr(sealed, field) ^ 16
    with pytest.raises(SessionError, match="allowed is") as refused:
        device.open(replace(sealed, **{field: value}))
    assert refused.value.cause == "auth"
    assert device.open(sealed) == command()  # nothing has changed by that


@pytest.mark.parametrize("size", [0, 5, 15, 16])
def test_a_short_sealed_payload_is_refused(size: int) -> None:
    with pytest.raises(SessionError) as refused:
        ends()[1].open(replace(ends()[0].seal(command()), payload=bytes(size)))
    assert refused.value.cause == "auth"


def test_replayed_and_reordered_commands_are_refused() -> None:
    host, device = ends()
    first, second, third = (host.seal(command(seq)) for seq in (1, 2, 9))
    device.open(second)
    for stale in (second, first):
        with pytest.raises(SessionError, match=r"^seq = .: allowed is 3 or more") as refused:
            device.open(stale)
        assert refused.value.cause == "stale"
    device.open(third)


def test_a_packet_turned_round_is_refused() -> None:
    host, device = ends()
    sealed = host.seal(command())
    with pytest.raises(SessionError) as refused:
        host.open(sealed)
    assert refused.value.cause == "auth"
    assert device.open(sealed)


def test_a_packet_in_clear_is_refused() -> None:
    with pytest.raises(SessionError, match="not sealed") as refused:
        ends()[1].open(command())
    assert refused.value.cause == "clear"


def test_no_seq_is_sealed_twice() -> None:
    host, _ = ends()
    host.seal(command(5))
    for seq in (5, 4):
        with pytest.raises(ValueError, match=f"^seq = {seq}: allowed is 6 to"):
            host.seal(command(seq))
    host.seal(command(2**32 - 1))


def test_a_payload_without_room_for_the_seal_is_refused() -> None:
    host, device = ends()
    longest = Packet(PacketType.WRITE, bytes(MOST_PAYLOAD_BYTES - SEAL_BYTES), seq=1)
    assert device.open(host.seal(longest)) == longest
    with pytest.raises(ValueError, match="payload = 8177 bytes: allowed is up to 8176"):
        host.seal(replace(longest, payload=longest.payload + b"\0", seq=2))


HANDSHAKES: list[tuple[str, dict]] = [
    ("hello", {"host_nonce": bytes(16)}), ("hello", {"payload_bytes": 256}), ("hello", {"client": "other"}),
    ("hello", {"highest_version": 2}), ("ack", {"device_nonce": bytes(16)}), ("ack", {"boot_counter": 78}),
    ("ack", {"boot_id": 1}), ("ack", {"session": 4}), ("ack", {"firmware_hash": bytes(32)}), ("ack", {"device": "cam1"}),
    ("ack", {"epoch": 0}), ("ack", {"slot": Slot.A}), ("ack", {"payload_bytes": 256}), ("ack", {"first_frame_id": 0}),
    ("ack", {"check": bytes(8)}), ("ack", {"proof": bytes(16)}),
]  # fmt: skip


@pytest.mark.parametrize(("which", "change"), HANDSHAKES, ids=lambda each: str(each))
def test_a_handshake_that_was_altered_is_noticed_by_the_host(which: str, change: dict) -> None:
    hello = replace(HELLO, **change) if which == "hello" else HELLO
    ack = replace(ACK, **change) if which == "ack" else ACK
    with pytest.raises(SessionError, match="proof of device") as refused:
        Session(SECRET, hello, ack, "host")
    assert refused.value.cause == "auth"


@pytest.mark.parametrize(("which", "change"), HANDSHAKES[:-1], ids=lambda each: str(each))
def test_every_part_of_the_handshake_makes_other_keys(which: str, change: dict) -> None:
    hello = replace(HELLO, **change) if which == "hello" else HELLO
    unproved = replace(UNPROVED, **change) if which == "ack" else UNPROVED
    sealed = ends()[0].seal(command())
    with pytest.raises(SessionError) as refused:
        Session(SECRET, hello, unproved, "device").open(sealed)
    assert refused.value.cause == "auth"


def test_another_root_is_noticed_by_both_ends() -> None:
    with pytest.raises(SessionError, match="its key is another"):
        Session(bytes(32), HELLO, ACK, "host")
    with pytest.raises(SessionError):
        Session(bytes(32), HELLO, UNPROVED, "device").open(ends()[0].seal(command()))


def test_impossible_sessions_are_refused_by_name() -> None:
    nobody = replace(HELLO, role=Role.NONE, client="")
    for arguments, name in (
        ((bytes(31), HELLO, ACK, "host"), "root"),
        ((SECRET, HELLO, ACK, "client"), "side"),
        ((SECRET, HELLO, replace(ACK, role=Role.OWNER), "host"), "role"),
        ((SECRET, nobody, replace(ACK, role=Role.NONE, session=0), "host"), "role"),
        ((SECRET, HELLO, replace(ACK, version=2), "host"), "version"),
    ):
        with pytest.raises(ValueError, match=f"^{name} = .*allowed is"):
            Session(*arguments)
    with pytest.raises(MessageError, match=r"^proof = "):
        with_proof(ACK, ends()[1])


def test_a_wrapped_key_opens_for_its_own_announcement_alone() -> None:
    host, device = ends()
    key = bytes(range(32))
    wrapped = host.wrap_key(key, BEGIN, 4)
    assert len(wrapped) == BEGIN.wrapped_bytes
    assert key not in wrapped
    assert device.unwrap_key(wrapped, BEGIN, 4) == key
    for other, seq, text in (
        (BEGIN, 5, wrapped),
        (replace(BEGIN, slot=Slot.B), 4, wrapped),
        (replace(BEGIN, epoch=8), 4, wrapped),
        (replace(BEGIN, client="host"), 4, wrapped),
        (BEGIN, 4, wrapped[:-1]),
        (BEGIN, 4, bytes(48)),
    ):
        with pytest.raises(SessionError) as refused:
            device.unwrap_key(text, other, seq)
        assert refused.value.cause == "auth"


def test_check_values_differ_in_key_and_every_name() -> None:
    names = {"device": DEVICE, "client": CLIENT, "epoch": EPOCH}
    values = {check_value(SECRET, **names), check_value(bytes(32), **names)}
    for change in ({"device": "x"}, {"client": "x"}, {"epoch": 0}):
        values.add(check_value(SECRET, **{**names, **change}))
    assert len(values) == 5
    assert all(len(value) == 8 and value not in SECRET for value in values)


def test_a_session_is_wiped_and_never_printed_or_pickled() -> None:
    host, device = ends()
    keys = (host._sending, host._receiving, host._wrapping)
    with host:
        sealed = host.seal(command())
    assert keys == (bytes(32),) * 3
    for use in (lambda: host.seal(command(6)), lambda: host.open(sealed), lambda: host.wrap_key(bytes(32), BEGIN, 7)):
        with pytest.raises(RuntimeError, match="session 3 has ended: say HELLO again"):
            use()
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(device)
    assert repr(device) == "<Session 3, CLIENT>"


# Replies


def test_a_repeated_command_is_carried_out_once_and_gets_the_same_reply() -> None:
    host, device = ends()
    cache, executed = ReplyCache(), []

    def answer(packet: Packet) -> Packet:
        cached = cache.before(packet)
        if cached is not None:
            return cached
        executed.append(device.open(packet))
        reply = device.seal(Nack(Status.BAD_VALUE, len(executed)).packet(seq=packet.seq))
        cache.keep(packet, reply)
        return reply

    sealed = host.seal(command(5))
    replies = [answer(sealed) for _ in range(3)]
    assert replies == [replies[0]] * 3
    assert executed == [command(5)]
    assert answer(host.seal(command(8))) != replies[0]
    assert answer(sealed) == replies[0]


def test_a_used_seq_with_other_bytes_is_refused() -> None:
    cache = ReplyCache()
    cache.keep(command(5), Packet(PacketType.ACK, seq=5))
    for other in (command(4), command(5, Write(0, bytes(4))), replace(command(5), flags=0)):
        with pytest.raises(CommandRefused, match=r"^seq = .: allowed is 6 or more") as refused:
            cache.before(other)
        assert refused.value.status is Status.STALE_SEQ
    assert cache.before(command(6)) is None
    with pytest.raises(ValueError, match=r"^seq = 5: allowed is 6"):
        cache.keep(command(5), Packet(PacketType.ACK, seq=5))


def test_a_forged_seq_does_not_lock_out_the_host() -> None:
    host, device = ends()
    cache = ReplyCache()
    forged = replace(host.seal(command(1)), seq=2**32 - 1)
    assert cache.before(forged) is None
    with pytest.raises(SessionError):
        device.open(forged)
    sealed = host.seal(command(2))
    assert cache.before(sealed) is None
    assert device.open(sealed) == command(2)


def test_the_cache_keeps_as_many_replies_as_it_is_told() -> None:
    cache = ReplyCache(kept=2)
    for seq in (1, 2, 3):
        cache.keep(command(seq), Packet(PacketType.ACK, seq=seq))
    with pytest.raises(CommandRefused):
        cache.before(command(1))
    assert [cache.before(command(seq)).seq for seq in (2, 3)] == [2, 3]
    with pytest.raises(ValueError, match="kept = 0: allowed is 1 or more"):
        ReplyCache(kept=0)
