"""A data set's pictures as camera frames: as the codes of a sensor, or as scenes before the whole camera."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from adc import Converter, FrameKey, Geometry, RawFrame, readout
from firmware_model import converter_of, geometry_of
from firmware_model.camera import frame_seed
from inference.isp import IspSettings
from keycam.demo_camera import development
from sensor_sim import DEMO_PROFILE, Sensor, SensorProfile
from sensor_sim.scene import linear_from_srgb


@dataclass(frozen=True, eq=False)
class _Signal:
    signal_v: NDArray[np.float32]
    exposure_s: float = 1.0
    temperature_k: float = 300.0


class AdcFrames:
    """Pictures whose values are the codes of an 8-bit sensor with three samples a photosite: exactly the test set."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        height, width = images.shape[1:3]
        self.geometry = Geometry(height, width, bits=8, cfa="rgb")
        self.settings = IspSettings(gamma="linear")  # the codes are gamma-encoded already
        self._converter = Converter(black_level_dn=0, bits=8)
        self._images = images

    def frame(self, number: int, frame_key: FrameKey) -> RawFrame:
        """Read picture `number` out under `frame_key`."""
        signal_v = self._images[number].astype(np.float32) * np.float32(self._converter.lsb_v)
        return readout(_Signal(signal_v), self._converter, frame_key)


class CameraFrames:
    """Pictures as scenes: light, a sensor with four photosites a pixel side, noise, conversion, and the ISP.

    The noise of picture n follows from `seed` and n, whatever the key and the exposure.

    Parameters
    ----------
    profile
        the sensor; its array is cut to the pictures' size.
    exposure_s
        exposure time, s; None for the profile's default one. Brightness is made up for by digital gain.
    """

    PHOTOSITES_PER_PIXEL = 4

    def __init__(
        self, images: NDArray[np.uint8], seed: int, profile: SensorProfile = DEMO_PROFILE, exposure_s: float | None = None
    ) -> None:
        height, width = images.shape[1:3]
        self.profile = replace(profile, height=height * self.PHOTOSITES_PER_PIXEL, width=width * self.PHOTOSITES_PER_PIXEL)
        self._sensor = Sensor(self.profile, device_seed=seed)
        self._converter = converter_of(self.profile, seed)
        self._images = images
        wanted_s = profile.default_exposure_s if exposure_s is None else exposure_s
        self.exposure_s = self._sensor.exposure_taken_s(wanted_s)
        self.geometry = geometry_of(self.profile)
        self.settings = development(self.profile, (height, width), self.exposure_s)

    def frame(self, number: int, frame_key: FrameKey) -> RawFrame:
        """Expose to picture `number` and read out under `frame_key`."""
        scene = linear_from_srgb(self._images[number])
        seed = frame_seed(self._sensor.device_seed, 0, number)
        return readout(self._sensor.expose(scene, self.exposure_s, seed), self._converter, frame_key)


THROUGH = ("adc", "camera")


def frame_source(
    through: str, images: NDArray[np.uint8], seed: int, profile: SensorProfile | None, exposure_s: float | None = None
) -> AdcFrames | CameraFrames:
    """The frames of `images`, uint8 (N, H, W, 3), through "adc" or "camera".

    Only a camera has a profile, by default the demonstration's.
    """
    if through == "camera":
        return CameraFrames(images, seed, profile or DEMO_PROFILE, exposure_s)
    return AdcFrames(images)
