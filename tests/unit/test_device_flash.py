"""Key slots and boot counters through power cuts, worn flash and rotten bits: the old key or the new one, never half."""

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware_model import flash as flash_module
from firmware_model.boot_record import BootRecordLost, count_boot
from firmware_model.device_faults import DeviceFault, DeviceFaults, PowerCut
from firmware_model.flash import MOST_RECORD_BYTES, Flash, FlashError, FlashWorn
from firmware_model.fuses import Fuses
from firmware_model.key_slots import SLOTS, KeySlots
from link.messages import Slot, SlotState
from tests.power_cut_disk import Disk, DiskPath, PowerGone, system

STORAGE_KEY = bytes(range(32))
OLD, NEW = bytes([1] * 32), bytes([2] * 32)


def slots_of(flash: Flash) -> KeySlots:
    return KeySlots(flash, STORAGE_KEY, "door")


@pytest.fixture
def flash(tmp_path: Path):
    with Flash(tmp_path / "state", DeviceFaults(seed=3)) as opened:
        yield opened


@pytest.fixture
def flash_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Disk], Flash]:
    def on(disk: Disk) -> Flash:
        monkeypatch.setattr(flash_module, "os", system(disk))
        monkeypatch.setattr(flash_module, "fcntl", SimpleNamespace(flock=lambda *_: None, LOCK_EX=0, LOCK_NB=0))
        return Flash(DiskPath(disk, ""))

    return on


@pytest.mark.parametrize("seed", range(8))
def test_a_power_cut_at_any_step_of_a_commit_leaves_the_old_key_or_the_new_one(flash_on, seed: int) -> None:
    survivors = set()
    for steps in range(40):
        disk = Disk(random.Random(1000 * seed + steps))
        disk.restart(1000)
        slots_of(flash_on(disk)).commit(Slot.A, "host", 1, OLD)
        slots = slots_of(flash_on(disk))
        disk.steps_left = steps
        committed = False
        try:
            slots.commit(Slot.B, "host", 2, NEW)
            committed = True
        except PowerGone:
            pass
        disk.restart(1000)
        found = slots_of(flash_on(disk))
        assert found.active is not None
        key = found.key(found.active)
        assert (key.epoch, key.secret) in ((1, OLD), (2, NEW))
        assert SlotState.CORRUPT not in (found.state(Slot.A), found.state(Slot.B))
        assert not committed or key.secret == NEW
        survivors.add(key.epoch)
        if committed:
            break
    assert committed
    assert survivors == {1, 2}


@pytest.mark.parametrize("seed", range(2))
def test_keys_go_on_rising_through_a_thousand_power_cuts(flash_on, seed: int) -> None:
    chance = random.Random(seed)
    disk = Disk(chance)
    last_epoch, tried, boots, commits = 0, 0, [], 0
    for _ in range(500):
        disk.restart(chance.randint(0, 60))
        try:
            flash = flash_on(disk)
            boot = count_boot(flash)
            boots.append(boot)
            slots = slots_of(flash)
            while True:
                active = slots.active
                assert SlotState.CORRUPT not in (slots.state(Slot.A), slots.state(Slot.B))
                if active is not None:
                    key = slots.key(active)
                    assert last_epoch <= key.epoch <= tried
                    assert key.secret == key.epoch.to_bytes(32, "big")
                    last_epoch = key.epoch
                tried = last_epoch + 1
                slots.commit(Slot.B if active is Slot.A else Slot.A, "host", tried, tried.to_bytes(32, "big"))
                commits += 1
                last_epoch = tried
        except PowerGone:
            pass
    assert boots == sorted(set(boots))
    assert commits > 400
    assert len(boots) > 100


def test_a_brown_out_at_every_step_of_the_model_does_the_same(tmp_path: Path) -> None:
    cuts = 0
    for step in range(40):
        faults = DeviceFaults(seed=step)
        with Flash(tmp_path / f"state-{step}", faults) as flash:
            slots_of(flash).commit(Slot.A, "host", 1, OLD)
            slots = slots_of(flash)
            faults.inject(DeviceFault("brown_out", after=step))
            try:
                slots.commit(Slot.B, "host", 2, NEW)
            except PowerCut:
                cuts += 1
        with Flash(tmp_path / f"state-{step}") as flash:
            found = slots_of(flash)
            assert found.key(found.active).secret in (OLD, NEW)
            assert SlotState.CORRUPT not in (found.state(Slot.A), found.state(Slot.B))
            # What the cut left behind is in nobody's way.
            found.commit(Slot.B if found.active is Slot.A else Slot.A, "host", 3, OLD)
            assert found.key(found.active).epoch == 3
        if not faults.happened["brown_out"]:
            assert found.state(Slot.A) is SlotState.ACTIVE
            break
    assert cuts == 5


