"""A session at the bench: frames are taken plane by plane, and every one is counted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.bench import CameraUnderTest, Light, RasterFrame
from calibration.photon_transfer import TemporalMoments, temporal_moments
from calibration.planes import Plane
from calibration.stack import Stack, StackSums

Report = Callable[[int], None]
"""Told how many frames were taken, each time."""


@dataclass(frozen=True)
class Session:
    """A camera, the planes that are looked at, and who is told of the frames."""

    camera: CameraUnderTest
    planes: tuple[Plane, ...]
    took: Report

    def one(self) -> RasterFrame:
        """One frame."""
        (frame,) = self.camera.capture(1)
        self.took(1)
        return frame

    def means(self) -> NDArray[np.float64]:
        """Mean of each plane in one frame, float64 (planes,), DN."""
        codes = self.one().codes
        return np.array([plane.of(codes).mean(dtype=np.float64) for plane in self.planes])

    def pair(self) -> list[TemporalMoments]:
        """Mean and temporal variance of each plane in two frames."""
        first, second = (frame.codes for frame in self.camera.capture(2))
        self.took(2)
        return [temporal_moments((plane.of(first), plane.of(second))) for plane in self.planes]

    def stacks(self, frames: int) -> list[Stack]:
        """The stack of each plane over so many frames, 2 or more."""
        sums: list[StackSums] = []
        for frame in self.camera.capture(frames):
            parts = [plane.of(frame.codes) for plane in self.planes]
            sums = sums or [StackSums((part.shape[0], part.shape[1])) for part in parts]
            for own, part in zip(sums, parts, strict=True):
                own.add(part)
            self.took(1)
        return [own.stack() for own in sums]

    def light(self, photons: tuple[float, float, float], exposure_s: float) -> None:
        """Set the light that sends so many red, green and blue photons to a photosite in an exposure."""
        self.camera.set_light(Light(*(colour / exposure_s for colour in photons)))
