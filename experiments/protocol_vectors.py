"""Test vectors of the link: `python -m experiments.protocol_vectors` writes tests/vectors/protocol.json.

docs/protocol.md says what the names mean; bytes are hexadecimal, `encoded` with the zeros around it.
"""

import json
import zlib
from dataclasses import replace
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from cobs import cobs

from adc import SECURE, FrameHeader, Geometry, KeySchedule, epoch_secret
from adc.frame import sealed
from link import messages as say
from link.outgoing import OutgoingFrame
from link.packet import CRC_BYTES, MOST_ENCODED_BYTES, Packet, PacketFlags, PacketType
from link.registers import BY_NAME, REGISTERS
from link.samples import SampleFormat, packed
from link.session import Session, check_value, with_proof
from link.status import Status

PAGE = Path(__file__).parents[1] / "tests" / "vectors" / "protocol.json"
MASTER, OWNER = bytes(range(32)), bytes(range(32, 64))
DEVICE, CLIENT, EPOCH = "caméra", "büro 2", 258
HELLO = say.Hello(1, 1, say.Role.CLIENT, 1024, bytes(range(16)), CLIENT)
SECRET = bytes(epoch_secret(MASTER, device=DEVICE, client=CLIENT, epoch=EPOCH))
CHECK = check_value(SECRET, device=DEVICE, client=CLIENT, epoch=EPOCH)
UNPROVED = say.HelloAck(
    1, say.Role.CLIENT, say.Slot.B, 8192, 2**63 + 5, 77, 3, 0xFFFFFFFF, bytes(range(16, 32)), bytes(range(100, 132)),
    DEVICE, EPOCH, CHECK, bytes(16),
)  # fmt: skip
ODD = Geometry(5, 7, 12, "mono")


def vectors() -> dict[str, Any]:
    """All test vectors, as they are written."""
    ack = with_proof(UNPROVED, Session(SECRET, HELLO, UNPROVED, "device"))
    return {
        "protocol_version": say.PROTOCOL_VERSION,
        "packets": [_packet(message) for message in one_of_each(ack)],
        "long_packet": _long_packet(),
        "damaged": _damaged(),
        "sessions": [_session(SECRET, HELLO, ack), _owner_session()],
        "check_values": [{"key": SECRET.hex(), "device": DEVICE, "client": CLIENT, "epoch": EPOCH, "check": CHECK.hex()}],
        "samples": [_samples(form, bits) for form, bits in zip(SampleFormat, (16, 8, 12), strict=True)],
        "frame": _frame(),
        "registers": [_register(name, value) for name, value in _register_values().items()],
        "register_addresses": {register.name: register.address for register in REGISTERS},
    }


def one_of_each(ack: say.HelloAck) -> list[say.Message]:
    """A message of every type; the first of a type is the fullest."""
    begin = say.KeyBegin(say.Slot.A, say.WrapForm.SESSION, 48, EPOCH, CHECK, CLIENT)
    frame = outgoing()
    return [
        HELLO,
        replace(HELLO, role=say.Role.NONE, client=""),
        ack,
        say.Heartbeat(2**63 + 5, 3, 10**12, say.DeviceState.STREAMING),
        say.Event(say.EventCode.KEY_FALLBACK, 1, 5 * 10**9, "slot A is corrupt"),
        say.Ack(),
        say.Nack(Status.BAD_VALUE, 0xA240),
        say.Read(0xA240, 16),
        say.ReadReply(0xA240, bytes(16)),
        say.Write(0xA240, BY_NAME["exposure_s"].encode(0.01)),
        begin,
        say.KeyChunk(16, bytes(range(32))),
        say.KeyCheck(),
        say.KeyCheckReply(CHECK),
        say.KeyCommit(say.Slot.A, CHECK),
        say.KeyErase(say.Slot.B),
        say.KeyState(say.Slot.A),
        say.KeyStateReply(say.Slot.A, say.SlotState.ACTIVE, EPOCH, CHECK, CLIENT),
        frame.start,
        say.FrameData(bytes(frame.samples)),
        frame.end,
        say.Resend(3, ((0, 1024), (4096, 7))),
        say.Credit(3, 2**40),
    ]


def _packet(message: say.Message) -> dict[str, Any]:
    flags = PacketFlags.ACK_REQ if message.TYPE in say.COMMANDS else PacketFlags.NONE
    packet = message.packet(seq=0x01020304, flags=flags, frame_id=5, channel=1, key_epoch=2)
    values = {name: _plain(getattr(message, name)) for name, _, _ in say.fields_of(type(message))}
    return {"name": message.TYPE.name, "fields": values, **_shown(packet)}


def _shown(packet: Packet) -> dict[str, Any]:
    return {
        "type": packet.type,
        "flags": packet.flags,
        "seq": packet.seq,
        "frame_id": packet.frame_id,
        "offset": packet.offset,
        "channel": packet.channel,
        "key_epoch": packet.key_epoch,
        "payload": packet.payload.hex(),
        "encoded": packet.encoded().hex(),
    }


