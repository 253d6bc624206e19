"""The sensor: light in, volts out, one effect after another in the order in which a photosite meets them."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from sensor_sim.blooming import bloom
from sensor_sim.defects import set_stuck
from sensor_sim.die import Die, drawn_die
from sensor_sim.exposure import Exposure, refuse_exposure, refuse_frame_seed
from sensor_sim.fused import collect, sense
from sensor_sim.profile import SensorProfile
from sensor_sim.resample import resample
from sensor_sim.rts import add_rts
from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene
from sensor_sim.shutter import MovingScene, integrated_light, whole_lines
from sensor_sim.streams import FrameStream, TemporalEffect

MOST_PHOTONS = 1e30
"""Far beyond any light, and far enough below the end of single precision for the sums that follow."""


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

    @cached_property
    def die(self) -> Die:
        """What is fixed in this die, drawn when it is first asked for."""
        return drawn_die(self.profile, self.device_seed)

    def at_temperature(self, temperature_k: float) -> "Sensor":
        """The same die at another temperature, K; nothing of it is drawn again. Raises ValueError as the profile."""
        if temperature_k == self.profile.temperature_k:
            return self
        warmed = Sensor(replace(self.profile, temperature_k=temperature_k), self.device_seed)
        warmed.die = self.die
        return warmed

    def exposure_taken_s(self, exposure_s: float) -> float:
        """The exposure that a wish for `exposure_s` comes to: whole lines with a rolling shutter, else the wish itself."""
        refuse_exposure(exposure_s)
        if self.profile.shutter == "global":
            return exposure_s
        line_time_s = self.profile.readout.line_time_s
        return whole_lines(exposure_s, line_time_s) * line_time_s

    def expose(self, scene: Scene | MovingScene, exposure_s: float, frame_seed: int) -> Exposure:
        """Expose to a scene, float32 (h, w, 3) of linear light or one that moves, for `exposure_s`.

        A scene of another size is brought to the array's, cut to its proportions. White, 1 in channel c, makes
        peak_photons_per_s * exposure_s * QE_c expected electrons. The noise follows from `frame_seed`, 0 to 2**64 - 1.

        Raises SceneError if the scene is of another dtype or shape, or has light that is negative or not finite; ValueError
        if the exposure is not above 0 and finite, or endless in photons, or the seed is out of range.
        """
        exposure_s = self.exposure_taken_s(exposure_s)
        refuse_frame_seed(frame_seed)
        profile, die = self.profile, self.die
        light = self._light(scene, exposure_s)
        white_photons = profile.peak_photons_per_s * exposure_s
        _refuse_photons(1.0, white_photons, exposure_s)
        warm_time_s = exposure_s * profile.dark.warming(profile.temperature_k)
        electrons, brightest = collect(light, profile, die, white_photons, warm_time_s, frame_seed)
        if np.isnan(brightest):
            _refuse_light(light)
            brightest = float(light.max())  # a zero may have a sign
        _refuse_photons(brightest, white_photons, exposure_s)
        shielded, (_, width, channels) = profile.optical_black_rows, profile.shape
        if profile.blooming.is_on:
            bloom(electrons[shielded:], profile.full_well_e, profile.blooming)
        signal_v = sense(electrons, profile, die, frame_seed)
        at_reset, at_signal = (FrameStream(frame_seed, at) for at in (TemporalEffect.RTS_AT_RESET, TemporalEffect.RTS_AT_SIGNAL))
        add_rts(signal_v, die.rts, profile.reset.cds, at_reset, at_signal)
        set_stuck(signal_v, die.stuck, die.columns)
        volts = signal_v.reshape(-1, width, channels)
        black_v = volts[:shielded] if shielded else None
        return Exposure(volts[shielded:], exposure_s, profile.temperature_k, frame_seed, black_v)

    def _light(self, scene: Scene | MovingScene, exposure_s: float) -> Scene:
        profile = self.profile

        def fitted(scene: Scene) -> Scene:
            return resample(_refuse_shape(scene), (profile.height, profile.width))

        if not isinstance(scene, MovingScene):
            return fitted(scene)
        delay_s = 0.0 if profile.shutter == "global" else profile.readout.line_time_s
        return integrated_light(lambda t_s: fitted(scene.light_at(t_s)), scene.step_s, exposure_s, profile.height, delay_s)


def _refuse_shape(scene: Scene) -> Scene:
    if scene.dtype != np.float32 or scene.ndim != 3 or scene.shape[2] != 3 or not scene.size:
        raise SceneError(f"scene = {scene.dtype} {scene.shape}: allowed is float32 (H, W, 3)")
    return scene


def _refuse_light(light: Scene) -> None:
    lowest, highest = light.min(), light.max()  # both are NaN where one value is
    if not (lowest >= 0 and highest < np.inf):
        raise SceneError(f"scene = light from {lowest} to {highest}: allowed is 0 or more and finite")


def _refuse_photons(brightest: float, white_photons: float, exposure_s: float) -> None:
    if not max(1.0, brightest) * white_photons <= MOST_PHOTONS:
        raise ValueError(f"exposure_s = {exposure_s}: allowed is up to {MOST_PHOTONS:g} photons at this scene's brightest")
