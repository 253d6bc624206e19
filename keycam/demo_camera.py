"""The camera of the demonstration: a small Bayer sensor, and how its frames are developed for a CIFAR network."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from adc import Converter, CounterStore, KeySchedule
from firmware_model import Camera
from inference.isp import IspSettings
from sensor_sim import DEMO_PROFILE, Sensor, SensorProfile

CONVERTER = Converter(bits=12, black_level_dn=64)


def profile_of_size(height: int, width: int) -> SensorProfile:
    """The demonstration's sensor with another number of photosites."""
    return replace(DEMO_PROFILE, height=height, width=width)


def make_camera(schedule: KeySchedule, seed: int, counters: CounterStore | Iterator[int] | None = None) -> Camera:
    """The 256x256 camera under `schedule`; two cameras of one seed see the same noise in frames of the same number."""
    numbers = itertools.count() if counters is None else counters
    sensor = Sensor(DEMO_PROFILE, device_seed=seed)
    return Camera(sensor, CONVERTER, schedule, numbers, exposure_s=DEMO_PROFILE.default_exposure_s)


def development(profile: SensorProfile, output: tuple[int, int] | None) -> IspSettings:
    """Develop so that the scene's white becomes the picture's, neutral and gamma-encoded, at `output` size."""
    white_dn = max(profile.white_signal_v(profile.default_exposure_s)) / CONVERTER.lsb_v
    gain = (CONVERTER.top_dn - CONVERTER.black_level_dn) / white_dn
    return IspSettings(output=output, white_balance=profile.white_balance, gain=gain)
