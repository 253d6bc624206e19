"""Messages: each comes back as it was, and what is malformed is refused by name."""

from dataclasses import fields, replace
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.protocol_vectors import UNPROVED, one_of_each, outgoing
from link import messages as say
from link.messages.fields import Code, HeaderOfFrame, Octets, Spans, Tail, Text, Whole
from link.packet import LEAST_PAYLOAD_BYTES, Packet, PacketType

SAMPLES = {message.TYPE: message for message in reversed(one_of_each(UNPROVED))}
TYPES = list(PacketType)


def values_of(field: Any) -> st.SearchStrategy[Any]:
    """Values that a field takes."""
    if isinstance(field, Whole):
        return st.integers(0, 2 ** (8 * field.size_bytes) - 1)
    if isinstance(field, Code):
        return st.sampled_from(list(field.kind))
    if isinstance(field, Octets):
        return st.binary(min_size=field.size_bytes, max_size=field.size_bytes)
    if isinstance(field, Tail):
        return st.binary(max_size=60)
    if isinstance(field, Spans):
        pairs = st.tuples(st.integers(0, 2**31), st.integers(1, 2**31))
        return st.lists(pairs, max_size=5).map(tuple)
    assert isinstance(field, Text)
    return st.text(st.characters(categories=["L", "N", "P"]), max_size=16)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_a_message_comes_back_and_fits_the_least_payload(kind: PacketType) -> None:
    message = SAMPLES[kind]
    assert say.message_of(message.packet(seq=3)) == message
    assert len(message.pack()) <= LEAST_PAYLOAD_BYTES
    assert type(message) is say.MESSAGES[kind]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_message_that_can_be_made_comes_back(kind: PacketType, data: st.DataObject) -> None:
    row = say.fields_of(say.MESSAGES[kind])
    if any(isinstance(field, HeaderOfFrame) for _, field, _ in row):
        row = tuple(each for each in row if each[0] in ("session", "timestamp_ns"))  # the others follow from the header
    drawn = {name: data.draw(values_of(field)) for name, field, _ in row}
    try:
        message = replace(SAMPLES[kind], **drawn)
    except say.MessageError as refused:
        assert "allowed is" in str(refused)
        return
    assert type(message).unpack(message.pack()) == message


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_cut_and_every_addition_is_refused_or_another_message(kind: PacketType) -> None:
    message = SAMPLES[kind]
    payload = message.pack()
    for wrong in (*(payload[:size] for size in range(len(payload))), payload + b"\0"):
        try:
            assert type(message).unpack(wrong) != message
        except say.MessageError as refused:
            assert "allowed is" in str(refused)


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(TYPES), payload=st.binary(max_size=200))
def test_any_payload_is_read_or_refused(kind: PacketType, payload: bytes) -> None:
    try:
        message = say.message_of(Packet(kind, payload))
    except say.MessageError:
        return
    assert message.pack() == payload


@settings(max_examples=200, deadline=None)
@given(kind=st.sampled_from(TYPES), at=st.integers(0, 10**6), change=st.integers(1, 255))
def test_a_changed_byte_gives_another_message_or_none(kind: PacketType, at: int, change: int) -> None:
    payload = bytearray(SAMPLES[kind].pack())
    if not payload:
        return
    payload[at % len(payload)] ^= change
    try:
        assert say.message_of(Packet(kind, bytes(payload))) != SAMPLES[kind]
    except say.MessageError:
        return


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (PacketType.HELLO, "lowest_version", 0), (PacketType.HELLO, "lowest_version", 2),
        (PacketType.HELLO, "client", ""), (PacketType.HELLO, "payload_bytes", 255), (PacketType.HELLO, "host_nonce", bytes(15)),
        (PacketType.HELLO, "client", "a" * 65), (PacketType.HELLO, "client", "a\n"), (PacketType.HELLO, "role", 1),
        (PacketType.HELLO_ACK, "session", 0), (PacketType.HELLO_ACK, "payload_bytes", 8193),
        (PacketType.HELLO_ACK, "boot_counter", 2**64), (PacketType.HELLO_ACK, "boot_counter", True),
        (PacketType.KEY_BEGIN, "slot", say.Slot.NEITHER), (PacketType.KEY_BEGIN, "wrapped_bytes", 47),
        (PacketType.KEY_BEGIN, "client", ""), (PacketType.KEY_CHUNK, "part", b""), (PacketType.KEY_CHUNK, "part", bytes(49)),
        (PacketType.KEY_COMMIT, "slot", say.Slot.NEITHER), (PacketType.KEY_ERASE, "slot", say.Slot.NEITHER),
        (PacketType.KEY_STATE, "slot", say.Slot.NEITHER), (PacketType.FRAME_START, "counter", 6),
        (PacketType.FRAME_START, "total_bytes", 52), (PacketType.FRAME_END, "tag", bytes(15)), (PacketType.DATA, "data", b""),
        (PacketType.RESEND, "parts", 4), (PacketType.RESEND, "ranges", ((5, 0),)),
        (PacketType.RESEND, "ranges", ((2**32 - 1, 2),)), (PacketType.READ, "address", -1),
    ],
)  # fmt: skip
def test_an_impossible_field_is_refused_by_name(kind: PacketType, name: str, value: Any) -> None:
    with pytest.raises(say.MessageError, match=f"^{name} = .*allowed is"):
        replace(SAMPLES[kind], **{name: value})


def test_a_resend_of_nothing_is_refused() -> None:
    with pytest.raises(say.MessageError, match=r"^parts = 0"):
        say.Resend(0, ())


def test_deep_samples_do_not_fit_a_narrow_format() -> None:
    start = outgoing().start
    with pytest.raises(say.MessageError, match=r"^bits = 12: allowed is up to 8 for U8"):
        replace(start, sample_format=type(start.sample_format).U8)


def test_an_unknown_type_and_an_unknown_code_are_refused() -> None:
    with pytest.raises(say.MessageError, match=r"^type = 0x99: allowed is one of HELLO"):
        say.message_of(Packet(0x99))
    with pytest.raises(say.MessageError, match=r"^Slot = 7: allowed is 0 A, 1 B, 255 NEITHER"):
        say.message_of(Packet(PacketType.KEY_STATE, b"\7"))


def test_a_message_too_long_for_a_packet_is_refused() -> None:
    with pytest.raises(say.MessageError, match="payload = 8204 bytes"):
        say.Write(0, bytes(8200)).pack()


def test_every_command_has_an_answer_and_no_answer_is_a_command() -> None:
    assert {answer for answer, _ in say.COMMANDS.values()} & set(say.COMMANDS) == set()
    assert {kind for kind in TYPES if kind.name.startswith("KEY") and not kind.name.endswith("REPLY")} <= set(say.COMMANDS)
    changing = {PacketType.WRITE, PacketType.KEY_BEGIN, PacketType.KEY_CHUNK, PacketType.KEY_COMMIT, PacketType.KEY_ERASE}
    assert all(say.COMMANDS[kind][1] is not say.Role.NONE for kind in changing)


def test_every_field_says_what_it_is() -> None:
    for kind in say.MESSAGES.values():
        assert [name for name, _, _ in say.fields_of(kind)] == [each.name for each in fields(kind)]
        assert all(meaning for _, _, meaning in say.fields_of(kind))
    assert all(issubclass(type(each), IntEnum) for each in say.Role)
