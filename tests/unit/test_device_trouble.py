"""What breaks in the device is told, stops what it must, and is left behind: no frame of two lives, no state by halves."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import KeySchedule
from adc.counter import EPOCH_FRAMES, _written
from firmware_model import boot
from firmware_model.device import Device
from firmware_model.device_faults import DeviceFault
from firmware_model.scenes import EndlessScenes
from inference.receiver import Receiver
from link.assembly import FRAME_TYPES
from link.messages import Ack, DeviceState, EventCode, HelloAck, Nack, Resend, Role, Slot
from link.packet import PacketType
from link.status import Status
from tests.scripted_host import DEVICE, PROVISIONING, SECRET, ScriptedHost, body_in


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ScriptedHost]:
    body = body_in(tmp_path)
    device = Device(body)
    host = ScriptedHost(device)
    host.give_key()
    host.hello()
    yield host
    device.close()
    body.flash.close()
    assert not [each for each in threading.enumerate() if each.name.startswith(("camera-", "keys-ahead"))]


def status(answer: object) -> Status:
    assert isinstance(answer, Nack), answer
    return answer.status


def streaming(host: ScriptedHost, **settings) -> None:
    host.write_all(**{"test_pattern": "ramp", "frame_rate_hz": 200.0, **settings}, settings_apply=1)
    host.credit(1 << 40)
    host.write_all(stream_enable="on")


def break_(host: ScriptedHost, name: str, after: int = 0) -> None:
    host.device._body.faults.inject(DeviceFault(name, after))


@pytest.mark.parametrize(
    ("fault", "code"), [("over_temperature", EventCode.OVER_TEMPERATURE), ("sensor_lost", EventCode.SENSOR_LOST)]
)
@pytest.mark.parametrize("begin", ["idle", "configured", "streaming"])
def test_a_sensor_in_trouble_stops_everything_until_it_is_well_and_cleared(
    host: ScriptedHost, fault: str, code: EventCode, begin: str
) -> None:
    if begin == "configured":
        host.write_all(settings_apply=1)
    if begin == "streaming":
        streaming(host)
        host.run(lambda: host.read("frames_sent") >= 1)
    assert host.read("state") == begin
    break_(host, fault)
    host.device.work()
    assert (host.read("state"), host.read("fault")) == ("fault", fault)
    assert host.events(code)
    assert host.events(EventCode.STATE_CHANGED)[-1].value == DeviceState.FAULT
    if fault == "over_temperature":
        assert host.read("temperature_k") > 358.15
    exposed = host.read("frames_exposed")
    for name, value in (("exposure_s", 0.01), ("settings_apply", 1), ("stream_enable", "on"), ("stream_enable", "off")):
        assert status(host.write(name, value)) is Status.FAULT
    assert status(host.write("fault_clear", 1)) is Status.FAULT
    host.device._body.faults.clear(fault)
    assert (host.read("state"), host.read("frames_exposed")) == ("fault", exposed)
    assert isinstance(host.write("fault_clear", 1), Ack)
    assert (host.read("state"), host.read("fault")) == ("idle", "none")
    streaming(host)
    sent = host.read("frames_sent")
    host.run(lambda: host.read("frames_sent") > sent)


def test_a_reset_in_the_middle_of_a_frame_sends_nothing_more_of_it(host: ScriptedHost) -> None:
    streaming(host, payload_bytes=256)
    host.run(lambda: host.read("frames_sent") >= 2)
    break_(host, "reset", after=3)
    host.run(lambda: host.read("boot_counter") == 2)
    cut = [each for each in host.heard if each.type in FRAME_TYPES]
    assert cut[-1].type == PacketType.DATA
    assert (host.read("state"), host.read("reset_cause"), host.read("frames_sent")) == ("idle", "power_on", 0)
    assert host.read("boot_id") != host.ack.boot_id
    # Parts of a frame of the life before are nobody's.
    answer = host.send(Resend(Resend.END, ()).packet(seq=99, frame_id=cut[-1].frame_id))
    assert answer.type == PacketType.NACK
    before = max(frame.header.counter for frame in host.frames())
    host.hello()
    again = host.stream(2, test_pattern="ramp")
    assert min(frame.header.counter for frame in again) > before
    receiver = Receiver(KeySchedule.from_epoch_secret(SECRET, device=DEVICE, client="host", epoch=1))
    for frame in again:
        receiver.accept(frame)


def test_a_hung_processor_is_reset_by_its_watchdog(host: ScriptedHost, monkeypatch: pytest.MonkeyPatch) -> None:
    hung_s = []
    monkeypatch.setattr(boot.time, "sleep", hung_s.append)
    streaming(host)
    break_(host, "stuck")
    host.device.work()
    assert hung_s == [boot.WATCHDOG_S]
    assert (host.read("reset_cause"), host.read("boot_counter"), host.read("state")) == ("watchdog", 2, "idle")
    assert host.events(EventCode.WATCHDOG)


def test_flash_that_does_not_count_the_boot_leaves_a_device_without_sessions(host: ScriptedHost) -> None:
    break_(host, "worn_flash")
    break_(host, "reset")
    host.device.work()
    assert (host.read("state"), host.read("fault"), host.read("boot_counter")) == ("fault", "flash_failed", 0)
    assert host.events(EventCode.FLASH_WORN)
    for role, root in ((Role.CLIENT, SECRET), (Role.OWNER, PROVISIONING)):
        assert status(host.hello(role, root)) is Status.FAULT
    assert isinstance(host.hello(Role.NONE), HelloAck)
    host.device._body.faults.clear()
    break_(host, "reset")
    host.device.work()
    assert (host.read("state"), host.read("boot_counter")) == ("idle", 2)
    assert isinstance(host.hello(), HelloAck)


def test_a_brown_out_while_it_boots_ends_in_a_boot(host: ScriptedHost) -> None:
    for step in range(6):
        break_(host, "brown_out", after=step)
        before = host.read("boot_counter")
        break_(host, "reset")
        host.device.work()
        assert host.read("boot_counter") > before
        assert host.read("state") == "idle"
        cut = not host.device._body.faults.is_on("brown_out")
        assert host.read("reset_cause") == ("brown_out" if cut else "power_on")
    assert not cut
    assert host.device._body.faults.happened["brown_out"] == 5


def test_an_epoch_that_is_used_up_ends_the_stream_and_says_so(host: ScriptedHost) -> None:
    path = host.device._body.counter_path(host.device.boot.slots.key(Slot.A))
    path.write_bytes(_written(EPOCH_FRAMES - 3))
    streaming(host)
    host.run(lambda: host.read("state") == "fault")
    assert host.read("fault") == "counters_lost"
    assert "begin the next one" in host.events(EventCode.EPOCH_USED_UP)[0].text
    assert max(frame.header.counter for frame in host.frames()) < EPOCH_FRAMES
    # The way out: the next epoch.
    host.write_all(fault_clear=1)
    host.give_key(slot=Slot.B, epoch=2, secret=bytes([7] * 32))
    host.hello(root=bytes([7] * 32))
    assert host.stream(1, test_pattern="ramp")[-1].header.epoch == 2


@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_counter_that_is_lost_stops_the_camera_before_any_frame(host: ScriptedHost, damage: str) -> None:
    host.stream(1, test_pattern="ramp")
    break_(host, "reset")  # which lets go of the counters
    host.device.work()
    host.hello()
    path = host.device._body.counter_path(host.device.boot.slots.key(Slot.A))
    path.unlink() if damage == "gone" else path.write_bytes(b"0")
    exposed = host.read("frames_exposed")
    assert status(host.write("settings_apply", 1)) is Status.FAULT
    assert (host.read("state"), host.read("fault"), host.read("frames_exposed")) == ("fault", "counters_lost", exposed)
    host.write_all(fault_clear=1)
    assert status(host.write("settings_apply", 1)) is Status.FAULT


def test_what_a_camera_cannot_expose_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    body = body_in(tmp_path, profile=replace(body_in(tmp_path / "other").hardware.profile, peak_photons_per_s=1e18))
    device = Device(body)
    host = ScriptedHost(device)
    host.give_key()
    host.hello()

    device.boot.stream._surroundings = EndlessScenes([np.full((24, 32, 3), 1e20, np.float32)])
    host.write_all(exposure_s=1.0)
    streaming(host, test_pattern="off")
    host.run(lambda: host.read("state") == "fault")
    assert host.read("fault") == "internal"
    assert "photons" in host.events(EventCode.STATE_CHANGED)[-1].text
    device.close()
    body.flash.close()


def test_a_camera_that_is_switched_off_while_it_streams_leaves_nothing_running(host: ScriptedHost) -> None:
    streaming(host, test_pattern="off")
    host.run(lambda: host.read("frames_sent") >= 1)
    # The fixture switches it off and looks at the threads.
    assert any(each.name == "camera-capture" for each in threading.enumerate())
