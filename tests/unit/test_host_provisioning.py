"""A key into a slot over a link: whatever is cut, the camera has the old key or the new one, and at the end the new one."""

from pathlib import Path

import pytest

from firmware_model.device_faults import DeviceFault
from link.host import CameraRefused, KeyRefused, LinkKey, erase, provision
from link.messages import Slot, SlotState
from link.status import Status
from tests.scripted_host import DEVICE
from tests.served_camera import CLIENT, OWNER, ServedCamera, faults_of, served_camera

SECOND = LinkKey.of_client(bytes(range(7, 39)), device=DEVICE, client="host", epoch=2)


def in_use(camera: ServedCamera) -> list[tuple[int, bytes]]:
    with camera.link(OWNER) as link:
        return [(slot.epoch, slot.check) for slot in link.slots() if slot.state is SlotState.ACTIVE]


def test_keys_go_into_the_slots_in_turn_and_the_last_one_is_used(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera:
        with camera.link(OWNER) as owner:
            assert provision(owner, CLIENT) is Slot.A
            assert provision(owner, CLIENT) is Slot.A  # which is there, and is left as it is
            assert provision(owner, SECOND) is Slot.B
            assert [slot.state for slot in owner.slots()] == [SlotState.VALID, SlotState.ACTIVE]
            erase(owner, Slot.A)
            assert owner.slots()[0].state is SlotState.EMPTY
            with pytest.raises(CameraRefused, match="KEY_SLOT_ACTIVE"):
                erase(owner, Slot.B)
            assert faults_of(owner) == {}
        with camera.link(SECOND) as link:
            assert link.camera.epoch == 2
        with pytest.raises(KeyRefused, match="epoch = 1: camera 'door' is in epoch 2"):
            camera.link(CLIENT)


def test_an_old_epoch_another_camera_s_key_and_an_owner_s_are_refused(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera:
        with camera.link(OWNER) as owner:
            provision(owner, SECOND)
            with pytest.raises(CameraRefused) as refused:
                provision(owner, CLIENT)
            assert refused.value.status is Status.KEY_EPOCH_OLD
            with pytest.raises(KeyRefused, match="device = 'gate': camera 'door' is at"):
                provision(owner, LinkKey.of_client(bytes(32), device="gate", client="host", epoch=3))
            with pytest.raises(ValueError, match="allowed is a client's key"):
                provision(owner, OWNER)
        assert in_use(camera) == [(2, SECOND.check)]


def test_a_client_may_not_touch_slots(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera:
        camera.give_key()
        with camera.link() as link, pytest.raises(CameraRefused, match="DENIED"):
            provision(link, SECOND)


def test_a_brown_out_at_every_step_leaves_a_key_that_is_whole_and_the_new_one_in_the_end(tmp_path: Path) -> None:
    happened = []
    for step in range(40):
        folder = tmp_path / str(step)
        folder.mkdir()
        with served_camera(folder) as camera:
            camera.give_key()
            with camera.link(OWNER) as owner:
                camera.faults.inject(DeviceFault("brown_out", after=step))
                assert provision(owner, SECOND) is Slot.B
                camera.faults.clear()
                happened.append(camera.faults.happened["brown_out"])
                assert owner.statistics["device_reset"] == happened[-1]
                assert owner.slots()[0].state is SlotState.VALID
            assert in_use(camera) == [(2, SECOND.check)]
        if not happened[-1]:
            break  # the provisioning took fewer steps of the flash
    assert 4 < len(happened) < 40
    assert all(happened[:-1])


def test_a_flash_that_is_worn_out_leaves_the_old_key_in_use(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera:
        camera.give_key()
        with camera.link(OWNER) as owner:
            camera.faults.inject(DeviceFault("worn_flash"))
            with pytest.raises(CameraRefused, match="FLASH_FAILED"):
                provision(owner, SECOND)
            camera.faults.clear()
        assert in_use(camera) == [(1, CLIENT.check)]
