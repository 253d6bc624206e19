"""How much of a picture an attack found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from privacy.scoring.symmetry import symmetric_cells
from privacy.seen import Samples

LEAST_SIDE_PX = 7
"""The window of SSIM must fit into a picture."""


@dataclass(frozen=True, eq=False)
class PictureScore:
    """Likeness of a recovered picture to its scene, under the symmetry of greatest SSIM.

    Attributes
    ----------
    ssim
        Structural similarity (scikit-image, 7x7 windows, mean over channels), 1 for the same picture.
    psnr_db
        Peak signal over error, dB; infinite for the same picture.
    chance, chance_psnr_db
        SSIM and PSNR that the samples of the scene have in random places.
    upright
        The picture (H, W, C), turned by that symmetry.
    """

    ssim: float
    psnr_db: float
    chance: float
    chance_psnr_db: float
    upright: Samples


def ssim(picture: Samples, scene: Samples, bits: int = 8) -> float:
    """Structural similarity of two pictures (H, W, C), each side `LEAST_SIDE_PX` or more."""
    return float(structural_similarity(picture, scene, channel_axis=-1, data_range=2**bits - 1))


def psnr_db(picture: Samples, scene: Samples, bits: int = 8) -> float:
    """Peak signal-to-noise ratio of two pictures (H, W, C), dB; infinite where they are the same."""
    if np.array_equal(picture, scene):
        return float("inf")
    return float(peak_signal_noise_ratio(scene, picture, data_range=2**bits - 1))


def upright(picture: Samples, scene: Samples, bits: int = 8) -> Samples:
    """The picture (H, W, C), turned or mirrored so that it is most like the scene."""
    height, width, channels = scene.shape
    flat = picture.reshape(-1, channels)
    turned = [flat[cells].reshape(scene.shape) for cells in symmetric_cells(height, width)]
    return max(turned, key=lambda candidate: ssim(candidate, scene, bits))


def score_picture(picture: Samples, scene: Samples, seed: int, bits: int = 8) -> PictureScore:
    """Score a recovered picture (H, W, C) against the scene."""
    best = upright(picture, scene, bits)
    flat: NDArray[np.uint8] | NDArray[np.uint16] = scene.reshape(-1, scene.shape[-1])
    anywhere = np.random.default_rng(seed).permutation(flat).reshape(scene.shape)
    by_chance = upright(anywhere, scene, bits)
    return PictureScore(
        ssim=ssim(best, scene, bits),
        psnr_db=psnr_db(best, scene, bits),
        chance=ssim(by_chance, scene, bits),
        chance_psnr_db=psnr_db(by_chance, scene, bits),
        upright=best,
    )