def test_a_torn_write_is_a_beginning_of_the_content(tmp_path: Path) -> None:
    torn = []
    for seed in range(20):
        faults = DeviceFaults(seed)
        with Flash(tmp_path / str(seed), faults) as flash:
            faults.inject(DeviceFault("brown_out", after=2))
            with pytest.raises(PowerCut):
                flash.write("record", b"content")
            assert flash.read("record") is None
            left = (tmp_path / str(seed) / "record.tmp").read_bytes()
            assert b"content".startswith(left)
            torn.append(left)
    assert len(set(torn)) > 3


def test_generations_decide_and_the_slot_in_use_is_not_written(flash: Flash) -> None:
    slots = slots_of(flash)
    assert slots.active is None
    assert slots.state(Slot.A) is slots.state(Slot.B) is SlotState.EMPTY
    slots.commit(Slot.B, "host", 9, OLD)
    assert slots.active is Slot.B
    with pytest.raises(ValueError, match="slot = B: it is in use"):
        slots.commit(Slot.B, "host", 10, NEW)
    with pytest.raises(ValueError, match="slot = B: it is in use"):
        slots.erase(Slot.B)
    slots.commit(Slot.A, "lab", 1, NEW)
    assert (slots.state(Slot.A), slots.state(Slot.B)) == (SlotState.ACTIVE, SlotState.VALID)
    slots.erase(Slot.B)
    assert slots.state(Slot.B) is SlotState.EMPTY
    again = slots_of(flash)
    assert (again.key(Slot.A).client, again.key(Slot.A).epoch, again.key(Slot.A).secret) == ("lab", 1, NEW)


@pytest.mark.parametrize("rotten", [Slot.A, Slot.B])
def test_a_rotten_slot_is_never_used_and_two_leave_no_key(flash: Flash, rotten: Slot) -> None:
    slots = slots_of(flash)
    slots.commit(Slot.A, "host", 1, OLD)
    slots.commit(Slot.B, "host", 2, NEW)
    slots.rot(rotten)
    other = Slot.B if rotten is Slot.A else Slot.A
    found = slots_of(flash)
    assert found.state(rotten) is SlotState.CORRUPT
    assert found.active is other
    assert found.key(rotten) is None
    found.rot(other)
    found = slots_of(flash)
    assert found.active is None
    assert found.state(Slot.A) is found.state(Slot.B) is SlotState.CORRUPT


