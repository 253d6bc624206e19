"""The key in use: one schedule and one count of frames at a time, and those of the active slot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adc import RASTER, CounterStore, CounterStoreError
from firmware_model.flash import Flash
from firmware_model.key_in_use import KeyInUse
from firmware_model.key_slots import KeySlots
from link.messages import Slot
from link.replies import CommandRefused
from link.status import Status

OLD, NEW = bytes([1] * 32), bytes([2] * 32)


@pytest.fixture
def slots(tmp_path: Path) -> Iterator[KeySlots]:
    with Flash(tmp_path / "state") as flash:
        yield KeySlots(flash, bytes(32), "door")


@pytest.fixture
def key(slots: KeySlots, tmp_path: Path) -> Iterator[KeyInUse]:
    key = KeyInUse(slots, "door", RASTER, lambda held: tmp_path / f"{held.client}-{held.epoch}.counter")
    yield key
    key.close()


def test_without_a_key_there_is_nothing_to_open(key: KeyInUse) -> None:
    with pytest.raises(CommandRefused) as refused:
        key.open()
    assert refused.value.status is Status.NO_KEY


def test_it_is_that_of_the_active_slot_and_stays_open(key: KeyInUse, slots: KeySlots, tmp_path: Path) -> None:
    slots.commit(Slot.A, "host", 4, OLD)
    schedule, counters = key.open()
    assert (schedule.device, schedule.client, schedule.epoch, schedule.policy) == ("door", "host", 4, RASTER)
    assert counters.issue() == 0
    assert key.open() == (schedule, counters)
    with pytest.raises(CounterStoreError, match="held by another camera"):
        CounterStore(tmp_path / "host-4.counter")


def test_another_key_ends_the_one_before(key: KeyInUse, slots: KeySlots, tmp_path: Path) -> None:
    slots.commit(Slot.A, "host", 4, OLD)
    before, _ = key.open()
    slots.commit(Slot.B, "host", 5, NEW)
    after, counters = key.open()
    assert (after.epoch, counters.issue()) == (5, 0)
    with pytest.raises(RuntimeError, match="was wiped"):
        before.layer_orders()
    CounterStore(tmp_path / "host-4.counter").close()


def test_what_cannot_be_opened_holds_nothing(key: KeyInUse, slots: KeySlots, tmp_path: Path) -> None:
    slots.commit(Slot.A, "host", 4, OLD)
    (tmp_path / "host-4.counter").write_bytes(b"0")
    for _ in range(2):
        with pytest.raises(CounterStoreError, match="damaged"):
            key.open()
    (tmp_path / "host-4.counter").unlink()
    assert key.open()[1].issue() == 0


def test_closing_wipes_and_lets_others_count(key: KeyInUse, slots: KeySlots, tmp_path: Path) -> None:
    slots.commit(Slot.A, "host", 4, OLD)
    schedule, _ = key.open()
    key.close()
    key.close()
    with pytest.raises(RuntimeError, match="was wiped"):
        schedule.layer_orders()
    CounterStore(tmp_path / "host-4.counter").close()
