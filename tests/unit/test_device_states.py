"""The device's states and registers: what leads where, what is refused where, and nothing done by halves."""

import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_model.device import Device
from firmware_model.device_faults import DeviceFault
from firmware_model.device_state import NEXT, StateMachine
from link.messages import (
    Ack,
    DeviceState,
    EventCode,
    KeyState,
    KeyStateReply,
    Nack,
    Read,
    ReadReply,
    Slot,
    SlotState,
    Write,
)
from link.registers import BY_NAME, COUNTERS, REGISTERS
from link.status import Status
from tests.scripted_host import DEVICE, SMALL, ScriptedHost, body_in


@pytest.fixture
def make(tmp_path: Path) -> Iterator:
    bodies, devices = [], []

    def host_of(**hardware) -> ScriptedHost:
        bodies.append(body_in(tmp_path / str(len(bodies)), **hardware))
        devices.append(Device(bodies[-1]))
        host = ScriptedHost(devices[-1])
        host.give_key()
        host.hello()
        return host

    (tmp_path / "0").mkdir()
    yield host_of
    for device in devices:
        device.close()
    for body in bodies:
        body.flash.close()


@pytest.fixture
def host(make) -> ScriptedHost:
    return make()


def status(answer: object) -> Status:
    assert isinstance(answer, Nack), answer
    return answer.status


def configure(host: ScriptedHost, **settings) -> None:
    host.write_all(**settings, settings_apply=1)


def test_the_way_from_idle_to_streaming_and_back(host: ScriptedHost) -> None:
    assert host.read("state") == "idle"
    configure(host)
    assert host.read("state") == "configured"
    host.write_all(stream_enable="on")
    assert (host.read("state"), host.read("stream_enable")) == ("streaming", "on")
    host.write_all(stream_enable="off")
    assert (host.read("state"), host.read("stream_enable")) == ("configured", "off")
    host.write_all(payload_bytes=2048)
    assert host.read("state") == "idle"
    configure(host)
    configure(host)
    changes = [DeviceState(event.value) for event in host.events(EventCode.STATE_CHANGED)]
    assert changes == [DeviceState.IDLE, DeviceState.CONFIGURED, DeviceState.STREAMING, DeviceState.CONFIGURED, DeviceState.IDLE,
                       DeviceState.CONFIGURED, DeviceState.IDLE, DeviceState.CONFIGURED]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "name", "value", "answer"),
    [
        ("idle", "stream_enable", "on", Status.WRONG_STATE),
        ("idle", "software_trigger", 1, Status.WRONG_STATE),
        ("idle", "fault_clear", 1, Status.WRONG_STATE),
        ("configured", "software_trigger", 1, Status.WRONG_STATE),
        ("configured", "fault_clear", 1, Status.WRONG_STATE),
        ("streaming", "settings_apply", 1, Status.WRONG_STATE),
        ("streaming", "fault_clear", 1, Status.WRONG_STATE),
        ("streaming", "software_trigger", 1, Status.WRONG_STATE),  # in trigger mode free_run
        *(("streaming", name, None, Status.WRITE_PROTECTED) for name in BY_NAME if BY_NAME[name].locked),
        *(("fault", name, None, Status.FAULT) for name in ("exposure_s", "height", "settings_apply", "stream_enable")),
    ],
)
def test_what_a_state_does_not_allow(host: ScriptedHost, state: str, name: str, value, answer: Status) -> None:
    if state in ("configured", "streaming"):
        configure(host)
    if state == "streaming":
        host.write_all(stream_enable="on")
    if state == "fault":
        host.device._body.faults.inject(DeviceFault("sensor_lost"))
        host.device.work()
    assert host.read("state") == state
    value = (host.read(name) if BY_NAME[name].is_readable else 1) if value is None else value
    assert status(host.write(name, value)) is answer
    assert host.read("state") == state


def test_stopping_what_does_not_stream_and_starting_what_does_are_no_errors(host: ScriptedHost) -> None:
    host.write_all(stream_enable="off", settings_apply=1)
    host.write_all(stream_enable="on")
    host.write_all(stream_enable="on")
    assert host.read("state") == "streaming"


def test_every_register_can_be_read_and_none_that_is_read_only_written(host: ScriptedHost) -> None:
    for register in REGISTERS:
        answer = host.command(Read(register.address, register.size_bytes), sealed=False)
        assert isinstance(answer, ReadReply), register.name
        if register.is_readable:
            register.decode(answer.data)
        if not register.is_writable:
            assert status(host.command(Write(register.address, bytes(register.size_bytes)))) is Status.WRITE_PROTECTED


