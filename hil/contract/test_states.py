"""Every change of state: what leads to it, what is told of it, and what each state refuses."""

import pytest

from hil.board import Board
from hil.contract.statuses import status_of
from hil.wire import Wire
from link.messages import Ack, DeviceState, EventCode, HelloAck
from link.register import Value
from link.status import Status

pytestmark = pytest.mark.hil_feature("client", "quiet-line")


def told(link: Wire, state: DeviceState) -> bool:
    """Whether an event says that the device is in a state, and its register too."""
    link.wait(lambda: any(event.value == state for event in link.events(EventCode.STATE_CHANGED)), 5.0)
    return link.read("state") == state.name.lower() and link.events(EventCode.STATE_CHANGED)[-1].value == state


def to(link: Wire, state: DeviceState) -> None:
    """Bring the device into IDLE, CONFIGURED or STREAMING; what it told on the way is forgotten."""
    link.set(stream_enable="off", trigger_mode="free_run")  # a locked register, so that settings are to be applied again
    if state is not DeviceState.IDLE:
        link.set(settings_apply=1)
    if state is DeviceState.STREAMING:
        link.set(stream_enable="on")
    assert link.read("state") == state.name.lower()
    link.drain(0.02)
    link.heard.clear()


def test_a_reset_ends_in_idle_and_is_told(board: Board, link: Wire) -> None:
    to(link, DeviceState.CONFIGURED)
    before = link.ack
    assert before is not None
    assert link.write("device_reset", 1) == Ack()
    again = None
    while not isinstance(again, HelloAck) or again.boot_id == before.boot_id:
        again = link.hello()
    assert again.boot_counter == before.boot_counter + 1
    assert (link.read("state"), link.read("reset_cause")) == ("idle", "command")
    assert link.event(EventCode.BOOTED).value == again.boot_counter & 0xFFFFFFFF
    assert link.read("boot_id") == again.boot_id


def test_settings_are_applied_in_idle_and_in_configured(link: Wire) -> None:
    to(link, DeviceState.IDLE)
    link.set(settings_apply=1)
    assert told(link, DeviceState.CONFIGURED)
    link.set(settings_apply=1)
    assert link.read("state") == "configured"


@pytest.mark.parametrize(
    ("name", "value"),
    [("height", 64), ("width", 64), ("sample_format", "u16"), ("trigger_mode", "software"), ("test_pattern", "ramp"),
     ("payload_bytes", 512)],
)  # fmt: skip
def test_a_locked_register_leads_from_configured_to_idle_and_is_refused_while_streaming(
    link: Wire, name: str, value: Value
) -> None:
    held = link.read(name)
    to(link, DeviceState.CONFIGURED)
    link.set(**{name: value})
    assert told(link, DeviceState.IDLE)
    link.set(**{name: held})
    to(link, DeviceState.STREAMING)
    assert status_of(link.write(name, value)) is Status.WRITE_PROTECTED
    assert (link.read(name), link.read("state")) == (held, "streaming")


@pytest.mark.parametrize(("name", "value"), [("exposure_s", 0.002), ("frame_rate_hz", 20.0), ("heartbeat_timeout_ms", 2500)])
def test_what_is_not_locked_may_be_written_while_streaming(link: Wire, name: str, value: Value) -> None:
    to(link, DeviceState.STREAMING)
    held = link.read(name)
    link.set(**{name: value})
    assert (link.read(name), link.read("state")) == (value, "streaming")
    link.set(**{name: held})


def test_a_stream_begins_and_ends(link: Wire) -> None:
    to(link, DeviceState.CONFIGURED)
    link.set(stream_enable="on")
    assert told(link, DeviceState.STREAMING)
    link.set(stream_enable="on")
    assert link.read("stream_enable") == "on"
    link.set(stream_enable="off")
    assert told(link, DeviceState.CONFIGURED)
    link.set(stream_enable="off")
    assert link.read("stream_enable") == "off"


