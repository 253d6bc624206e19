"""Bytes that are no packet, one for each cause by which a receiver drops them."""

import zlib

from cobs import cobs

from link.messages import Read
from link.packet import MOST_ENCODED_BYTES, Packet, PacketFlags, PacketType
from link.registers import BY_NAME

STATE = BY_NAME["state"]


def body_of(packet: Packet) -> bytes:
    return packet.header() + packet.payload


def framed(body: bytes) -> bytes:
    return b"\0" + cobs.encode(body) + b"\0"


def with_crc(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


READ_STATE = Packet(PacketType.READ, Read(STATE.address, 4).pack(), PacketFlags.ACK_REQ, seq=4_000_000)
DAMAGE: dict[str, bytes] = {
    "crc": framed(body_of(READ_STATE) + bytes(4)),
    "cobs": b"\0\xff\x01\x02\0",
    "short": framed(with_crc(bytes(10))),
    "version": framed(with_crc(b"\x02" + body_of(READ_STATE)[1:])),
    "length": framed(with_crc(body_of(READ_STATE) + b"more")),
    "oversized": b"\0" + b"\x01" * (MOST_ENCODED_BYTES + 1) + b"\0",
}