def _long_packet() -> dict[str, Any]:
    """A packet with runs of more than 254 bytes without a zero, as COBS treats those apart."""
    payload = bytes(1 + number % 255 for number in range(700)) + bytes(3)
    return _shown(Packet(PacketType.DATA, payload, PacketFlags.LAST | PacketFlags.RESEND, 9, 2**32 - 1, 2**31, 0, 255))


def _damaged() -> list[dict[str, str]]:
    run = say.Credit(3, 2**40).packet(seq=7).encoded()[1:-1]
    other_version, other_length = _with_header_byte(0, 2), _with_header_byte(16, 13)
    cases = {
        "crc": run[:-1] + bytes([run[-1] ^ 1]),
        "cobs": run[:-1],
        "short": cobs.encode(bytes(23)),
        "version": other_version,
        "length": other_length,
        "oversized": b"\x01" * (MOST_ENCODED_BYTES + 1),
    }
    return [{"cause": cause, "between_zeros": written.hex()} for cause, written in cases.items()]


def _with_header_byte(at: int, value: int) -> bytes:
    """A packet with another byte in its header and a CRC that fits."""
    body = bytearray(cobs.decode(say.Credit(3, 2**40).packet(seq=7).encoded()[1:-1])[:-CRC_BYTES])
    body[at] = value
    return cobs.encode(bytes(body) + zlib.crc32(body).to_bytes(4, "little"))


def _session(root: bytes, hello: say.Hello, ack: say.HelloAck) -> dict[str, Any]:
    command = say.Write(0xA240, BY_NAME["exposure_s"].encode(0.02)).packet(seq=41, flags=PacketFlags.ACK_REQ)
    reply = say.Ack().packet(seq=41)
    begin, begin_seq = say.KeyBegin(say.Slot.A, say.WrapForm.SESSION, 48, EPOCH + 1, CHECK, CLIENT), 40
    with Session(root, hello, ack, "host") as host, Session(root, hello, ack, "device") as device:
        return {
            "root": root.hex(),
            "hello": hello.pack().hex(),
            "ack": ack.pack().hex(),
            "command": _shown(command),
            "sealed_command": _shown(host.seal(command)),
            "reply": _shown(reply),
            "sealed_reply": _shown(device.seal(reply)),
            "begin": begin.pack().hex(),
            "begin_seq": begin_seq,
            "key": SECRET.hex(),
            "wrapped_key": host.wrap_key(SECRET, begin, begin_seq).hex(),
        }


def _owner_session() -> dict[str, Any]:
    hello = replace(HELLO, role=say.Role.OWNER, client="")
    empty = replace(UNPROVED, role=say.Role.OWNER, slot=say.Slot.NEITHER, epoch=0, check=bytes(8), session=4)
    return _session(OWNER, hello, with_proof(empty, Session(OWNER, hello, empty, "device")))


def _samples(form: SampleFormat, bits: int) -> dict[str, Any]:
    samples = (np.arange(7, dtype=np.uint64) * 40503 % 2**bits).astype(np.uint16)
    return {"format": int(form), "samples": samples.tolist(), "bytes": packed(samples, form).tobytes().hex()}


def outgoing() -> OutgoingFrame:
    """A small frame with an odd number of samples."""
    frame_key = KeySchedule(MASTER, device=DEVICE, client=CLIENT, epoch=EPOCH).frame_key(5, ODD)
    header = FrameHeader(DEVICE, 5, EPOCH, ODD, SECURE, 64.0, 0.01, 2.5, 300.25, CLIENT)
    samples = (np.arange(ODD.pixels, dtype=np.uint64) * 40503 % 4096).astype(np.uint16)[:, None]
    raw = sealed(header, samples, frame_key)
    return OutgoingFrame.of(raw, session=3, frame_id=0xFFFFFFFF, timestamp_ns=123456789)


def _frame() -> dict[str, Any]:
    frame = outgoing()
    wanted = say.Resend(say.Resend.END, ((10, 20), (50, 3)))
    return {
        "samples": "sample q holds (40503 q) mod 4096",
        "pixels": ODD.pixels,
        "packets": [_shown(packet) for packet in frame.packets(first_seq=2**32 - 2, payload_bytes=256)],
        "resend": wanted.pack().hex(),
        "resent": [_shown(packet) for packet in frame.resent(wanted, first_seq=1, payload_bytes=256)],
    }


def _register_values() -> dict[str, Any]:
    return {
        "device_name": DEVICE,
        "firmware_hash": bytes(range(32)),
        "height": 480,
        "cfa": "rggb",
        "exposure_s": 0.01,
        "uptime_ns": 2**40 + 1,
        "software_trigger": 1,
    }


def _register(name: str, value: Any) -> dict[str, Any]:
    written = BY_NAME[name].encode(value)
    return {"name": name, "address": BY_NAME[name].address, "value": _plain(value), "bytes": written.hex()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, IntEnum):
        return int(value)
    if isinstance(value, FrameHeader):
        return value.to_bytes().hex()
    return [list(pair) for pair in value] if isinstance(value, tuple) else value


def text() -> str:
    """The file, one value a line."""
    return json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
