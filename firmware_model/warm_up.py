"""The self test before a camera is switched on: one frame under a throw-away key, which also builds what is built once."""

import secrets

import numpy as np

from adc import KeySchedule
from firmware_model.camera import Camera
from firmware_model.hardware import Hardware
from firmware_model.test_patterns import pattern_codes
from link.samples import narrowest, packed, unpacked
from sensor_sim import Scene


class SelfTestError(RuntimeError):
    """The readout does not give back what was put in: a defect of this installation."""


def warm_up(hardware: Hardware, scene: Scene) -> None:
    """Expose and read out once, so that the first frame of a stream is as fast as the others, and check a test pattern.

    Raises SelfTestError where the pattern does not come back, and what the sensor raises of the scene.
    """
    with (
        KeySchedule(secrets.token_bytes(32), policy=hardware.readout_policy) as schedule,
        Camera(
            hardware.sensor, hardware.converter, schedule, iter(range(4)), exposure_s=hardware.profile.default_exposure_s
        ) as camera,
    ):
        camera.capture(scene)
        raw = camera.capture_pattern("ramp")
        form = narrowest(camera.geometry.bits)
        arrived = unpacked(packed(raw.samples, form), raw.samples.size, form).reshape(raw.samples.shape)
        restored = raw.restore(schedule.frame_key(raw.header.counter, camera.geometry))
        expected = pattern_codes("ramp", camera.geometry, raw.header.counter)
    if not (np.array_equal(arrived, raw.samples) and np.array_equal(restored, expected)):
        raise SelfTestError("self test: the test pattern does not come back; allowed is a readout that keeps every sample")
