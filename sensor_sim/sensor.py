"""The sensor: light in, volts out, one effect after another in the order in which a photosite meets them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensor_sim.cfa import mosaic
from sensor_sim.full_well import apply_full_well
from sensor_sim.profile import SensorProfile
from sensor_sim.quantum_efficiency import apply_quantum_efficiency
from sensor_sim.read_noise import apply_read_noise
from sensor_sim.resample import resample
from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene
from sensor_sim.shot_noise import apply_shot_noise
from sensor_sim.streams import TemporalEffect, frame_stream

MOST_PHOTONS = 1e30
"""Far beyond any light, and far enough below the end of single precision for the sums that follow."""


@dataclass(frozen=True, eq=False)
class Exposure:
    """The signal that one exposure leaves in the array.

    Attributes
    ----------
    signal_v
        float32 (H, W, C) in V; C is 3 for an "rgb" array, else 1. Noise may take it below 0.
    exposure_s, temperature_k
        how long, and how warm the die was.

    Raises
    ------
    ValueError
        if the signal has another dtype or shape, or a figure is not above 0 and finite.
    """

    signal_v: NDArray[np.float32]
    exposure_s: float
    temperature_k: float

    def __post_init__(self) -> None:
        signal_v = self.signal_v
        if signal_v.dtype != np.float32 or signal_v.ndim != 3 or signal_v.shape[2] not in (1, 3) or not signal_v.size:
            raise ValueError(f"signal_v = {signal_v.dtype} {signal_v.shape}: allowed is float32 (H, W, 1) or (H, W, 3)")
        refuse_exposure(self.exposure_s)
        if not 0 < self.temperature_k < math.inf:
            raise ValueError(f"temperature_k = {self.temperature_k}: allowed is above 0 and finite")


class Sensor:
    """A die of a profile: it turns scenes into signals and keeps no state between them.

    Parameters
    ----------
    profile
        its figures.
    device_seed
        which die of the profile this is, 0 or more; two dies differ in what is fixed, and a camera derives its frame seeds
        from it.
    """

    def __init__(self, profile: SensorProfile, device_seed: int = 0) -> None:
        if not device_seed >= 0:
            raise ValueError(f"device_seed = {device_seed}: allowed is 0 or more")
        self.profile = profile
        self.device_seed = device_seed

    def expose(self, scene: Scene, exposure_s: float, frame_seed: int) -> Exposure:
        """Expose to a scene, float32 (h, w, 3) of linear light, for `exposure_s`.

        A scene of another size is brought to the array's, cut to its proportions. White, 1 in channel c, makes
        peak_photons_per_s * exposure_s * QE_c expected electrons. The noise follows from `frame_seed`, 0 to 2**64 - 1.

        Raises SceneError if the scene is of another dtype or shape, or has light that is negative or not finite; ValueError
        if the exposure is not above 0 and finite, or endless in photons, or the seed is out of range.
        """
        refuse_exposure(exposure_s)
        profile = self.profile
        light = _refuse_light(resample(_refuse_shape(scene), (profile.height, profile.width)))
        white_photons = profile.peak_photons_per_s * exposure_s
        if not max(1, float(light.max())) * white_photons <= MOST_PHOTONS:
            raise ValueError(f"exposure_s = {exposure_s}: allowed is up to {MOST_PHOTONS:g} photons at this scene's brightest")
        photons = light * np.float32(white_photons)
        electrons = mosaic(apply_quantum_efficiency(photons, profile.quantum_efficiency), profile.cfa)
        if profile.shot_noise:
            electrons = apply_shot_noise(electrons, frame_stream(frame_seed, TemporalEffect.SHOT_NOISE))
        electrons = apply_full_well(electrons, profile.full_well_e)
        electrons = apply_read_noise(electrons, profile.read_noise_e, frame_stream(frame_seed, TemporalEffect.READ_NOISE))
        return Exposure(electrons * np.float32(profile.conversion_gain_v_per_e), exposure_s, profile.temperature_k)


def refuse_exposure(exposure_s: float) -> None:
    """Raise ValueError unless the exposure is above 0 and finite."""
    if not 0 < exposure_s < math.inf:
        raise ValueError(f"exposure_s = {exposure_s}: allowed is above 0 and finite")


def _refuse_shape(scene: Scene) -> Scene:
    if scene.dtype != np.float32 or scene.ndim != 3 or scene.shape[2] != 3 or not scene.size:
        raise SceneError(f"scene = {scene.dtype} {scene.shape}: allowed is float32 (H, W, 3)")
    return scene


def _refuse_light(light: Scene) -> Scene:
    lowest, highest = light.min(), light.max()  # both are NaN where one value is
    if not (lowest >= 0 and highest < np.inf):
        raise SceneError(f"scene = light from {lowest} to {highest}: allowed is 0 or more and finite")
    return light
