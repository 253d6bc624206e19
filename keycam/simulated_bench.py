"""The simulated bench: a camera of a profile before even light, in a chamber, with a voltage input."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adc import SECURE, KeySchedule, ReadoutPolicy
from calibration.bench import BenchError, CameraIdentity, Light, RasterFrame
from firmware_model import Camera, converter_of, geometry_of
from firmware_model.bench import Bench
from inference.receiver import Receiver
from sensor_sim import Sensor, SensorProfile

_MASTERS = int.from_bytes(b"bench", "big")


class SimulatedBench:
    """A simulated camera on the bench; close it, or use it as a context manager.

    Its frames go the whole way: keyed readout, a receiver that verifies them, and the key holder's restoring. It has no lens,
    as the standard asks for, unless `with_lens`.

    Parameters
    ----------
    profile
        the camera's sensor.
    device_seed
        which die, and the noise of its frames.
    policy
        how its frames are read out.
    """

    def __init__(
        self, profile: SensorProfile, device_seed: int = 0, policy: ReadoutPolicy = SECURE, with_lens: bool = False,
        device: str = "cam0",
    ) -> None:  # fmt: skip
        self._profile = profile if with_lens else replace(profile, lens=None)
        # A throw-away master that the seed repeats: under random access even the noise follows the key.
        master = np.random.default_rng((device_seed, _MASTERS)).bytes(32)
        self._receiver = Receiver(KeySchedule(master, device=device, policy=policy))
        converter = converter_of(profile, device_seed)
        sensor = Sensor(self._profile, device_seed)
        schedule = KeySchedule(master, device=device, policy=policy)
        self._camera = Camera(sensor, converter, schedule, itertools.count(), exposure_s=profile.default_exposure_s)
        self._bench = Bench(self._profile)
        self.identity = CameraIdentity(device, geometry_of(profile), converter.analog_gain, converter.black_level_dn)

    def set_exposure_s(self, exposure_s: float) -> None:
        """Set the exposure time of the next frames."""
        self._camera.exposure_s = exposure_s

    def set_light(self, light: Light) -> None:
        """Set the light of the next frames. Raises BenchError for more than the source has."""
        self._set(self._bench.set_light, *light.photons_per_s)

    def set_temperature_k(self, temperature_k: float) -> None:
        """Bring the camera to a temperature, K, at once. Raises BenchError for one that the chamber does not reach."""
        self._set(self._bench.set_temperature_k, temperature_k)

    def capture(self, count: int) -> Iterator[RasterFrame]:
        """Take frames one after another."""
        for _ in range(count):
            raw = self._bench.captured_by(self._camera)
            frame_key = self._receiver.accept(raw)
            codes = raw.restore(frame_key)
            frame_key.wipe()
            yield RasterFrame(codes, raw.header.exposure_s, raw.header.temperature_k)

    @property
    def voltage_range_v(self) -> tuple[float, float]:
        """The voltages that the input takes."""
        return self._bench.voltage_range_v

    def capture_voltages(self, frames: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.uint16]]:
        """Codes uint16 (H, W, C) of frames whose row r converts voltage r of float32 (H,)."""
        for voltages_v in frames:
            self._set(self._bench.set_voltages, voltages_v)
            for frame in self.capture(1):
                yield frame.codes

    def _set(self, setting: Callable[..., None], *values: Any) -> None:
        try:
            setting(*values)
        except ValueError as error:
            raise BenchError(f"{error}; needed is a bench that does") from error

    def close(self) -> None:
        """End the camera; harmless when repeated."""
        self._camera.close()

    def __enter__(self) -> "SimulatedBench":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
