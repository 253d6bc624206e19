"""The committed vectors of the link against a second decoder that was written from docs/protocol.md alone, and against link."""

import json
import re
from pathlib import Path

import pytest

from experiments.protocol_page import PAGE, put_in
from experiments.protocol_vectors import text
from link.messages import MESSAGES, PacketType
from link.packet import PacketError, decoded
from link.status import Status
from tests.oracle import protocol_page as page
from tests.oracle.key_schedule_page import tag

FILE = Path(__file__).parents[1] / "vectors" / "protocol.json"
VECTORS = json.loads(FILE.read_text("utf-8"))
FRAME = VECTORS["frame"]
HEADER_NAMES = ("type", "flags", "seq", "frame_id", "offset", "channel", "key_epoch", "payload")
ALL = [*VECTORS["packets"], VECTORS["long_packet"], *FRAME["packets"], *FRAME["resent"]]


def test_the_committed_vectors_are_what_link_makes_today() -> None:
    assert FILE.read_text("utf-8") == text()


def test_the_pages_tables_are_what_the_code_says_today() -> None:
    written = PAGE.read_text("utf-8")
    assert put_in(written) == written
    assert "| A240 | `exposure_s` | f64 | rw | s |" in written


def test_the_page_names_every_status_and_type() -> None:
    written = PAGE.read_text("utf-8")
    assert all(f"| {each:02X} | {each.name} |" in written for each in PacketType)
    assert set(re.findall(r"NACK ([A-Z]+_[A-Z_]+)", written)) <= {each.name for each in Status}
    assert set(page.PAYLOADS) == {int(each) for each in PacketType} == {int(each) for each in MESSAGES}


def test_the_pages_own_crc_has_the_check_value_of_the_standard() -> None:
    assert page.crc32(b"123456789") == 0xCBF43926


@pytest.mark.parametrize("number", range(len(ALL)))
def test_packets(number: int) -> None:
    vector = ALL[number]
    wire = bytes.fromhex(vector["encoded"])
    assert wire[0] == wire[-1] == 0 not in wire[1:-1]
    found = page.packet(wire[1:-1])
    assert {name: found[name] for name in HEADER_NAMES} == {name: vector[name] for name in HEADER_NAMES}
    assert decoded(wire[1:-1]).payload.hex() == vector["payload"]


def test_every_type_has_a_vector_and_every_payload_reads_as_it_was_meant() -> None:
    assert {vector["type"] for vector in VECTORS["packets"]} == {int(each) for each in PacketType}
    for vector in VECTORS["packets"]:
        assert page.payload(vector["type"], bytes.fromhex(vector["payload"])) == vector["fields"], vector["name"]


@pytest.mark.parametrize("vector", VECTORS["damaged"], ids=lambda vector: vector["cause"])
def test_damage_is_told_by_the_same_cause(vector: dict) -> None:
    run = bytes.fromhex(vector["between_zeros"])
    with pytest.raises(page.Dropped, match=f"^{vector['cause']}$"):
        page.packet(run)
    with pytest.raises(PacketError) as refused:
        decoded(run)
    assert refused.value.cause == vector["cause"]


def test_there_is_damage_of_each_cause() -> None:
    assert {vector["cause"] for vector in VECTORS["damaged"]} == {"crc", "cobs", "short", "length", "version", "oversized"}


@pytest.mark.parametrize("vector", VECTORS["sessions"], ids=["client", "owner"])
def test_sessions(vector: dict) -> None:
    root, hello, ack = (bytes.fromhex(vector[name]) for name in ("root", "hello", "ack"))
    keys = page.session_keys(root, hello, ack)
    assert keys["proof"] == ack[-16:]
    for key, name in (("to device", "command"), ("to host", "reply")):
        sealed = vector[f"sealed_{name}"]
        opened = page.unsealed(keys[key], sealed["seq"], page.header_bytes(sealed), bytes.fromhex(sealed["payload"]))
        assert opened.hex() == vector[name]["payload"]
        assert sealed["flags"] == vector[name]["flags"] | 8
        other = keys["to host" if key == "to device" else "to device"]
        with pytest.raises(ValueError, match="tag"):
            page.unsealed(other, sealed["seq"], page.header_bytes(sealed), bytes.fromhex(sealed["payload"]))
    wrapped = bytes.fromhex(vector["wrapped_key"])
    assert page.unsealed(keys["wrap"], vector["begin_seq"], bytes.fromhex(vector["begin"]), wrapped).hex() == vector["key"]


