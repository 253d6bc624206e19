"""The fault matrix of the device: resets, brown-outs, slots that rot, worn flash, heat; it fails closed, and comes back."""

import time
from collections.abc import Iterator

import pytest

from adc import RawFrame
from firmware_model.device_faults import FaultName
from hil.board import Board
from hil.contract.test_key_epochs import counters_of, fresh_key, give
from hil.contract.test_link_faults import SMALL, checked, every_loss_has_a_cause
from hil.dut import Dut
from link.host import CameraLink, CameraRefused, KeyRefused, provision
from link.messages import EventCode, Slot, SlotState
from link.status import Status

pytestmark = [pytest.mark.hil_feature("client", "device-faults", "quiet-line")]


def happens(board: Board, name: FaultName, before: int) -> bool:
    """Whether a fault took effect by now, or soon."""
    deadline_s = time.monotonic() + board.scaled_s(10.0)
    while board.happened(name) == before and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return board.happened(name) == before + 1


@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_a_reset_in_the_middle_of_a_frame_mixes_none_and_uses_no_counter_twice(board: Board, dut: Dut, after: int) -> None:
    dut.set(**SMALL)
    boot_id, happened = dut.link.camera.boot_id, board.happened("reset")
    with dut.frames() as frames:
        taken: list[RawFrame] = [next(frames) for _ in range(3)]
        board.inject("reset", after)
        taken += [next(frames) for _ in range(10)]
    checked(dut, taken)
    assert board.happened("reset") == happened + 1
    assert dut.link.camera.boot_id != boot_id
    assert dut.statistics["device_reset"] == 1
    assert dut.statistics["tag"] == 0, "no frame has parts from before and after"
    every_loss_has_a_cause(dut)
    assert dut.read("test_pattern") == "ramp", "what was set before the reset is set again"


def test_a_processor_that_hangs_is_reset_by_its_watchdog_and_told(board: Board, dut: Dut) -> None:
    dut.set(**SMALL)
    with dut.frames() as frames:
        taken = [next(frames) for _ in range(2)]
        board.inject("stuck")
        taken += [next(frames) for _ in range(6)]
    checked(dut, taken)
    assert dut.read("reset_cause") == "watchdog"
    assert any(event.code is EventCode.WATCHDOG for event in dut.link.events)


@pytest.mark.parametrize("fault", ["over_temperature", "sensor_lost"])
def test_a_fault_ends_the_stream_with_one_sentence_and_once_cleared_frames_come_again(board: Board, dut: Dut, fault: str) -> None:
    dut.set(**SMALL)
    try:
        with pytest.raises(CameraRefused, match=fault) as refused, dut.frames() as frames:
            next(frames)
            board.inject(fault)  # type: ignore[arg-type]
            for _ in frames:
                pass
        assert refused.value.status is Status.FAULT
    finally:
        board.clear_faults()
    dut.write("fault_clear", 1)
    checked(dut, dut.take(3))


owners = pytest.mark.hil_feature("owner")


@pytest.fixture
def two_keys(board: Board) -> Iterator[Slot]:
    """Both slots hold a key; gives the slot in use. Afterwards the client's key is in use again."""
    assert board.keys.owner is not None
    give(board, fresh_key(board))
    board.restore_key()
    with board.session(board.keys.owner) as link:
        used = next(reply.slot for reply in link.slots() if reply.state is SlotState.ACTIVE)
    yield used
    board.clear_faults()
    board.restore_key()


def corrupt(board: Board, *slots: Slot) -> None:
    """Rot slots, and reset the board so that it finds out."""
    for slot in slots:
        name: FaultName = "corrupt_slot_a" if slot is Slot.A else "corrupt_slot_b"
        before = board.happened(name)
        board.inject(name)
        assert happens(board, name, before)
    board.reset()


