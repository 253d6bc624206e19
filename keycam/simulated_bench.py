"""The simulated bench: a camera of a profile before even light, in a chamber, with a voltage input."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from adc import RASTER, SECURE, KeySchedule, ReadoutPolicy, readout
from calibration.bench import DARKNESS, CameraIdentity, Light, RasterFrame
from firmware_model import Camera, converter_of, geometry_of
from inference.receiver import Receiver
from sensor_sim import Scene, Sensor, SensorProfile

_MASTERS = int.from_bytes(b"bench", "big")


@dataclass(frozen=True, eq=False)
class _Voltages:
    """An exposure whose rows hold a voltage each instead of light."""

    signal_v: NDArray[np.float32]
    exposure_s: float
    temperature_k: float
    frame_seed: int
    optical_black_v: None = None


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
        self._seed = device_seed
        # A throw-away master that the seed repeats: under random access even the noise follows the key.
        master = np.random.default_rng((device_seed, _MASTERS)).bytes(32)
        self._receiver = Receiver(KeySchedule(master, device=device, policy=policy))
        converter = converter_of(profile, device_seed)
        self._range_v = converter.ideal.input_range_v
        sensor = Sensor(self._profile, device_seed)
        schedule = KeySchedule(master, device=device, policy=policy)
        self._camera = Camera(sensor, converter, schedule, itertools.count(), exposure_s=profile.default_exposure_s)
        self._scene: Scene = np.zeros((1, 1, 3), np.float32)
        self.set_light(DARKNESS)
        self.identity = CameraIdentity(device, geometry_of(profile), converter.analog_gain, converter.black_level_dn)

    def set_exposure_s(self, exposure_s: float) -> None:
        """Set the exposure time of the next frames."""
        self._camera.exposure_s = exposure_s

    def set_light(self, light: Light) -> None:
        """Set the light of the next frames; this source has no limit."""
        white = np.array(light.photons_per_s) / self._profile.peak_photons_per_s
        shape = (self._profile.height, self._profile.width, 3)
        self._scene = np.ascontiguousarray(np.broadcast_to(white.astype(np.float32), shape))

    def set_temperature_k(self, temperature_k: float) -> None:
        """Bring the camera to a temperature, K, at once."""
        warmed = replace(self._camera.sensor.profile, temperature_k=temperature_k)
        if warmed != self._camera.sensor.profile:
            self._camera.sensor = Sensor(warmed, self._seed)

    def capture(self, count: int) -> Iterator[RasterFrame]:
        """Take frames one after another."""
        for _ in range(count):
            raw = self._camera.capture(self._scene)
            frame_key = self._receiver.accept(raw)
            codes = raw.restore(frame_key)
            frame_key.wipe()
            yield RasterFrame(codes, raw.header.exposure_s, raw.header.temperature_k)

    @property
    def voltage_range_v(self) -> tuple[float, float]:
        """The voltages that the input takes: the ideal converter's range and an eighth of it on either side."""
        low, high = self._range_v
        beyond = (high - low) / 8
        return low - beyond, high + beyond

    def capture_voltages(self, frames: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.uint16]]:
        """Codes uint16 (H, W, C) of frames whose row r converts voltage r of float32 (H,)."""
        profile = self._camera.sensor.profile
        schedule = KeySchedule(bytes(32), policy=RASTER)  # nothing secret is seen
        for number, voltages in enumerate(frames):
            signal_v = np.ascontiguousarray(np.broadcast_to(voltages[:, None, None], profile.shape))
            exposure = _Voltages(signal_v, 1e-6, profile.temperature_k, number)
            frame_key = schedule.frame_key(number, self._camera.geometry)
            yield readout(exposure, self._camera.converter, frame_key).restore(frame_key)

    def close(self) -> None:
        """End the camera; harmless when repeated."""
        self._camera.close()

    def __enter__(self) -> "SimulatedBench":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
