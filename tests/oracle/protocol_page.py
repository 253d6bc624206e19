"""The link a second time, decoded as docs/protocol.md says and nothing else: plain Python on the standard library."""

import struct

from tests.oracle.key_schedule_page import chacha20_block, expand, fields, poly1305

MOST_RUN, MOST_PAYLOAD = 8249, 8192
HEADER = ("version", "type", "flags", "seq", "frame_id", "offset", "length", "channel", "key_epoch")


# Packets


class Dropped(Exception):
    """A run of bytes that is no packet; its argument is the cause."""


def uncobs(run: bytes) -> bytes:
    decoded, at = b"", 0
    while at < len(run):
        code = run[at]
        if code == 0 or at + code > len(run):
            raise Dropped("cobs")
        decoded += run[at + 1 : at + code]
        at += code
        if code != 0xFF and at < len(run):
            decoded += b"\0"
    return decoded


def crc32(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def packet(run: bytes) -> dict:
    if len(run) > MOST_RUN:
        raise Dropped("oversized")
    body = uncobs(run)
    if len(body) < 24:
        raise Dropped("short")
    if crc32(body[:-4]) != struct.unpack("<I", body[-4:])[0]:
        raise Dropped("crc")
    found = dict(zip(HEADER, struct.unpack("<BBHIIIHBB", body[:20]), strict=True))
    if found["version"] != 1:
        raise Dropped("version")
    if found["length"] != len(body) - 24:
        raise Dropped("length")
    if found["length"] > MOST_PAYLOAD:
        raise Dropped("oversized")
    return {**found, "payload": body[20:-4].hex()}


# Payloads: a letter of struct, a number of bytes, or a word, and the name.

PAYLOADS = {
    0x01: "B lowest_version, B highest_version, B role, H payload_bytes, 16 host_nonce, text client",
    0x02: "B version, B role, B slot, H payload_bytes, Q boot_id, Q boot_counter, I session, I first_frame_id, 16 device_nonce, "
    "32 firmware_hash, text device, Q epoch, 8 check, 16 proof",
    0x03: "Q boot_id, I session, Q uptime_ns, B state",
    0x04: "H code, I value, Q uptime_ns, text text",
    0x05: "",
    0x06: "H status, I where",
    0x10: "I address, H length_bytes",
    0x11: "I address, rest data",
    0x12: "I address, rest data",
    0x20: "B slot, B form, H wrapped_bytes, Q epoch, 8 check, text client",
    0x21: "H offset, rest part",
    0x22: "",
    0x23: "8 check",
    0x24: "B slot, 8 check",
    0x25: "B slot",
    0x26: "B slot, B state, Q epoch, 8 check, text client",
    0x27: "B slot",
    0x40: "I session, Q counter, Q timestamp_ns, I total_bytes, B sample_format, header header",
    0x41: "rest data",
    0x42: "16 tag",
    0x43: "B parts, pairs ranges",
    0x44: "I session, Q limit_bytes",
}


def payload(kind: int, written: bytes) -> dict:
    found: dict = {}
    for form, name in (each.split() for each in PAYLOADS[kind].split(", ") if each):
        if form == "rest":
            size, found[name] = len(written), written.hex()
        elif form == "pairs":
            size, found[name] = len(written), [list(pair) for pair in struct.iter_unpack("<II", written)]
        elif form == "text":
            size = 1 + written[0]
            found[name] = written[1:size].decode()
        elif form == "header":
            size = 2 + struct.unpack("<H", written[:2])[0]
            found[name] = written[2:size].hex()
        elif form.isdigit():
            size, found[name] = int(form), written[: int(form)].hex()
        else:
            size = struct.calcsize("<" + form)
            (found[name],) = struct.unpack("<" + form, written[:size])
        written = written[size:]
    assert not written
    return found


# Samples


def samples(form: int, written: bytes, count: int) -> list[int]:
    if form == 0:
        return list(struct.unpack(f"<{count}H", written))
    if form == 1:
        return list(written)
    found = []
    for at in range(0, len(written), 3):
        triple = written[at : at + 3]
        found.append(triple[0] | (triple[1] & 0xF) << 8)
        if len(triple) == 3:
            found.append(triple[1] >> 4 | triple[2] << 4)
    return found


# Session


def session_keys(root: bytes, hello: bytes, ack: bytes) -> dict[str, bytes]:
    said = {
        label: expand(root, fields(b"keycam link", b"\x01", label.encode(), hello, ack[:-16]))
        for label in ("proof", "to device", "to host", "wrap")
    }
    return {**said, "proof": said["proof"][:16]}


def check_value(key: bytes, device: str, client: str, epoch: int) -> bytes:
    names = (device.encode(), client.encode(), struct.pack(">Q", epoch))
    return expand(key, fields(b"keycam link", b"\x01", b"check", *names))[:8]


def unsealed(key: bytes, seq: int, data: bytes, sealed: bytes) -> bytes:
    """Open ChaCha20-Poly1305, RFC 8439, section 2.8; raises ValueError where the tag does not fit."""
    nonce = struct.pack("<I", seq) + bytes(8)
    text, tag = sealed[:-16], sealed[-16:]
    padded = data + bytes(-len(data) % 16) + text + bytes(-len(text) % 16) + struct.pack("<QQ", len(data), len(text))
    if poly1305(chacha20_block(key, 0, nonce)[:32], padded) != tag:
        raise ValueError("tag")
    stream = b"".join(chacha20_block(key, 1 + block, nonce) for block in range(-(-len(text) // 64)))
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))


def header_bytes(packet: dict) -> bytes:
    values = {"version": 1, "length": len(bytes.fromhex(packet["payload"])), **packet}
    return struct.pack("<BBHIIIHBB", *(values[name] for name in HEADER))
