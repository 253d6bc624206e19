"""The camera of the demonstration, and how a camera's frames are developed for people and for CIFAR networks."""

import itertools
from collections.abc import Iterator

from adc import CounterStore, KeySchedule
from firmware_model import Camera, converter_of
from inference.isp import IspSettings
from sensor_sim import DEMO_PROFILE, Sensor, SensorProfile


def make_camera(schedule: KeySchedule, seed: int, counters: CounterStore | Iterator[int] | None = None) -> Camera:
    """The 256x256 camera under `schedule`; two cameras of one seed see the same noise in frames of the same number."""
    numbers = itertools.count() if counters is None else counters
    sensor, converter = Sensor(DEMO_PROFILE, device_seed=seed), converter_of(DEMO_PROFILE, seed)
    return Camera(sensor, converter, schedule, numbers, exposure_s=DEMO_PROFILE.default_exposure_s)


def development(profile: SensorProfile, output: tuple[int, int] | None, exposure_s: float | None = None) -> IspSettings:
    """Develop frames of `exposure_s` so that the scene's white becomes the picture's, neutral and gamma-encoded.

    Without an exposure the profile's default one is meant. The picture has `output` size (h, w), or the array's with None.
    """
    exposure_s = profile.default_exposure_s if exposure_s is None else exposure_s
    figures = profile.readout
    white_dn = max(profile.white_signal_v(exposure_s)) / figures.lsb_v
    gain = (2**figures.bits - 1 - figures.black_level_dn) / white_dn
    white_balance = (1.0, 1.0, 1.0) if profile.cfa == "mono" else profile.white_balance
    return IspSettings(output=output, white_balance=white_balance, gain=gain)