def test_registers_say_what_the_camera_is(host: ScriptedHost) -> None:
    assert (host.read("device_name"), host.read("vendor_name"), host.read("model_name")) == (DEVICE, "keycam", SMALL.name)
    assert (host.read("sensor_height"), host.read("sensor_width"), host.read("bits"), host.read("cfa")) == (24, 32, 12, "rggb")
    assert host.read("readout_policy") == "secure"
    assert host.read("frame_bytes") == 24 * 32 * 3 // 2
    assert host.read("black_level_dn") == SMALL.readout.black_level_dn
    assert host.read("temperature_k") == SMALL.temperature_k
    assert (host.read("reset_cause"), host.read("fault"), host.read("boot_counter")) == ("power_on", "none", 1)
    assert (host.read("active_slot"), host.read("key_a_state"), host.read("key_b_state")) == ("a", "active", "empty")
    assert (host.read("key_a_epoch"), host.read("key_a_client"), host.read("key_b_client")) == (1, "host", "")
    assert host.read("firmware_hash") == host.ack.firmware_hash


@pytest.mark.parametrize("register", [each for each in REGISTERS if each.reset is not None], ids=lambda each: each.name)
def test_registers_with_a_stated_reset_value_hold_it(tmp_path: Path, register) -> None:
    body = body_in(tmp_path)
    device = Device(body)
    host = ScriptedHost(device)
    assert host.read(register.name) == (1 if register.name == "packets_received" else register.reset)
    device.close()
    body.flash.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("height", 25),
        ("height", 26),
        ("width", 34),
        ("width", 0),
        ("sample_format", "u8"),
        ("exposure_s", 0.0),
        ("exposure_s", 1e9),
    ],
)
def test_a_value_that_this_camera_does_not_take_is_refused(host: ScriptedHost, name: str, value) -> None:
    before = host.read(name)
    register = BY_NAME[name]
    kinds = {"u32": ">I", "f64": ">d"}
    written = register.encode(value) if register.kind == "choice" else struct.pack(kinds[register.kind], value)
    assert status(host.command(Write(register.address, written))) is Status.BAD_VALUE
    assert host.read(name) == before