def test_any_single_bit_of_a_slot_that_flips_is_found(flash: Flash, tmp_path: Path) -> None:
    slots_of(flash).commit(Slot.A, "host", 1, OLD)
    record = flash.read("key-a")
    for bit in range(0, 8 * len(record), 5):
        changed = bytearray(record)
        changed[bit // 8] ^= 1 << bit % 8
        (tmp_path / "state" / "key-a").write_bytes(changed)
        assert slots_of(flash).state(Slot.A) is SlotState.CORRUPT
    for size in range(len(record)):
        (tmp_path / "state" / "key-a").write_bytes(record[:size])
        assert slots_of(flash).state(Slot.A) is SlotState.CORRUPT


def test_a_slot_is_bound_to_its_place_and_to_the_camera(flash: Flash, tmp_path: Path) -> None:
    slots_of(flash).commit(Slot.A, "host", 1, OLD)
    (tmp_path / "state" / "key-b").write_bytes(flash.read("key-a"))
    assert slots_of(flash).state(Slot.B) is SlotState.CORRUPT
    assert KeySlots(flash, bytes(32), "door").state(Slot.A) is SlotState.CORRUPT


def test_no_secret_stands_in_the_flash(flash: Flash, tmp_path: Path) -> None:
    slots_of(flash).commit(Slot.A, "host", 1, NEW)
    for file in (tmp_path / "state").iterdir():
        assert NEW[:8] not in file.read_bytes()
        assert file.stat().st_mode & 0o77 == 0
    assert (tmp_path / "state").stat().st_mode & 0o77 == 0
    assert NEW.hex()[:8] not in repr(slots_of(flash).key(Slot.A))


def test_worn_flash_is_noticed_and_leaves_the_record_as_it_was(flash: Flash) -> None:
    slots = slots_of(flash)
    slots.commit(Slot.A, "host", 1, OLD)
    flash._faults.inject(DeviceFault("worn_flash"))
    for _ in range(20):
        with pytest.raises(FlashWorn, match="record = key-b: it does not read back"):
            slots.commit(Slot.B, "host", 2, NEW)
        assert slots.state(Slot.B) is SlotState.EMPTY
        assert slots.active is Slot.A
    flash._faults.clear("worn_flash")
    slots.commit(Slot.B, "host", 2, NEW)
    assert slots.active is Slot.B


def test_boots_are_counted_from_one(flash: Flash) -> None:
    assert [count_boot(flash) for _ in range(5)] == [1, 2, 3, 4, 5]


def test_one_rotten_boot_record_costs_numbers_and_repeats_none(tmp_path: Path) -> None:
    for seed in range(10):
        with Flash(tmp_path / str(seed), DeviceFaults(seed)) as flash:
            counted = [count_boot(flash) for _ in range(4 + seed % 2)]
            flash.rot("boot-a" if seed < 5 else "boot-b")
            counted += [count_boot(flash) for _ in range(3)]
            assert counted == sorted(set(counted))


def test_two_rotten_boot_records_are_an_end(flash: Flash) -> None:
    count_boot(flash)
    flash.rot("boot-a")
    with pytest.raises(BootRecordLost):
        count_boot(flash)
    flash.erase("boot-a")
    count_boot(flash)
    count_boot(flash)
    flash.rot("boot-a")
    flash.rot("boot-b")
    with pytest.raises(BootRecordLost):
        count_boot(flash)


def test_a_folder_belongs_to_one_camera(tmp_path: Path) -> None:
    another = r"state = .*: another camera holds it; allowed is a folder for each camera"
    with Flash(tmp_path / "state"), pytest.raises(FlashError, match=another):
        Flash(tmp_path / "state")
    Flash(tmp_path / "state").close()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(FlashError, match=r"state = .*: it cannot be used \(File exists\); allowed is a folder"):
        Flash(tmp_path / "state")


def test_a_record_has_two_sectors_at_most(flash: Flash) -> None:
    flash.write("full", bytes(MOST_RECORD_BYTES))
    with pytest.raises(ValueError, match="content = 8193 bytes: allowed is up to 8192 bytes"):
        flash.write("full", bytes(MOST_RECORD_BYTES + 1))


def test_no_old_key_of_a_client_comes_back(flash: Flash) -> None:
    slots = slots_of(flash)
    assert slots.newest("host") is None
    slots.commit(Slot.A, "host", 5, OLD)
    for epoch, secret in ((0, OLD), (4, NEW), (5, NEW)):
        with pytest.raises(ValueError, match=f"epoch = {epoch}: client 'host' had 5; allowed is 6 or more, or that key again"):
            slots.commit(Slot.B, "host", epoch, secret)
    slots.commit(Slot.B, "lab", 0, NEW)
    slots.erase(Slot.A)
    slots = slots_of(flash)
    assert slots.newest("host")[0] == 5
    assert slots.newest("lab") == (0, slots.check(Slot.B))
    with pytest.raises(ValueError, match="epoch = 4"):
        slots.commit(Slot.A, "host", 4, OLD)
    slots.commit(Slot.A, "host", 5, OLD)
    assert slots.active is Slot.A
    slots.commit(Slot.B, "host", 6, NEW)
    assert slots_of(flash).newest("host")[0] == 6


def test_a_camera_remembers_so_many_clients_and_takes_no_more(flash: Flash) -> None:
    slots = slots_of(flash)
    for number in range(256):
        slots.commit(SLOTS[number % 2], f"client {number}".ljust(64, "x"), 2**64 - 1, OLD)
    with pytest.raises(ValueError, match="client = 'one too many': allowed is up to 256 clients"):
        slots.commit(Slot.A, "one too many", 0, OLD)
    assert slots_of(flash).newest("client 0".ljust(64, "x"))[0] == 2**64 - 1


def test_it_is_told_whether_the_slot_in_use_stands_in_for_a_newer_one(flash: Flash) -> None:
    slots = slots_of(flash)
    slots.commit(Slot.A, "host", 1, OLD)
    assert not slots.fell_back
    slots.commit(Slot.B, "host", 2, NEW)
    written = (flash.folder / "key-b").read_bytes()
    for record in (written[:-1], b"", written[:10]):
        (flash.folder / "key-b").write_bytes(record)
        assert slots_of(flash).fell_back
    (flash.folder / "key-b").write_bytes(written)
    (flash.folder / "key-a").write_bytes((flash.folder / "key-a").read_bytes()[:-1])
    slots = slots_of(flash)
    assert slots.state(Slot.A) is SlotState.CORRUPT
    assert not slots.fell_back


def test_a_flash_belongs_to_the_camera_that_claimed_it(flash: Flash) -> None:
    Fuses("door", OLD).claim(flash)
    Fuses("door", OLD).claim(flash)
    for other in (Fuses("door", NEW), Fuses("gate", OLD)):
        with pytest.raises(FlashError, match=r"state = .*: it is another camera's; allowed is the folder of this one"):
            other.claim(flash)
