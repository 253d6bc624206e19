"""Packets and their parser: every byte kept, damage counted by its cause, memory bounded, and fast."""

import tracemalloc
import zlib
from dataclasses import replace
from itertools import pairwise
from time import process_time
from typing import Any

import numpy as np
import pytest
from cobs import cobs
from hypothesis import given, settings
from hypothesis import strategies as st

from link.packet import (
    DEFAULT_PAYLOAD_BYTES,
    HEADER_BYTES,
    MOST_ENCODED_BYTES,
    MOST_PAYLOAD_BYTES,
    PACKET_ERROR_CAUSES,
    Packet,
    PacketError,
    PacketFlags,
    PacketType,
    decoded,
)
from link.parser import PacketParser

PACKET = Packet(PacketType.DATA, bytes(range(256)), PacketFlags.LAST, 7, 9, 1024, 1, 255)
U32 = st.integers(0, 2**32 - 1)
PACKETS = st.builds(
    Packet,
    st.integers(0, 255),
    st.binary(max_size=600) | st.integers(0, MOST_PAYLOAD_BYTES).map(bytes),
    st.integers(0, 65535),
    U32,
    U32,
    U32,
    st.integers(0, 255),
    st.integers(0, 255),
)


def framed(body: bytes) -> bytes:
    """Any body with a CRC that fits, as it goes over the wire."""
    return b"\0" + cobs.encode(body + zlib.crc32(body).to_bytes(4, "little")) + b"\0"


@settings(deadline=None)
@given(packets=st.lists(PACKETS, max_size=6), cuts=st.lists(st.integers(0, 4000), max_size=12))
def test_packets_come_back_whatever_the_pieces(packets: list[Packet], cuts: list[int]) -> None:
    wire = b"".join(packet.encoded() for packet in packets)
    edges = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    parser = PacketParser()
    found = [each for start, end in pairwise(edges) for each in parser.feed(wire[start:end])]
    assert found == packets
    assert parser.packets == len(packets)
    assert not parser.errors


def test_byte_by_byte() -> None:
    parser = PacketParser()
    assert [each for byte in PACKET.encoded() * 2 for each in parser.feed(bytes([byte]))] == [PACKET, PACKET]


def test_the_wire_is_bounded_and_free_of_zeros_inside() -> None:
    for payload in (bytes(MOST_PAYLOAD_BYTES), b"\1" * MOST_PAYLOAD_BYTES):
        wire = replace(PACKET, payload=payload).encoded()
        assert b"\0" not in wire[1:-1]
        assert len(wire) - 2 <= MOST_ENCODED_BYTES
        assert decoded(wire[1:-1]).payload == payload
    assert MOST_ENCODED_BYTES == 8249  # what docs/protocol.md says


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("type", 256, "0 to 2\\*\\*8 - 1"), ("flags", -1, "16"), ("seq", 2**32, "32"), ("frame_id", -1, "32"),
        ("offset", 2**32, "32"), ("channel", 256, "8"), ("key_epoch", 256, "8"),
        ("payload", bytes(MOST_PAYLOAD_BYTES + 1), "up to 8192"),
    ],
)  # fmt: skip
def test_a_field_out_of_range_is_refused_by_name(name: str, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} = .*allowed is .*{says}"):
        replace(PACKET, **{name: value})


def body_of(packet: Packet) -> bytearray:
    return bytearray(packet.header() + packet.payload)


def test_each_cause_is_counted_and_the_packet_behind_it_arrives() -> None:
    version, length = body_of(PACKET), body_of(PACKET)
    version[0] = 2
    length[16] += 1
    flipped = bytearray(PACKET.encoded())
    flipped[-2] ^= 1 if flipped[-2] != 1 else 2
    broken = {
        "version": framed(version),
        "length": framed(length),
        "short": b"\0" + cobs.encode(bytes(HEADER_BYTES + 3)) + b"\0",
        "crc": bytes(flipped),
        "cobs": b"\0\xff\x01\x02\0",
        "oversized": b"\0" + b"\1" * (MOST_ENCODED_BYTES + 1) + b"\0",
    }
    assert set(broken) == set(PACKET_ERROR_CAUSES)
    shorter = body_of(PACKET)
    shorter[16:18] = (len(PACKET.payload) - 1).to_bytes(2, "little")
    for cause, wire in [*broken.items(), ("length", framed(shorter))]:
        parser = PacketParser()
        assert parser.feed(wire + PACKET.encoded()) == [PACKET], cause
        assert dict(parser.errors) == {cause: 1}
        with pytest.raises(PacketError, match="allowed is") as refused:
            decoded(wire[1:-1])
        assert refused.value.cause == cause


