"""Every register of the map: it can be read, takes what it says it takes, and refuses everything else."""

import struct

import pytest

from hil.board import Board
from hil.contract.statuses import status_of
from hil.wire import Wire
from link.messages import Ack, Nack, Read, ReadReply, Write
from link.register import Register, Value
from link.registers import BY_NAME, COUNTERS, REGISTERS
from link.status import Status

READABLE = [register for register in REGISTERS if register.is_readable]
COMMANDS = [register for register in REGISTERS if register.kind == "command"]
SETTINGS = [register for register in REGISTERS if register.access == "rw" and register.name != "stream_enable"]


def of(register: Register) -> str:
    return register.name


@pytest.mark.parametrize("register", READABLE, ids=of)
def test_it_reads_as_a_value_of_its_kind_and_is_protected_where_it_is_only_read(link: Wire, register: Register) -> None:
    in_clear = link.read(register.name)  # decoding refuses what the register cannot hold
    register.check(in_clear)
    if link.session is None:
        return
    sealed = link.read(register.name, sealed=True)
    assert sealed == in_clear or register.volatile or register.name == "session"
    if not register.is_writable:
        assert status_of(link.command(Write(register.address, bytes(register.size_bytes)))) is Status.WRITE_PROTECTED
        assert register.volatile or link.read(register.name) == sealed


def test_after_a_reset_registers_hold_what_the_map_says(board: Board, link: Wire) -> None:
    """The module began with a reset, and every test puts back what it changed."""
    said = {register.name: register.reset for register in READABLE if register.reset is not None}
    said = {name: value for name, value in said.items() if name not in (*COUNTERS, "session")}
    assert {name: link.read(name) for name in said} == said


@pytest.mark.parametrize("register", [each for each in REGISTERS if not each.is_readable], ids=of)
def test_one_that_is_only_written_reads_as_zeros(link: Wire, register: Register) -> None:
    reply = link.command(Read(register.address, register.size_bytes), sealed=False)
    assert reply == ReadReply(register.address, bytes(register.size_bytes))


