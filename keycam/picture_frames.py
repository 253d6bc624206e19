"""A data set's pictures as camera frames: as the codes of a sensor, or as scenes before the whole camera."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from adc import Converter, FrameKey, Geometry, RawFrame, readout
from inference.datasets import LabelledImages
from inference.isp import IspSettings


class FrameSource(Protocol):
    """Frames of numbered pictures, under whatever key is given."""

    geometry: Geometry
    settings: IspSettings

    def frame(self, number: int, frame_key: FrameKey) -> RawFrame: ...


@dataclass(frozen=True, eq=False)
class _Signal:
    signal_v: NDArray[np.float32]
    exposure_s: float = 1.0
    temperature_k: float = 300.0


class AdcFrames:
    """Pictures whose values are the codes of an 8-bit sensor with three samples a photosite: exactly the test set.

    `seed` is not used: there is no noise.
    """

    def __init__(self, images: LabelledImages, seed: int) -> None:
        height, width = images.images.shape[1:3]
        self.geometry = Geometry(height, width, bits=8, cfa="rgb")
        self.settings = IspSettings(gamma="linear")  # the codes are gamma-encoded already
        self._converter = Converter(black_level_dn=0, bits=8)
        self._images = images.images

    def frame(self, number: int, frame_key: FrameKey) -> RawFrame:
        """Read picture `number` out under `frame_key`."""
        signal_v = self._images[number].astype(np.float32) * np.float32(self._converter.lsb_v)
        return readout(_Signal(signal_v), self._converter, frame_key)


class CameraFrames:
    """Pictures as scenes: light, a Bayer sensor with four photosites a pixel side, noise, conversion, and the ISP.

    The noise of picture n follows from `seed` and n, whatever the key.
    """

    PHOTOSITES_PER_PIXEL = 4

    def __init__(self, images: LabelledImages, seed: int) -> None:
        from keycam.demo_camera import CONVERTER, development, profile_of_size
        from sensor_sim import Sensor

        height, width = images.images.shape[1:3]
        profile = profile_of_size(height * self.PHOTOSITES_PER_PIXEL, width * self.PHOTOSITES_PER_PIXEL)
        self._sensor = Sensor(profile, device_seed=seed)
        self._images = images.images
        self.geometry = Geometry(profile.height, profile.width, CONVERTER.bits, profile.cfa)
        self.settings = development(profile, (height, width))

    def frame(self, number: int, frame_key: FrameKey) -> RawFrame:
        """Expose to picture `number` and read out under `frame_key`."""
        from firmware_model.camera import frame_seed
        from keycam.demo_camera import CONVERTER
        from sensor_sim.scene import linear_from_srgb

        scene = linear_from_srgb(self._images[number])
        seed = frame_seed(self._sensor.device_seed, 0, number)
        return readout(self._sensor.expose(scene, self._sensor.profile.default_exposure_s, seed), CONVERTER, frame_key)


FRAME_SOURCES: dict[str, type[AdcFrames] | type[CameraFrames]] = {"adc": AdcFrames, "camera": CameraFrames}
