"""The same exposure in plain NumPy, one effect after another: what `fused` is checked against and compared with."""

import numpy as np
from numpy.typing import NDArray

from sensor_sim.blooming import apply_blooming
from sensor_sim.cfa import mosaic
from sensor_sim.dark_current import apply_dark_current
from sensor_sim.defects import apply_stuck
from sensor_sim.die import Die
from sensor_sim.full_well import apply_full_well
from sensor_sim.pixel_offset import apply_pixel_offset
from sensor_sim.prnu import apply_prnu
from sensor_sim.profile import SensorProfile
from sensor_sim.psf import apply_psf
from sensor_sim.quantum_efficiency import apply_quantum_efficiency
from sensor_sim.read_noise import apply_read_noise
from sensor_sim.reset_noise import apply_reset_noise
from sensor_sim.rts import apply_rts
from sensor_sim.scene.linear import Scene
from sensor_sim.shot_noise import apply_shot_noise
from sensor_sim.source_follower import apply_source_follower
from sensor_sim.streams import FrameStream, TemporalEffect


def plain_signal(light: Scene, profile: SensorProfile, die: Die, exposure_s: float, frame_seed: int) -> NDArray[np.float32]:
    """Signals in V, float32 (rows, samples), of light on the array, float32 (H, W, 3): the shielded rows and then the array's."""

    def stream(effect: TemporalEffect) -> FrameStream:
        return FrameStream(frame_seed, effect)

    height, width, channels = profile.shape
    image = light if die.psf is None else apply_psf(light, die.psf)
    white_photons = profile.peak_photons_per_s * exposure_s
    per_white = tuple(white_photons * share for share in profile.quantum_efficiency)
    lit_e = mosaic(apply_quantum_efficiency(image, per_white), profile.cfa)  # type: ignore[arg-type]
    electrons = np.zeros((profile.optical_black_rows + height, width * channels), np.float32)
    electrons[profile.optical_black_rows :] = lit_e.reshape(height, -1)
    if die.response is not None:
        electrons[profile.optical_black_rows :] = apply_prnu(electrons[profile.optical_black_rows :], die.response)
    if die.dark_e_per_s is not None:
        electrons = apply_dark_current(electrons, die.dark_e_per_s, exposure_s * profile.dark.warming(profile.temperature_k))
    if profile.shot_noise:
        electrons = apply_shot_noise(electrons, stream(TemporalEffect.SHOT_NOISE), stream(TemporalEffect.SHOT_NOISE_REMAINDER))
    if profile.blooming.is_on:
        shielded = profile.optical_black_rows
        electrons[shielded:] = apply_blooming(electrons[shielded:], profile.full_well_e, profile.blooming)
    gain, cds = profile.conversion_gain_v_per_e, profile.reset.cds
    signal_v = apply_full_well(electrons, profile.full_well_e) * np.float32(gain)
    signal_v = apply_reset_noise(signal_v, profile.reset.noise_v(profile.temperature_k), stream(TemporalEffect.RESET_NOISE))
    follower_v = profile.source_follower.sampled_noise_v(cds)
    signal_v = apply_source_follower(signal_v, follower_v, stream(TemporalEffect.SOURCE_FOLLOWER))
    signal_v = apply_read_noise(signal_v, profile.read_noise_e * gain, stream(TemporalEffect.READ_NOISE))
    if die.offset_v is not None:
        signal_v = apply_pixel_offset(signal_v, die.offset_v)
    at_reset, at_signal = stream(TemporalEffect.RTS_AT_RESET), stream(TemporalEffect.RTS_AT_SIGNAL)
    signal_v = apply_rts(signal_v, die.rts, cds, at_reset, at_signal)
    return apply_stuck(signal_v, die.stuck, die.columns)
