"""The same scenes captured a second time: the camera's noise differs, the scene does not."""

import numpy as np

from privacy.seen import Samples


def captured_again(
    scenes: Samples, seed: int, bits: int = 8, read_noise_dn: float = 1.0, system_gain_dn_per_e: float = 0.02
) -> Samples:
    """Scenes with the noise of one capture, of the same shape and type, rounded and clipped to 0 .. 2**bits - 1.

    The variance of a sample of x DN is read_noise_dn**2 + system_gain_dn_per_e x: read noise and shot noise (EMVA 1288), for
    samples taken as linear. The defaults are a mid-range sensor at 8 bits: 2.5 DN of noise at full scale.
    """
    random = np.random.default_rng(seed)
    spread = np.sqrt(read_noise_dn**2 + system_gain_dn_per_e * scenes.astype(np.float32))
    noisy = scenes + random.standard_normal(scenes.shape, np.float32) * spread
    again: Samples = np.clip(np.rint(noisy), 0, 2**bits - 1).astype(scenes.dtype)
    return again
