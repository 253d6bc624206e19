"""A reader and a writer of recordings from docs/recording.md alone: nothing here comes from the project's own code."""

import json
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

CFAS = ["mono", "rgb", "rggb", "bggr", "grbg", "gbrg"]
TITLE = b'{"keycam recording":1,"line_crc32":"6288dd69"}\n'


@dataclass(frozen=True)
class Frame:
    """A frame as the page describes it: the header's bytes, samples in emission order, and the tag."""

    header: bytes
    samples: list[int]
    tag: bytes


def read(folder: Path) -> list[Frame]:
    """The whole frames of a recording, in their sequence."""
    found = []
    for line in (folder / "index.jsonl").read_bytes().split(b"\n")[:-1]:
        said = checked(line)
        if said is None or "keycam recording" in said:
            continue
        chunk = (folder / f"chunk-{said['chunk']:06d}.raw").read_bytes()
        content = chunk[said["offset_bytes"] : said["offset_bytes"] + said["size_bytes"]]
        if len(content) != said["size_bytes"] or f"{zlib.crc32(content):08x}" != said["crc32"]:
            continue
        header, packed, tag = content[: said["header_bytes"]], content[said["header_bytes"] : -16], content[-16:]
        bits, count = bits_and_count(header)
        found.append(Frame(header, unpacked(packed, bits, count), tag))
    return found


def checked(line: bytes) -> dict | None:
    """What a line says, if the CRC-32 in its last member fits."""
    at = line.rfind(b',"line_crc32":"')
    if at < 0 or line[at:] != b',"line_crc32":"%08x"}' % zlib.crc32(line[:at]):
        return None
    return json.loads(line)


def bits_and_count(header: bytes) -> tuple[int, int]:
    """Depth and number of samples, from the header of docs/key-schedule.md."""
    magic, version, device_bytes, client_bytes = struct.unpack_from(">4sBBB", header)
    assert (magic, version) == (b"KCAM", 2)
    _, _, height, width, bits, cfa = struct.unpack_from(">QQHHBB", header, 7 + device_bytes + client_bytes)
    return bits, height * width * (3 if CFAS[cfa] == "rgb" else 1)


def unpacked(packed: bytes, bits: int, count: int) -> list[int]:
    """Samples from a string of bits, lowest first."""
    whole = int.from_bytes(packed, "little")
    assert len(packed) == (count * bits + 7) // 8
    assert whole >> (count * bits) == 0
    return [(whole >> (number * bits)) % 2**bits for number in range(count)]


def write(folder: Path, frames: list[Frame], times_s: list[float]) -> None:
    """A recording of one chunk."""
    folder.mkdir()
    chunk, index = b"", TITLE
    for frame, received_s in zip(frames, times_s, strict=True):
        bits, count = bits_and_count(frame.header)
        packed = sum(sample << (number * bits) for number, sample in enumerate(frame.samples)).to_bytes(
            (count * bits + 7) // 8, "little"
        )
        content = frame.header + packed + frame.tag
        counter_at = 7 + frame.header[5] + frame.header[6]
        (counter,) = struct.unpack_from(">Q", frame.header, counter_at)
        line = (
            f'{{"counter":{counter},"chunk":0,"offset_bytes":{len(chunk)},"header_bytes":{len(frame.header)},'
            f'"size_bytes":{len(content)},"crc32":"{zlib.crc32(content):08x}","received_s":{received_s!r}'
        ).encode()
        index += line + b',"line_crc32":"%08x"}\n' % zlib.crc32(line)
        chunk += content
    (folder / "chunk-000000.raw").write_bytes(chunk)
    (folder / "index.jsonl").write_bytes(index)


def frames_without_index(chunk: bytes) -> list[bytes]:
    """The frames of a chunk by their headers alone, as the page says that they can be found."""
    found, at = [], 0
    while at < len(chunk):
        header_bytes = 7 + chunk[at + 5] + chunk[at + 6] + 8 + 8 + 2 + 2 + 5 + 4 * 8
        bits, count = bits_and_count(chunk[at : at + header_bytes])
        size_bytes = header_bytes + (count * bits + 7) // 8 + 16
        found.append(chunk[at : at + size_bytes])
        at += size_bytes
    return found