def test_check_values() -> None:
    for vector in VECTORS["check_values"]:
        names = (vector["device"], vector["client"], vector["epoch"])
        assert page.check_value(bytes.fromhex(vector["key"]), *names).hex() == vector["check"]


@pytest.mark.parametrize("vector", VECTORS["samples"], ids=lambda vector: str(vector["format"]))
def test_samples(vector: dict) -> None:
    assert page.samples(vector["format"], bytes.fromhex(vector["bytes"]), 7) == vector["samples"]


def test_a_frame_and_the_parts_sent_again() -> None:
    start, *data, end = FRAME["packets"]
    said = page.payload(0x40, bytes.fromhex(start["payload"]))
    assert [each["type"] for each in (start, *data, end)] == [0x40, *[0x41] * len(data), 0x42]
    assert [each["seq"] for each in FRAME["packets"]] == [(2**32 - 2 + k) % 2**32 for k in range(len(FRAME["packets"]))]
    assert {each["key_epoch"] for each in FRAME["packets"]} == {258 % 256}
    samples = b"".join(bytes.fromhex(each["payload"]) for each in data)
    assert said["total_bytes"] == len(samples)
    assert data[-1]["flags"] == 4
    found = page.samples(said["sample_format"], samples, FRAME["pixels"])
    assert found == [40503 * q % 4096 for q in range(FRAME["pixels"])]
    for part in FRAME["resent"][:-1]:
        assert part["flags"] & 2
        assert bytes.fromhex(part["payload"]) == samples[part["offset"] :][: len(part["payload"]) // 2]
    assert FRAME["resent"][-1]["payload"] == end["payload"]


def test_the_end_of_a_frame_carries_the_tag_of_the_key_schedule() -> None:
    from tests.oracle.key_schedule_page import Stream, epoch_secret, label_key

    start, *_, end = FRAME["packets"]
    header = bytes.fromhex(page.payload(0x40, bytes.fromhex(start["payload"]))["header"])
    names = {"device": "caméra", "client": "büro 2", "epoch": 258, "policy": "full frame mask"}
    frame = {**names, "height": 5, "width": 7, "bits": 12, "cfa": "mono"}
    secret = epoch_secret(bytes(range(32)), "caméra", "büro 2", 258)
    tag_key = Stream(label_key(secret, "tag", frame), 5).octets(32)
    samples = [40503 * q % 4096 for q in range(FRAME["pixels"])]
    assert tag(tag_key, header, samples).hex() == end["payload"]


def test_registers() -> None:
    rows = re.findall(r"^\| ([0-9A-F]{4}) \| `(\w+)` \| (\w+)", PAGE.read_text("utf-8"), re.M)
    assert {name: int(address, 16) for address, name, _ in rows} == VECTORS["register_addresses"]
    kinds = {name: kind for _, name, kind in rows}
    assert {kinds[vector["name"]] for vector in VECTORS["registers"]} == set(kinds.values())
    for vector in VECTORS["registers"]:
        written, kind = bytes.fromhex(vector["bytes"]), kinds[vector["name"]]
        if kind == "f64":
            import struct

            assert struct.unpack(">d", written) == (vector["value"],)
        elif kind == "text":
            assert written.rstrip(b"\0").decode() == vector["value"]
        elif kind == "bytes":
            assert written.hex() == vector["value"]
        elif kind == "choice":
            names = ["mono", "rgb", "rggb", "bggr", "grbg", "gbrg"]
            assert names[int.from_bytes(written, "big")] == vector["value"]
        else:
            assert int.from_bytes(written, "big") == vector["value"]
