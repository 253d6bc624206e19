"""What a frame says under any key: whatever its scheme does to samples, something is left that no key changes."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from skimage.feature import hog

from privacy.attacks.histogram_classes import histograms
from privacy.seen import Samples, Seen
from privacy.structure import Structure, parts_of

Features = NDArray[np.float32]
Parts = NDArray[np.integer]

_RANKS = 32
_SHADES = 16


def invariants(sent: Samples, structure: Structure) -> Features:
    """What the scheme leaves unchanged in each frame (F, H, W, 3), float32 (F, values).

    - A picture in clear: its gradients and its histogram.
    - Samples complemented in place: the same of samples folded at mid-range, in order of size inside each pixel.
    - The same map in every block: how far every block is from every other, in place or in order of size; a permutation with
      complements changes no such distance.
    - Blocks that move with their pixels whole: how bright (folded), how colourful and how rough they are.
    - Blocks that move with their parts mixed: how many of the parts of a block have which folded value.
    - One order of all pixels, or nothing in common: `histograms`.
    """
    if not structure.hidden:
        return _in_place(np.asarray(sent, np.uint8))
    if structure.block == 0:
        count, height, width, _ = sent.shape
        bits = 16 if sent.dtype == np.uint16 else 8
        return histograms(Seen(sent.reshape(count, height * width, 3), height, width, bits))
    parts = parts_of(sent, structure)
    folded = np.minimum(parts, structure.top - parts)
    if structure.block == 1:
        return _in_place(np.sort(folded, axis=2).reshape(sent.shape).astype(np.uint8))
    if structure.same_blocks:
        return np.concatenate([_distances(parts, structure), _counts(folded, structure)], axis=1)
    return _whole_blocks(parts) if structure.whole_pixels else _counts(folded, structure)


def _in_place(pictures: NDArray[np.uint8]) -> Features:
    """Histograms of oriented gradients (Dalal, Triggs, CVPR 2005), whose sign does not count, and `histograms`."""
    count, height, width, _ = pictures.shape
    oriented = [hog(picture, pixels_per_cell=(4, 4), cells_per_block=(2, 2), channel_axis=-1) for picture in pictures]
    values = histograms(Seen(pictures.reshape(count, height * width, 3), height, width))
    return np.concatenate([np.stack(oriented).astype(np.float32), values], axis=1)


def _distances(parts: Parts, structure: Structure) -> Features:
    """Mean absolute difference of every two blocks: by place, or where blocks move by size and as each block's nearest."""
    blocks = parts.shape[1]
    found = np.stack([pdist(frame, "cityblock") for frame in parts.astype(np.float32)]) / parts.shape[2]
    found = (found / structure.top).astype(np.float32)
    if not structure.blocks_move:
        return found
    found.sort(axis=1)
    return found[:, np.linspace(0, found.shape[1] - 1, min(found.shape[1], 4 * blocks)).round().astype(int)]


def _counts(folded: Parts, structure: Structure) -> Features:
    """How many parts of a block have which folded value: by block, or where blocks move ranked over all blocks."""
    shades = min(_SHADES, (structure.top + 1) // 2)
    shade = folded.astype(np.int64) * shades // ((structure.top + 1) // 2)
    count, blocks, each = shade.shape
    at = np.arange(count * blocks).reshape(count, blocks, 1) * shades
    counts = np.bincount((shade + at).ravel(), minlength=count * blocks * shades).reshape(count, blocks, shades) / each
    return _ranked(counts) if structure.blocks_move else counts.reshape(count, -1).astype(np.float32)


def _whole_blocks(parts: Parts) -> Features:
    """What turning, mirroring, complementing and recolouring leave of a block, ranked over all blocks."""
    count, blocks, each = parts.shape
    pixels = parts.reshape(count, blocks, each // 3, 3).astype(np.float32) / 255
    side = round((each // 3) ** 0.5)
    board = pixels.reshape(count, blocks, side, side, 3)
    bright, colourful = pixels.mean(3), pixels.max(3) - pixels.min(3)
    middle = bright.mean(2)
    rough = np.abs(np.diff(board, axis=2)).mean((2, 3, 4)) + np.abs(np.diff(board, axis=3)).mean((2, 3, 4))
    found = [np.abs(middle - 0.5), bright.std(2), colourful.mean(2), colourful.std(2), rough, np.abs(bright - 0.5).max(2)]
    of_pixels = [np.abs(bright - 0.5).reshape(count, -1), colourful.reshape(count, -1)]
    return np.concatenate([_ranked(np.stack(found, 2)), *(_ranked(every[:, :, None]) for every in of_pixels)], axis=1)


def _ranked(figures: NDArray[np.floating]) -> Features:
    """Quantiles over all blocks of each figure (F, B, figures): float32 (F, ranks figures)."""
    ranked = np.sort(figures, axis=1)
    at = np.linspace(0, figures.shape[1] - 1, min(_RANKS, figures.shape[1])).round().astype(int)
    return ranked[:, at].reshape(len(figures), -1).astype(np.float32)
