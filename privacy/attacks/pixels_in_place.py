"""Samples complemented and exchanged inside pixels that stay where they are: neighbours see alike, and that says which and how.

The feature reconstruction attack on such images brings every sample to one side of mid-grey (A. H. Chang, B. M. Case, "Attacks
on Image Encryption Schemes for Privacy-Preserving Deep Neural Networks", arXiv 2004.13263, 2020). Here each pixel takes the form
that fits its neighbours best, in one frame or in all that were made under one key.
"""

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numba import njit
from numpy.typing import NDArray

_FORMS = [(order, signs) for order in permutations(range(3)) for signs in product((0, 1), repeat=3)]
TAKEN = np.array([order for order, _ in _FORMS])
"""int64 (48, 3): in each of the forms of a pixel, the sample that each channel takes."""
AGAINST = np.array([signs for _, signs in _FORMS])
"""int64 (48, 3): 1 where it is taken for a complement."""
_STEPS = np.array([(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)])
_SLANTED = 0.5
_TOP = 255


@dataclass(frozen=True, eq=False)
class PicturesInPlace:
    """Pictures put back one by one, uint8 (F, H, W, 3), and from how many frames each: 1."""

    pictures: NDArray[np.uint8]
    frames: int


def pictures_in_place(sent: NDArray[np.uint8]) -> PicturesInPlace:
    """Put pictures (F, H, W, 3) back that have a key each."""
    found = [in_form(frame.reshape(1, -1, 3), forms_in_place(frame[None])) for frame in sent]
    return PicturesInPlace(np.concatenate(found).reshape(sent.shape), 1)


def forms_in_place(frames: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The form of every pixel, int64 (P,), from frames (F, H, W, 3) under one key: 0 to 47, a row of TAKEN and AGAINST.

    The picture grows from its middle; next comes the pixel whose best form stands out most. What is left open is which colour is
    which, and whether the picture is a negative; channels are turned so that they go together.
    """
    count, height, width, _ = frames.shape
    samples = frames.reshape(count, height * width, 3)
    form = _grown(samples, height, width, TAKEN, AGAINST, (height // 2) * width + width // 2)
    centred = in_form(samples, form) - np.float32(_TOP / 2)
    centred -= centred.mean((0, 1))
    together = np.einsum("npc,npd->cd", centred, centred)
    turned = np.array([0, *(together[0, 1:] < 0)], np.int64)
    return form_of(TAKEN[form], AGAINST[form] ^ turned)


def in_form(samples: NDArray[np.uint8], form: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Samples (F, P, 3) with each pixel in its form."""
    taken = np.take_along_axis(samples, np.broadcast_to(TAKEN[form], samples.shape), axis=2)
    return taken ^ (AGAINST[form] * _TOP).astype(np.uint8)


def form_of(taken: NDArray[np.int64], against: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of a form, int64 (...), from rows as in TAKEN and AGAINST."""
    number = {(tuple(order), tuple(signs)): at for at, (order, signs) in enumerate(_FORMS)}
    rows = zip(taken.reshape(-1, 3).tolist(), against.reshape(-1, 3).tolist(), strict=True)
    return np.array([number[tuple(order), tuple(signs)] for order, signs in rows]).reshape(taken.shape[:-1])


@njit(cache=True, nogil=True)
def _apart(samples: NDArray[np.uint8], here: int, there: int, apart: NDArray[np.float32]) -> None:
    """How far each sample here is from each there (3, 3, 0), and from its complement (3, 3, 1), over all frames."""
    apart[:] = 0
    for frame in range(samples.shape[0]):
        for a in range(3):
            for b in range(3):
                ours, theirs = np.int64(samples[frame, here, a]), np.int64(samples[frame, there, b])
                apart[a, b, 0] += abs(ours - theirs)
                apart[a, b, 1] += abs(ours + theirs - _TOP)


@njit(cache=True, nogil=True)
def _grown(
    samples: NDArray[np.uint8], height: int, width: int, taken: NDArray[np.int64], against: NDArray[np.int64], start: int
) -> NDArray[np.int64]:  # fmt: skip
    pixels, forms = height * width, len(taken)
    form = np.full(pixels, -1)
    cost = np.zeros((pixels, forms), np.float32)
    best = np.zeros(pixels, np.int64)
    margin = np.full(pixels, np.float32(-1))
    apart = np.empty((3, 3, 2), np.float32)
    here = start
    for _ in range(pixels):
        form[here] = best[here]
        row, column = here // width, here % width
        for step in range(8):
            next_row, next_column = row + _STEPS[step, 0], column + _STEPS[step, 1]
            there = next_row * width + next_column
            if not (0 <= next_row < height and 0 <= next_column < width) or form[there] >= 0:
                continue
            _apart(samples, there, here, apart)
            weight = np.float32(1.0 if step < 4 else _SLANTED)
            first, second = np.float32(np.inf), np.float32(np.inf)
            for candidate in range(forms):
                for channel in range(3):
                    a, b = taken[candidate, channel], taken[form[here], channel]
                    unlike = against[candidate, channel] ^ against[form[here], channel]
                    cost[there, candidate] += weight * apart[a, b, unlike]
                if cost[there, candidate] < first:
                    first, second, best[there] = cost[there, candidate], first, candidate
                elif cost[there, candidate] < second:
                    second = cost[there, candidate]
            margin[there] = second - first
        most = np.float32(-1)
        for pixel in range(pixels):
            if form[pixel] < 0 and margin[pixel] > most:
                here, most = pixel, margin[pixel]
    return form
