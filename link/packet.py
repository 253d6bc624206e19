"""The packet: what stands between two zero bytes on the wire (docs/protocol.md, "Packets")."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Literal, get_args

from cobs import cobs

PACKET_VERSION = 1
HEADER = struct.Struct("<BBHIIIHBB")
HEADER_BYTES = HEADER.size
CRC_BYTES = 4
DEFAULT_PAYLOAD_BYTES = 1024
"""Of packets on a line that loses one byte in 10,000, 90 % arrive at this size and 66 % at four times it."""
LEAST_PAYLOAD_BYTES = 256
"""What every device and host takes: the longest HELLO_ACK and FRAME_START fit."""
MOST_PAYLOAD_BYTES = 8192
"""CRC-32 finds any three flipped bits in a packet of up to 11,450 bytes."""
MOST_BODY_BYTES = HEADER_BYTES + MOST_PAYLOAD_BYTES + CRC_BYTES
MOST_ENCODED_BYTES = MOST_BODY_BYTES + -(-MOST_BODY_BYTES // 254)
"""The longest run of bytes that are not zero, in a stream of packets: COBS adds a byte for each 254 begun."""
_CRC = struct.Struct("<I")
_U32 = 1 << 32

PacketErrorCause = Literal["crc", "cobs", "short", "length", "version", "oversized"]
PACKET_ERROR_CAUSES: tuple[PacketErrorCause, ...] = get_args(PacketErrorCause)


class PacketType(IntEnum):
    """What a packet is for; a type that is not among these is of a later version."""

    HELLO = 0x01
    HELLO_ACK = 0x02
    HEARTBEAT = 0x03
    EVENT = 0x04
    ACK = 0x05
    NACK = 0x06
    READ = 0x10
    READ_REPLY = 0x11
    WRITE = 0x12
    KEY_BEGIN = 0x20
    KEY_CHUNK = 0x21
    KEY_CHECK = 0x22
    KEY_CHECK_REPLY = 0x23
    KEY_COMMIT = 0x24
    KEY_STATE = 0x25
    KEY_STATE_REPLY = 0x26
    KEY_ERASE = 0x27
    FRAME_START = 0x40
    DATA = 0x41
    FRAME_END = 0x42
    RESEND = 0x43
    CREDIT = 0x44


class PacketFlags(IntFlag):
    """Bits of the header's flags; the others are sent as 0 and not looked at."""

    NONE = 0
    ACK_REQ = 1
    RESEND = 2
    LAST = 4
    ENC = 8


class PacketError(ValueError):
    """Bytes between two zeros that are no packet; `cause` says by which check."""

    def __init__(self, cause: PacketErrorCause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True)
class Packet:
    """One packet, without its framing.

    Attributes
    ----------
    type
        What it is for: a `PacketType`, or of a later version another number, 0 to 255.
    payload
        Up to 8192 bytes; sealed where the flag ENC is set.
    flags
        `PacketFlags`, 16 bits.
    seq
        32 bits. Host: rises with every packet of a session but is kept when a packet is repeated. Device: that of the
        command in a reply, else a count of its own that wraps.
    frame_id, offset
        Which frame, and at which byte of its samples, 32 bits each; 0 where a packet belongs to no frame.
    channel
        Which stream, 0 to 255; 0 where there is one.
    key_epoch
        The lowest 8 bits of the epoch that a frame's key is from; 0 where a packet belongs to no frame.

    Raises ValueError for numbers outside that.
    """

    type: int
    payload: bytes = b""
    flags: int = 0
    seq: int = 0
    frame_id: int = 0
    offset: int = 0
    channel: int = 0
    key_epoch: int = 0

    def __post_init__(self) -> None:
        # One comparison for what holds nearly always: a camera makes 100,000 of these in a second.
        if not (
            0 <= self.type < 256
            and 0 <= self.flags < 65536
            and 0 <= self.seq < _U32
            and 0 <= self.frame_id < _U32
            and 0 <= self.offset < _U32
            and 0 <= self.channel < 256
            and 0 <= self.key_epoch < 256
            and len(self.payload) <= MOST_PAYLOAD_BYTES
        ):
            raise ValueError(self._trouble())

    def _trouble(self) -> str:
        for name, bits in (("type", 8), ("flags", 16), ("seq", 32), ("frame_id", 32), ("offset", 32), ("channel", 8)):
            if not 0 <= getattr(self, name) < 1 << bits:
                return f"{name} = {getattr(self, name)}: allowed is 0 to 2**{bits} - 1"
        if len(self.payload) > MOST_PAYLOAD_BYTES:
            return f"payload = {len(self.payload)} bytes: allowed is up to {MOST_PAYLOAD_BYTES} bytes"
        return f"key_epoch = {self.key_epoch}: allowed is 0 to 2**8 - 1"

    def header(self) -> bytes:
        """The 20 bytes of the header."""
        return HEADER.pack(
            PACKET_VERSION, self.type, self.flags, self.seq, self.frame_id, self.offset, len(self.payload),
            self.channel, self.key_epoch,
        )  # fmt: skip

    def encoded(self) -> bytes:
        """The packet as it goes over the wire: 00, COBS of header, payload and CRC-32, 00."""
        return encoded_body(self.header() + self.payload)


def encoded_body(body: bytes) -> bytes:
    """Header and payload as they go over the wire: 00, COBS of them and their CRC-32, 00."""
    return b"\0" + cobs.encode(body + _CRC.pack(zlib.crc32(body))) + b"\0"


def decoded(between_zeros: bytes | bytearray) -> Packet:
    """The packet in the bytes between two zeros. Raises PacketError with the first check that fails.

    In this order: oversized, cobs, short, crc, version, length.
    """
    if len(between_zeros) > MOST_ENCODED_BYTES:
        raise PacketError("oversized", f"packet = {len(between_zeros)} bytes: allowed is up to {MOST_ENCODED_BYTES} bytes")
    try:
        body = cobs.decode(between_zeros)
    except cobs.DecodeError as error:
        raise PacketError("cobs", f"packet = {len(between_zeros)} bytes: not in COBS ({error}); allowed is a packet") from None
    size = len(body) - CRC_BYTES
    if size < HEADER_BYTES:
        raise PacketError("short", f"packet = {len(body)} bytes: allowed is {HEADER_BYTES + CRC_BYTES} or more")
    # The CRC of bytes that end with their own CRC is this constant: no slice of the body is needed.
    if zlib.crc32(body) != 0x2144DF1C:
        raise PacketError("crc", f"packet = {len(body)} bytes: its CRC-32 does not fit; allowed is an undamaged packet")
    version, kind, flags, seq, frame_id, offset, length, channel, key_epoch = HEADER.unpack_from(body)
    if version != PACKET_VERSION:
        raise PacketError("version", f"version = {version}: allowed is {PACKET_VERSION}")
    if length != size - HEADER_BYTES:
        raise PacketError("length", f"length = {length}: allowed is {size - HEADER_BYTES}, what the packet carries")
    if length > MOST_PAYLOAD_BYTES:
        raise PacketError("oversized", f"length = {length}: allowed is up to {MOST_PAYLOAD_BYTES}")
    # What was unpacked cannot be out of range, and to check it again would take as long as all of the rest.
    packet = object.__new__(Packet)
    packet.__dict__.update(
        type=kind, payload=body[HEADER_BYTES:size], flags=flags, seq=seq, frame_id=frame_id, offset=offset, channel=channel,
        key_epoch=key_epoch,
    )  # fmt: skip
    return packet