@owners
@pytest.mark.hil_destructive
def test_a_corrupt_slot_in_use_is_told_and_the_other_one_takes_over(board: Board, two_keys: Slot) -> None:
    assert board.keys.owner is not None
    corrupt(board, two_keys)
    with board.session(board.keys.owner) as link:
        states = {reply.slot: reply.state for reply in link.slots()}
        assert link.read("key_fallbacks") == 1
    assert states == {two_keys: SlotState.CORRUPT, Slot(1 - two_keys): SlotState.ACTIVE}
    assert {EventCode.KEY_SLOT_CORRUPT, EventCode.KEY_FALLBACK} <= {event.code for event in board.boot_events}
    with pytest.raises((KeyRefused, CameraRefused)), CameraLink(board.connect, board.keys.client, patience=board.patience):
        pass
    board.restore_key()
    assert board.keys.client is not None
    assert len(counters_of(board, board.keys.client, 2)) == 2


@owners
@pytest.mark.hil_destructive
def test_with_both_slots_corrupt_it_has_no_key_and_sends_nothing_until_it_is_given_one(board: Board, two_keys: Slot) -> None:
    assert board.keys.owner is not None and board.keys.client is not None
    corrupt(board, Slot.A, Slot.B)
    assert EventCode.NO_KEY in {event.code for event in board.boot_events}
    with board.session(board.keys.owner) as link:
        assert link.read("active_slot") == "none"
        assert {reply.state for reply in link.slots()} == {SlotState.CORRUPT}
        with pytest.raises(CameraRefused) as refused:
            link.write("settings_apply", 1)
        assert refused.value.status is Status.NO_KEY
        assert link.read("state") == "idle"
    with pytest.raises((KeyRefused, CameraRefused)), CameraLink(board.connect, board.keys.client, patience=board.patience):
        pass
    board.restore_key()
    assert len(counters_of(board, board.keys.client, 2)) == 2


@owners
@pytest.mark.hil_destructive
def test_worn_flash_takes_no_key_and_leaves_the_old_one_in_use(board: Board, two_keys: Slot) -> None:
    assert board.keys.owner is not None and board.keys.client is not None
    board.inject("worn_flash")
    with board.session(board.keys.owner) as link:
        failed = int(link.read("key_writes_failed"))
        with pytest.raises(CameraRefused) as refused:
            provision(link, fresh_key(board))
        assert refused.value.status is Status.FLASH_FAILED
        assert int(link.read("key_writes_failed")) == failed + 1
        assert {reply.slot: reply.state for reply in link.slots()}[two_keys] is SlotState.ACTIVE
    board.clear_faults()
    assert len(counters_of(board, board.keys.client, 2)) == 2


@owners
@pytest.mark.hil_destructive
def test_a_boot_that_cannot_be_counted_has_no_sessions(board: Board) -> None:
    """Without a boot counter that rose, keys of a session could come twice."""
    board.inject("worn_flash")
    board.reset()
    with board.session(None) as link:
        assert (link.read("state"), link.read("fault")) == ("fault", "flash_failed")
    with pytest.raises(CameraRefused) as refused, CameraLink(board.connect, board.keys.client, patience=board.patience):
        pass
    assert refused.value.status is Status.FAULT
    board.clear_faults()
    board.reset()
    with board.session(board.keys.client) as link:
        assert link.read("state") == "idle"


@pytest.mark.hil_feature("kill")
@pytest.mark.parametrize("time_number", range(2))
def test_a_camera_that_is_killed_and_started_again_goes_on_with_new_counters(board: Board, dut: Dut, time_number: int) -> None:
    dut.set(**SMALL)
    with dut.frames(120.0) as frames:
        taken = [next(frames) for _ in range(3)]
        board.kill()
        taken += [next(frames) for _ in range(6)]
    checked(dut, taken)
    assert dut.statistics["device_reset"] == 1
    assert dut.statistics["link_lost"] >= 1
    every_loss_has_a_cause(dut)
