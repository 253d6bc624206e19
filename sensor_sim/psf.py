"""The point-spread function: the lens makes a spot of a point, and of each colour's image one of a slightly other size."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sensor_sim.lens import Lens

SPOT_SIGMAS = 3.2
"""Half-width of the spot that is computed, in standard deviations: it leaves 0.14 % of the light out, before the weights are
scaled to 1."""


class PsfWeights(NamedTuple):
    """What every row and column of the image takes from its neighbours, tap k from the place `k - reach` further on.

    `reach` in photosites; `down` float32 (H, 2 reach + 1, 3) for each row and colour; `across` float32 (3, 2 reach + 1, W) for
    each colour and column.
    """

    reach: int
    down: NDArray[np.float32]
    across: NDArray[np.float32]


def psf_weights(lens: Lens, shape: tuple[int, int], pitch_um: float) -> PsfWeights:
    """The weights of a lens over an array of `shape` = (H, W) of photosites of `pitch_um`."""
    height, width = shape
    sigmas, corner = lens.sigmas_px(pitch_um), math.hypot(height, width) / 2
    reach = math.ceil(SPOT_SIGMAS * max(sigmas)) + math.ceil(max(map(abs, lens.shifts_px)))
    down, across = (
        np.stack([_taps(size, sigma, shift / corner, reach) for sigma, shift in zip(sigmas, lens.shifts_px, strict=True)])
        for size in (height, width)
    )
    return PsfWeights(reach, np.ascontiguousarray(down.transpose(1, 2, 0)), np.ascontiguousarray(across.transpose(0, 2, 1)))


def apply_psf(light: NDArray[np.float32], weights: PsfWeights) -> NDArray[np.float32]:
    """The image of a scene, both float32 (H, W, 3) in linear light: down the columns, then along the rows.

    Beyond its edges the scene goes on as at its edges.
    """
    height, width, _ = light.shape
    down, across = np.zeros_like(light), np.zeros_like(light)
    rows, columns = np.arange(height), np.arange(width)
    for tap in range(2 * weights.reach + 1):
        down += weights.down[:, tap, None, :] * light[np.clip(rows + tap - weights.reach, 0, height - 1)]
    for tap in range(2 * weights.reach + 1):
        across += weights.across[:, tap].T * down[:, np.clip(columns + tap - weights.reach, 0, width - 1)]
    return across


def _taps(size: int, sigma: float, magnification: float, reach: int) -> NDArray[np.float32]:
    # A larger image takes each place from further in; between two places it is interpolated.
    places = np.arange(size) + 0.5 - size / 2
    shift = places / (1 + magnification) - places
    whole = np.floor(shift).astype(np.int64)
    part = shift - whole
    radius = math.ceil(SPOT_SIGMAS * sigma)
    spot = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    spot /= spot.sum()
    taps = np.zeros((size, 2 * reach + 1))
    rows = np.arange(size)
    for offset, weight in zip(range(-radius, radius + 1), spot, strict=True):
        # The second of the two has no weight where it would lie outside.
        taps[rows, whole + offset + reach] += (1 - part) * weight
        taps[rows, np.minimum(whole + offset + reach + 1, 2 * reach)] += part * weight
    return taps.astype(np.float32)


@njit(cache=True, nogil=True)
def fill_image_row(light, y, ring, loaded, psf, colours, image):  # type: ignore[no-untyped-def]
    """`apply_psf` for row y: fill `image`, float32 (3, W), in the colours that are wanted, and return the last row in the ring.

    `ring`, float32 (2 reach + 1, 3, W), keeps the scene's rows around y colour by colour from call to call, so that each is
    taken apart once; `loaded` is the last one in it, y - reach - 1 or less where there is none yet.
    """
    height, width = light.shape[0], light.shape[1]
    taps = 2 * psf.reach + 1
    for row in range(max(loaded + 1, y - psf.reach), y + psf.reach + 1):
        source, slot = light[min(max(row, 0), height - 1)].reshape(-1), ring[(row + psf.reach) % taps]
        for x in range(width):
            slot[0, x], slot[1, x], slot[2, x] = source[3 * x], source[3 * x + 1], source[3 * x + 2]
    padded = np.empty(width + 2 * psf.reach, np.float32)
    down = padded[psf.reach : psf.reach + width]
    for colour in range(3):
        if colours[colour]:
            down[:] = 0
            for tap in range(taps):
                weight, source = psf.down[y, tap, colour], ring[(y + tap) % taps, colour]
                for x in range(width):
                    down[x] += weight * source[x]
            padded[: psf.reach] = down[0]
            padded[psf.reach + width :] = down[width - 1]
            across = image[colour]
            across[:] = 0
            for tap in range(taps):
                weights, shifted = psf.across[colour, tap], padded[tap : tap + width]
                for x in range(width):
                    across[x] += weights[x] * shifted[x]
    return y + psf.reach
