"""Frames of the device are the in-process camera's to the bit, and dropped whole where nobody has room for them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adc import KeySchedule
from firmware_model import Camera
from firmware_model.device import Device
from inference.receiver import Receiver
from link.messages import Role
from sensor_sim.scene import uniform_field
from tests.scripted_host import DEVICE, SECRET, ScriptedHost, body_in


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


def schedule() -> KeySchedule:
    return KeySchedule.from_epoch_secret(SECRET, device=DEVICE, client="host", epoch=1)


def test_frames_are_those_of_the_camera_in_process(host: ScriptedHost) -> None:
    frames = host.stream(3)
    body = host.device._body
    receiver = Receiver(schedule())
    assert len(frames) >= 3
    for frame in frames:
        counters = iter([frame.header.counter, 2**40])
        with Camera(body.hardware.sensor, body.hardware.converter, schedule(), counters,
                    exposure_s=host.read("exposure_s")) as camera:  # fmt: skip
            expected = camera.capture(uniform_field(24, 32))
        assert frame.header == expected.header
        assert frame.tag == expected.tag
        assert np.array_equal(frame.samples, expected.samples)
        receiver.accept(frame)
