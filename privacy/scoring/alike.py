"""What frames alone cannot tell: whether a picture is turned, a negative, or in other colours. One look at it would."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from privacy.scoring.picture_score import psnr_db, ssim
from privacy.scoring.symmetry import symmetric_cells
from privacy.structure import Structure

Pictures = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class RecoveredScore:
    """Likeness of recovered pictures (F, H, W, 3) to their scenes.

    Attributes
    ----------
    pictures
        The pictures, the right way round.
    ssim, psnr_db
        float64 (F,), of each picture; infinite PSNR for the same picture.
    """

    pictures: Pictures
    ssim: NDArray[np.float64]
    psnr_db: NDArray[np.float64]


def alike(pictures: Pictures, structure: Structure) -> Iterator[Pictures]:
    """All that pictures (F, H, W, 3) may be where an attack leaves open what frames under this structure cannot tell."""
    count, height, width, channels = pictures.shape
    flat = pictures.reshape(count, height * width, channels)
    cells = list(symmetric_cells(height, width)) if structure.turns_open else [np.arange(height * width)]
    for colours in permutations(range(channels)) if structure.recoloured else [tuple(range(channels))]:
        for turned in cells:
            found = flat[:, turned][:, :, colours].reshape(pictures.shape)
            yield found
            if structure.complemented:
                yield ~found


def nearest_alike(pictures: Pictures, scenes: Pictures, structure: Structure, one_key: bool) -> Pictures:
    """The pictures, the right way round: nearest to the scenes by squared error, all turned alike where they have one key."""
    if not one_key:
        return np.concatenate([nearest_alike(a[None], b[None], structure, True) for a, b in zip(pictures, scenes, strict=True)])
    wanted = scenes.astype(np.int32)
    return min(alike(pictures, structure), key=lambda found: int(((found - wanted) ** 2).sum(dtype=np.int64)))


def score_recovered(pictures: Pictures, scenes: Pictures, structure: Structure, one_key: bool) -> RecoveredScore:
    """Score recovered pictures against the scenes, both uint8 (F, H, W, 3)."""
    right = nearest_alike(pictures, scenes, structure, one_key)
    pairs = list(zip(right, scenes, strict=True))
    return RecoveredScore(right, np.array([ssim(*pair) for pair in pairs]), np.array([psnr_db(*pair) for pair in pairs]))


def anywhere(scenes: Pictures, seed: int) -> Pictures:
    """The scenes with their pixels in random places: what someone has who knows the colours and guesses."""
    random = np.random.default_rng(seed)
    return np.stack([random.permutation(scene.reshape(-1, scene.shape[-1])).reshape(scene.shape) for scene in scenes])