def test_payloads_are_no_longer_than_hello_allows(host: ScriptedHost) -> None:
    host.hello(payload_bytes=512)
    assert status(host.write("payload_bytes", 1024)) is Status.BAD_VALUE
    assert isinstance(host.write("payload_bytes", 512), Ack)
    room = 512 - 4 - 16
    assert isinstance(host.command(Read(BY_NAME["vendor_name"].address, 0xD4)), ReadReply)
    first = BY_NAME[COUNTERS[0]].address
    assert status(host.command(Read(first, room // 4 * 4 + 4))) is Status.BAD_VALUE


def test_spans_are_read_and_written_whole_or_not_at_all(host: ScriptedHost) -> None:
    exposure, gain = BY_NAME["exposure_s"], BY_NAME["analog_gain"]
    answer = host.command(Write(exposure.address, exposure.encode(0.004) + gain.encode(2.0)))
    assert isinstance(answer, Ack)
    assert (host.read("exposure_s"), host.read("analog_gain")) == (0.004, 2.0)
    answer = host.command(Write(exposure.address, exposure.encode(0.005) + struct.pack(">d", -1.0)))
    assert answer == Nack(Status.BAD_VALUE, exposure.address)
    assert host.read("exposure_s") == 0.004
    assert status(host.command(Read(exposure.address, 4))) is Status.BAD_ADDRESS
    assert status(host.command(Read(exposure.address + 2, 8))) is Status.BAD_ALIGNMENT
    assert status(host.command(Read(0x100, 4))) is Status.BAD_ADDRESS


def test_a_write_over_several_commands_follows_the_addresses(host: ScriptedHost) -> None:
    apply, enable, payload = BY_NAME["settings_apply"], BY_NAME["stream_enable"], BY_NAME["payload_bytes"]
    both = Write(apply.address, apply.encode(1) + enable.encode("on"))
    assert isinstance(host.command(both), Ack)
    assert host.read("state") == "streaming"
    host.write_all(stream_enable="off", payload_bytes=512)
    # By the time that payload_bytes has its turn the stream would run, and it is locked: nothing of it is done.
    refused = Write(apply.address, apply.encode(1) + enable.encode("on") + payload.encode(4096))
    assert status(host.command(refused)) is Status.WRITE_PROTECTED
    assert (host.read("state"), host.read("payload_bytes")) == ("idle", 512)


def test_exposure_and_gain_change_while_frames_stream(host: ScriptedHost) -> None:
    configure(host, test_pattern="ramp")
    host.credit(1 << 40)
    host.write_all(stream_enable="on")
    host.run(lambda: host.read("frames_sent") >= 1)
    host.write_all(exposure_s=0.001, analog_gain=2.5, frame_rate_hz=100.0)
    sent = host.read("frames_exposed")
    host.run(lambda: host.read("frames_sent") >= sent + 3)
    last = host.frames()[-1].header
    assert (last.exposure_s, last.analog_gain) == (0.001, 2.5)
    assert host.frames()[0].header.exposure_s != 0.001


def test_the_rate_is_kept_to_what_the_camera_can(make) -> None:
    host = make(baud=921_600)
    host.write_all(exposure_s=0.001, frame_rate_hz=1000.0)
    wire_bytes = host.device.boot.stream.settings.cycle(host.device._body.hardware).wire_bytes
    assert host.read("frame_rate_limit_hz") == pytest.approx(92_160 / wire_bytes)
    host.write_all(sample_format="u16")
    assert host.read("frame_bytes") == 2 * 24 * 32
    assert host.read("frame_rate_limit_hz") < 92_160 / wire_bytes
    host.write_all(exposure_s=0.5)
    assert host.read("frame_rate_limit_hz") == 2.0


def test_triggers_make_one_frame_each_and_too_many_are_refused(host: ScriptedHost) -> None:
    configure(host, test_pattern="walking", trigger_mode="software", frame_rate_hz=50.0)
    host.credit(1 << 40)
    host.write_all(stream_enable="on")
    time.sleep(0.1)
    assert host.read("frames_exposed") == 0
    answers = [host.write("software_trigger", 1) for _ in range(12)]
    refused = [answer for answer in answers if isinstance(answer, Nack)]
    assert {answer.status for answer in refused} == {Status.BUSY}
    taken = len(answers) - len(refused)
    assert 4 <= taken < 12
    host.run(lambda: host.read("frames_sent") == taken)
    for _ in range(50):
        host.device.work()
    assert host.read("frames_exposed") == host.read("frames_sent") == taken


def test_the_end_of_a_session_ends_its_stream(host: ScriptedHost) -> None:
    configure(host, test_pattern="ramp")
    host.write_all(stream_enable="on")
    host.hello()
    assert host.read("state") == "streaming"
    host.read("state", sealed=True)  # the first command of the new session
    assert host.read("state") == "configured"


def test_a_reset_that_is_commanded_is_answered_first(host: ScriptedHost) -> None:
    configure(host)
    host.write_all(stream_enable="on")
    assert isinstance(host.write("device_reset", 1), Ack)
    assert (host.read("state"), host.read("reset_cause"), host.read("boot_counter")) == ("idle", "command", 2)
    assert (host.read("session"), host.read("payload_bytes")) == (0, 1024)
    assert host.read("boot_id") != host.ack.boot_id
    assert [event.value for event in host.events(EventCode.BOOTED)] == [1, 2]
    assert status(host.write("exposure_s", 0.1)) is Status.NEEDS_SESSION


def test_key_states_are_told_without_a_session(host: ScriptedHost) -> None:
    reply = host.command(KeyState(Slot.A), sealed=False)
    assert isinstance(reply, KeyStateReply)
    assert (reply.state, reply.epoch, reply.client, reply.check) == (SlotState.ACTIVE, 1, "host", host.ack.check)
    assert host.command(KeyState(Slot.B), sealed=False) == KeyStateReply(Slot.B, SlotState.EMPTY, 0, bytes(8), "")


def test_no_state_leads_where_the_page_has_no_way() -> None:
    told: list[DeviceState] = []
    for before in DeviceState:
        for after in DeviceState:
            states = StateMachine(lambda state, _: told.append(state))
            states.state = before
            if after in (before, DeviceState.RESET, *NEXT[before]):
                states.go(after)
                assert states.state is after
            else:
                with pytest.raises(ValueError, match=f"state = {after.name}: allowed is "):
                    states.go(after)
                assert states.state is before
    assert told