def test_a_payload_above_the_limit_that_compresses_into_few_bytes_is_oversized() -> None:
    body = replace(PACKET, payload=b"").header()[:16] + (8193).to_bytes(2, "little") + bytes(2 + 8193)
    parser = PacketParser()
    assert parser.feed(framed(body)) == []
    assert dict(parser.errors) == {"oversized": 1}


def test_any_single_flipped_bit_is_found() -> None:
    small = Packet(PacketType.CREDIT, b"\5\0\7\0", seq=3).encoded()
    for bit in range(8, 8 * (len(small) - 1)):
        wire = bytearray(small)
        wire[bit // 8] ^= 1 << bit % 8
        parser = PacketParser()
        assert parser.feed(bytes(wire)) == []
        assert sum(parser.errors.values()) in (1, 2)  # a byte that became zero makes two runs


@pytest.mark.parametrize("event", ["drop", "insert", "duplicate", "burst"])
def test_one_event_costs_two_packets_at_most(event: str) -> None:
    rng = np.random.default_rng(5)
    packets = [Packet(PacketType.DATA, rng.bytes(1024), seq=seq) for seq in range(8)]
    wire = b"".join(packet.encoded() for packet in packets)
    for _ in range(200):
        at = int(rng.integers(len(wire) - 256))
        damaged = {
            "drop": wire[:at] + wire[at + 1 :],
            "insert": wire[:at] + rng.bytes(1) + wire[at:],
            "duplicate": wire[: at + 1] + wire[at:],
            "burst": wire[:at] + rng.bytes(256) + wire[at + 256 :],
        }[event]
        found = PacketParser().feed(damaged)
        assert len(found) >= len(packets) - 2
        assert all(each in packets for each in found)


def test_a_million_fuzzed_bytes_are_only_counted() -> None:
    # Half noise, a quarter of it zeros so that there are many runs, half packets with a damaged byte each.
    rng = np.random.default_rng(2024)
    parser, fed, damaged = PacketParser(), 0, 0
    while fed < 1_000_000:
        noise = rng.integers(0, 256, 700, np.uint8)
        noise[rng.random(700) < 0.25] = 0
        wire = bytearray(replace(PACKET, payload=rng.bytes(int(rng.integers(0, 1025)))).encoded())
        wire[int(rng.integers(1, len(wire) - 1))] ^= int(rng.integers(1, 256))
        damaged += 1
        for piece in (noise.tobytes(), bytes(wire)):
            # A run of noise passes CRC-32 with probability 2**-32; there are some 3e5 of them, so none is expected.
            assert parser.feed(piece) == []
            fed += len(piece)
    assert sum(parser.errors.values()) > damaged
    assert set(parser.errors) <= set(PACKET_ERROR_CAUSES)
    assert parser.feed(b"\0" + PACKET.encoded()) == [PACKET]


@settings(deadline=None)
@given(data=st.binary(max_size=2000))
def test_any_bytes_do_no_harm(data: bytes) -> None:
    parser = PacketParser()
    parser.feed(data)
    assert parser.feed(b"\0" + PACKET.encoded())[-1] == PACKET


def test_memory_is_bounded_where_no_zero_comes() -> None:
    parser, piece = PacketParser(), b"\1" * 65536
    parser.feed(piece)
    tracemalloc.start()
    for _ in range(160):  # 10 MB
        parser.feed(piece)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 65536
    assert parser.errors["oversized"] == 1  # one run, counted once
    assert [each for byte in PACKET.encoded() for each in parser.feed(bytes([byte]))] == [PACKET]


def test_the_parser_is_faster_than_any_link_that_it_is_for() -> None:
    packets = 4000
    rng = np.random.default_rng(0)
    wire = b"".join(Packet(PacketType.DATA, rng.bytes(DEFAULT_PAYLOAD_BYTES), seq=seq).encoded() for seq in range(packets))
    taken_s = []
    for _ in range(5):
        parser, start_s = PacketParser(), process_time()
        for at in range(0, len(wire), 65536):
            parser.feed(wire[at : at + 65536])
        taken_s.append(process_time() - start_s)
        assert parser.packets == packets
    # 100 MB/s are asked for and 200 to 280 were seen; half of what is asked for leaves room for a busy machine.
    assert len(wire) / min(taken_s) > 50e6