def other_value(link: Wire, register: Register) -> Value:
    """A value that the register takes on every board, other than the one that it has."""
    held = link.read(register.name)
    if register.kind == "choice":
        if register.name == "sample_format":
            return "u16"  # the only one that takes every depth
        return next(choice for choice in register.choices if choice != held)
    assert isinstance(held, int | float)
    if register.name in ("height", "width"):
        return max(2, int(held) // 4 * 2)
    if register.name == "payload_bytes":
        return 512
    return held + 1 if register.kind != "f64" else held * 0.75


@pytest.mark.hil_feature("client")
@pytest.mark.parametrize("register", SETTINGS, ids=of)
def test_a_setting_takes_a_value_and_the_old_one_again(link: Wire, register: Register) -> None:
    held, value = link.read(register.name), other_value(link, register)
    for each in (value, held):
        assert link.write(register.name, each) == Ack()
        assert link.read(register.name) == each


def beyond(register: Register) -> list[bytes]:
    """Bytes that no value of the register has, each of its length."""
    if register.kind == "choice":
        return [struct.pack(">I", len(register.choices)), b"\xff" * 4]
    if register.kind == "command":
        return [struct.pack(">I", 0), struct.pack(">I", 2), b"\xff" * 4]
    if register.kind == "f64":
        outside = [register.lowest / 2, register.highest * 2, -1.0, float("nan"), float("inf")]
        return [struct.pack(">d", number) for number in outside]
    least, most = int(register.lowest), int(register.highest)
    return [number.to_bytes(register.size_bytes, "big") for number in (least - 1, most + 1) if 0 <= number < 1 << 32]


@pytest.mark.hil_feature("client")
@pytest.mark.parametrize("register", [*SETTINGS, *COMMANDS, BY_NAME["stream_enable"]], ids=of)
def test_it_refuses_what_is_outside_its_range_and_stays_as_it_is(link: Wire, register: Register) -> None:
    before = link.read(register.name) if register.is_readable else None
    tried = beyond(register)
    assert tried
    for data in tried:
        assert status_of(link.command(Write(register.address, data))) is Status.BAD_VALUE, data.hex()
    assert before is None or link.read(register.name) == before


@pytest.mark.hil_feature("client")
def test_it_refuses_to_be_larger_than_its_array(link: Wire) -> None:
    for side in ("height", "width"):
        most = link.read(f"sensor_{side}")
        assert isinstance(most, int)
        assert status_of(link.write(side, most + 2)) is Status.BAD_VALUE
        assert link.read(side) == most


@pytest.mark.hil_feature("client")
def test_nothing_is_written_without_a_session(link: Wire) -> None:
    for register in (*SETTINGS, *COMMANDS):
        data = register.encode(1 if register.kind == "command" else link.read(register.name))
        answer = link.command(Write(register.address, data), sealed=False)
        assert status_of(answer) is Status.NEEDS_SESSION, register.name


def test_a_span_reads_as_its_registers_do(link: Wire) -> None:
    first, last = BY_NAME["sensor_height"], BY_NAME["frame_bytes"]
    reply = link.command(Read(first.address, last.end - first.address), sealed=False)
    assert isinstance(reply, ReadReply)
    for register in REGISTERS:
        if first.address <= register.address <= last.address:
            at = register.address - first.address
            assert register.decode(reply.data[at : at + register.size_bytes]) == link.read(register.name)


@pytest.mark.parametrize(
    ("address", "length_bytes", "status"),
    [
        (0xA201, 4, Status.BAD_ALIGNMENT),
        (0xA200, 6, Status.BAD_ALIGNMENT),
        (0xA244, 4, Status.BAD_ADDRESS),  # the second half of exposure_s
        (0xA240, 4, Status.BAD_ADDRESS),  # and the first
        (0xA224, 4, Status.BAD_ADDRESS),  # in a gap
        (0xA220, 8, Status.BAD_ADDRESS),  # into a gap
        (0xFFFFFFFC, 4, Status.BAD_ADDRESS),
        (0xA200, 0, Status.BAD_ADDRESS),
    ],
)
def test_a_span_that_is_no_row_of_registers_is_refused(link: Wire, address: int, length_bytes: int, status: Status) -> None:
    answer = link.command(Read(address, length_bytes), sealed=False)
    assert status_of(answer) is status
    assert isinstance(answer, Nack) and answer.where == address


@pytest.mark.hil_feature("client")
def test_a_write_is_checked_whole_before_any_of_it_is_done(link: Wire) -> None:
    exposure, gain = BY_NAME["exposure_s"], BY_NAME["analog_gain"]
    held = link.read("exposure_s")
    assert isinstance(held, float)
    data = exposure.encode(held / 2) + struct.pack(">d", -1.0)
    assert gain.address == exposure.end
    assert status_of(link.command(Write(exposure.address, data))) is Status.BAD_VALUE
    assert link.read("exposure_s") == held


@pytest.mark.hil_feature("client")
def test_a_span_is_written_as_one(link: Wire) -> None:
    held = {name: link.read(name) for name in ("exposure_s", "analog_gain")}
    data = BY_NAME["exposure_s"].encode(0.003) + BY_NAME["analog_gain"].encode(held["analog_gain"])
    assert link.command(Write(BY_NAME["exposure_s"].address, data)) == Ack()
    assert link.read("exposure_s") == 0.003
    link.set(**held)


@pytest.mark.hil_feature("quiet-line")
def test_the_counters_are_read_as_one_span_and_never_fall(link: Wire) -> None:
    first, last = BY_NAME[COUNTERS[0]], BY_NAME[COUNTERS[-1]]
    span = Read(first.address, last.end - first.address)
    replies = [link.command(span, sealed=False) for _ in range(2)]
    counts = [struct.unpack(f">{len(COUNTERS)}Q", reply.data) for reply in replies if isinstance(reply, ReadReply)]
    before, after = (dict(zip(COUNTERS, each, strict=True)) for each in counts)
    assert all(after[name] >= before[name] for name in COUNTERS)
    assert after["packets_received"] == before["packets_received"] + 1


def test_its_identity_is_that_of_hello(board: Board, link: Wire) -> None:
    assert link.read("device_name") == board.identity.device
    assert link.read("firmware_hash") == board.identity.firmware_hash
    assert link.read("protocol_version") == board.identity.version
    for name in ("vendor_name", "model_name", "device_version", "serial_number"):
        assert link.read(name) != ""
