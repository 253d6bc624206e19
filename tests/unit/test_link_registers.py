"""The register map: no two overlap, every value comes back, and wrong spans and values are refused by name."""

import dataclasses
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from link.packet import PACKET_ERROR_CAUSES
from link.register import Register
from link.registers import BY_NAME, COUNTERS, FIRST_ADDRESS, REGISTERS, RegisterError, read_span, registers_in, written_values
from link.status import Status


def some_value(register: Register) -> Any:
    if register.kind == "choice":
        return register.choices[-1]
    if register.kind == "command":
        return 1
    if register.kind == "text":
        return "é" * (register.size_bytes // 2)
    if register.kind == "bytes":
        return bytes(range(register.size_bytes))
    highest = min(register.highest, 1e300)
    return highest if register.kind == "f64" else int(highest)


def test_no_two_registers_overlap_and_all_are_aligned_above_the_bootstrap_ones() -> None:
    assert REGISTERS[0].address >= FIRST_ADDRESS
    for one, next_one in pairwise(REGISTERS):
        assert one.end <= next_one.address, next_one.name
    for register in REGISTERS:
        assert register.address % (8 if register.kind in ("u64", "f64") else 4) == 0, register.name
    assert len(BY_NAME) == len(REGISTERS)


@pytest.mark.parametrize("register", REGISTERS, ids=lambda register: register.name)
def test_values_come_back(register: Register) -> None:
    value = some_value(register)
    written = register.encode(value)
    assert len(written) == register.size_bytes
    assert register.decode(written) == value
    if register.reset is not None:
        assert register.decode(register.encode(register.reset)) == register.reset
    assert register.meaning
    if register.access == "wo":
        assert register.kind == "command"


def test_values_are_big_endian() -> None:
    assert BY_NAME["height"].encode(0x1234) == b"\0\0\x12\x34"
    assert BY_NAME["exposure_s"].encode(0.5) == b"\x3f\xe0" + bytes(6)
    assert BY_NAME["cfa"].encode("rggb") == b"\0\0\0\2"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("height", 0), ("height", 65536), ("height", 1.5), ("height", True), ("height", "a"), ("exposure_s", 0.0),
        ("exposure_s", math.nan), ("frame_rate_limit_hz", math.inf), ("analog_gain", -1.0), ("cfa", "bgr"), ("cfa", 2),
        ("software_trigger", 0), ("software_trigger", 2), ("device_name", "a" * 65), ("device_name", "a\n"),
        ("firmware_hash", bytes(31)), ("boot_id", 2**64), ("boot_id", -1), ("payload_bytes", 255),
    ],
)  # fmt: skip
def test_an_impossible_value_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} = .*allowed is"):
        BY_NAME[name].encode(value)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("height", bytes(4)), ("height", bytes(3)), ("cfa", b"\0\0\0\6"), ("exposure_s", b"\x7f\xf8" + bytes(6)),
        ("device_name", b"\xff" * 64), ("software_trigger", bytes(4)),
    ],
)  # fmt: skip
def test_impossible_bytes_are_refused_by_name(name: str, written: bytes) -> None:
    with pytest.raises(ValueError, match=f"^{name} = .*allowed is"):
        BY_NAME[name].decode(written)


def test_a_span_is_read_in_one_go_and_write_only_registers_read_as_zeros() -> None:
    held = {"trigger_mode": "software", "test_pattern": "ramp"}
    assert read_span(0xA280, 12, held.__getitem__) == b"\0\0\0\1" + bytes(4) + b"\0\0\0\1"
    assert [each.name for each in registers_in(0xA280, 12)] == ["trigger_mode", "software_trigger", "test_pattern"]


def test_a_span_is_written_in_one_go_or_not_at_all() -> None:
    both = BY_NAME["exposure_s"].encode(0.02) + BY_NAME["analog_gain"].encode(2.0)
    assert written_values(0xA240, both) == {"exposure_s": 0.02, "analog_gain": 2.0}
    with pytest.raises(RegisterError, match=r"^analog_gain = nan") as refused:
        written_values(0xA240, both[:8] + b"\xff" * 8)
    assert refused.value.status is Status.BAD_VALUE
    with pytest.raises(RegisterError, match=r"^black_level_dn: it is read-only") as refused:
        written_values(0xA250, BY_NAME["frame_rate_hz"].encode(30.0) + bytes(8))
    assert refused.value.status is Status.WRITE_PROTECTED


@pytest.mark.parametrize(
    ("address", "length", "status"),
    [
        (0xA241, 8, "BAD_ALIGNMENT"), (0xA240, 7, "BAD_ALIGNMENT"), (0xA240, 0, "BAD_ADDRESS"), (0xA240, 4, "BAD_ADDRESS"),
        (0xA244, 4, "BAD_ADDRESS"), (0, 4, "BAD_ADDRESS"), (0xA0D0, 8, "BAD_ADDRESS"), (2**32 - 4, 4, "BAD_ADDRESS"),
    ],
)  # fmt: skip
def test_a_wrong_span_is_refused_with_its_status(address: int, length: int, status: str) -> None:
    with pytest.raises(RegisterError, match=r"^span = .*allowed is") as refused:
        registers_in(address, length)
    assert refused.value.status is Status[status]


@given(address=st.integers(0xA000, 0xA700), length=st.integers(0, 300))
def test_any_span_is_read_whole_or_refused(address: int, length: int) -> None:
    try:
        assert len(read_span(address, length, lambda name: some_value(BY_NAME[name]))) == length
    except RegisterError:
        return


@pytest.mark.parametrize(
    "change",
    [
        {"address": 2}, {"address": 2**32}, {"size_bytes": 8}, {"kind": "text", "size_bytes": 6}, {"kind": "text"},
        {"kind": "choice"}, {"choices": ("a",)}, {"kind": "u16"}, {"access": "w"}, {"reset": -1},
    ],
)  # fmt: skip
def test_an_impossible_register_is_refused(change: dict) -> None:
    plain = {"address": 0, "name": "n", "kind": "u32", "access": "ro", "meaning": "m"}
    Register(**plain)
    with pytest.raises(ValueError, match="allowed is"):
        Register(**{**plain, **change})


def test_everything_that_a_host_must_know_has_a_register() -> None:
    assert {f"received_{cause}" for cause in PACKET_ERROR_CAUSES} <= set(COUNTERS)
    assert set(COUNTERS) <= set(BY_NAME)
    for slot in "ab":
        assert BY_NAME[f"key_{slot}_state"].choices == ("empty", "valid", "corrupt", "active")
    assert BY_NAME["test_pattern"].choices == ("off", "ramp", "checker", "walking")
    assert not any(register.is_writable for register in REGISTERS if register.name.startswith("key_"))
    assert all(dataclasses.is_dataclass(register) for register in REGISTERS)


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_every_status_says_what_it_means(status: Status) -> None:
    assert status.meaning