def test_settings_are_not_applied_while_streaming(link: Wire) -> None:
    to(link, DeviceState.STREAMING)
    assert status_of(link.write("settings_apply", 1)) is Status.WRONG_STATE
    assert link.read("state") == "streaming"


def test_idle_does_not_stream(link: Wire) -> None:
    to(link, DeviceState.IDLE)
    assert status_of(link.write("stream_enable", "on")) is Status.WRONG_STATE
    assert link.read("state") == "idle"


@pytest.mark.parametrize("state", [DeviceState.IDLE, DeviceState.CONFIGURED, DeviceState.STREAMING])
def test_a_trigger_needs_a_stream_that_waits_for_it(link: Wire, state: DeviceState) -> None:
    to(link, state)
    assert status_of(link.write("software_trigger", 1)) is Status.WRONG_STATE


@pytest.mark.parametrize("state", [DeviceState.IDLE, DeviceState.CONFIGURED, DeviceState.STREAMING])
def test_there_is_no_fault_to_clear(link: Wire, state: DeviceState) -> None:
    to(link, state)
    assert status_of(link.write("fault_clear", 1)) is Status.WRONG_STATE


def test_another_session_ends_the_stream(link: Wire) -> None:
    to(link, DeviceState.STREAMING)
    assert isinstance(link.hello(), HelloAck)
    assert link.read("state") == "streaming"  # a stranger may have said that
    assert link.read("state", sealed=True) == "configured"
    assert told(link, DeviceState.CONFIGURED)


def test_silence_ends_the_session_and_its_stream(board: Board, link: Wire) -> None:
    lost = link.read("heartbeats_lost")
    link.set(heartbeat_timeout_ms=100)
    to(link, DeviceState.STREAMING)
    event = link.event(EventCode.HEARTBEAT_LOST, board.scaled_s(5.0))
    assert event.text
    assert (link.read("state"), link.read("session")) == ("configured", 0)
    assert link.read("heartbeats_lost") == int(lost) + 1
    link.hello()
    link.set(heartbeat_timeout_ms=3000)


FAULTS = {"over_temperature": EventCode.OVER_TEMPERATURE, "sensor_lost": EventCode.SENSOR_LOST}


@pytest.mark.hil_feature("device-faults")
@pytest.mark.parametrize("state", [DeviceState.IDLE, DeviceState.CONFIGURED, DeviceState.STREAMING])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_refuses_commands_and_is_left_once_its_cause_is_gone(
    board: Board, link: Wire, fault: str, state: DeviceState
) -> None:
    to(link, state)
    board.inject(fault)  # type: ignore[arg-type]
    try:
        link.event(FAULTS[fault])
        assert told(link, DeviceState.FAULT)
        assert link.read("fault") == fault
        for name, value in (("exposure_s", 0.004), ("settings_apply", 1), ("stream_enable", "on"), ("height", 64)):
            assert status_of(link.write(name, value)) is Status.FAULT, name
        assert status_of(link.write("fault_clear", 1)) is Status.FAULT, "its cause is still there"
        assert link.read("state") == "fault"
    finally:
        board.clear_faults()
    link.set(fault_clear=1)
    assert told(link, DeviceState.IDLE)
    assert link.read("fault") == "none"
    assert len(link.stream(1, test_pattern="ramp")) == 1
    link.set(test_pattern="off")


@pytest.mark.hil_feature("device-faults")
def test_a_reset_leaves_the_fault_state_too(board: Board, link: Wire) -> None:
    board.inject("sensor_lost")
    link.event(EventCode.SENSOR_LOST)
    before = link.ack
    assert before is not None
    board.clear_faults()
    assert link.write("device_reset", 1) == Ack()
    again = link.hello()
    while not isinstance(again, HelloAck) or again.boot_id == before.boot_id:
        again = link.hello()
    assert (link.read("state"), link.read("fault")) == ("idle", "none")
