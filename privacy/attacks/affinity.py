"""How likely two emitted positions are neighbours on the sensor, from many frames under one order."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from privacy.seen import Seen

Statistic = Literal["values", "circular"]
NEIGHBOURS = 4
SHRINKAGE = 0.1
"""Share of the identity in the correlation matrix before it is inverted; .03 to .3 find neighbours about equally well."""
_OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]], np.float32) / np.sqrt(np.array([[3], [2], [6]], np.float32))
_SMALLEST_DN = 0.5  # of an 8-bit scale: a difference below the rounding says nothing


def affinity(seen: Seen, statistic: Statistic = "values") -> NDArray[np.float32]:
    """Affinity of all pairs of positions, float32 (P, P), symmetric: 0 on average, 1 for a position's four nearest.

    "values" adds two statistics that err differently: the mean absolute difference over frames, and the partial correlation
    that remains between two positions when all others are known, as in Le Roux, Bengio et al., "Learning the 2-D topology of
    images", NIPS 2007. Both weigh every frame and colour by the contrast between neighbours in it. "circular" is
    |E exp(i 2 pi (x - y) / 2**bits)|, or that of the sum, whichever is greater: a static mask, or static flips of the
    samples, change neither.
    """
    if statistic == "circular":
        return as_affinity(-np.log(1.001 - _circular(seen)))
    x = _opponent(seen)
    distance = mean_difference(x)
    nearest = np.argpartition(distance, NEIGHBOURS, axis=1)[:, : NEIGHBOURS + 1]
    contrast = np.zeros(x.shape[1:], np.float32)
    for rank in range(NEIGHBOURS + 1):
        contrast += np.abs(x - x[nearest[:, rank]]).mean(0)
    even: NDArray[np.float32] = (x / (contrast / NEIGHBOURS + _SMALLEST_DN)).astype(np.float32)
    by_difference = as_affinity(-np.log(mean_difference(even) + 1e-3))
    by_correlation = as_affinity(partial_correlation(even.reshape(len(even), -1)))
    both: NDArray[np.float32] = (by_difference + by_correlation) / np.float32(2)
    return both


def _opponent(seen: Seen) -> NDArray[np.float32]:
    """Samples (P, F, C) on an 8-bit scale without each frame's mean; three channels as brightness and two colours."""
    x: NDArray[np.float32] = seen.frames.transpose(1, 0, 2).astype(np.float32) * np.float32(255 / (2**seen.bits - 1))
    if x.shape[-1] == 3:
        x = (x @ _OPPONENT.T).astype(np.float32)
    centred: NDArray[np.float32] = x - x.mean(0)
    return centred


def mean_difference(x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean absolute difference of all pairs of positions, float64 (P, P), of samples (P, F, C)."""
    differences: NDArray[np.float64] = squareform(pdist(x.reshape(len(x), -1), "cityblock")) / x[0].size
    return differences


def partial_correlation(x: NDArray[np.float32], shrinkage: float = SHRINKAGE) -> NDArray[np.float64]:
    """What correlation remains between two of P series (P, F) when all others are known, float64 (P, P)."""
    centred = x - x.mean(1, keepdims=True)
    spread = centred.std(1, keepdims=True)
    normal = centred / np.where(spread > 0, spread, 1)
    correlation = (1 - shrinkage) * (normal @ normal.T) / normal.shape[1]
    correlation[np.diag_indices(len(x))] += np.float32(shrinkage)
    precision = np.linalg.inv(correlation.astype(np.float64))
    scale = 1 / np.sqrt(np.diag(precision))
    partial: NDArray[np.float64] = -precision * scale[:, None] * scale
    return partial


def _circular(seen: Seen) -> NDArray[np.float64]:
    pixels = seen.frames.shape[1]
    total = np.zeros((pixels, pixels))
    for channel in range(seen.frames.shape[2]):
        turned = np.exp((2j * np.pi / 2**seen.bits) * seen.frames[:, :, channel].T).astype(np.complex64)
        total += np.maximum(np.abs(turned @ turned.conj().T), np.abs(turned @ turned.T))
    return total / (seen.count * seen.frames.shape[2])


def as_affinity(likeness: NDArray[np.float64]) -> NDArray[np.float32]:
    """Shift and scale, so that all pairs have mean 0 and the four best of every position mean 1."""
    likeness = likeness.copy()
    np.fill_diagonal(likeness, -np.inf)
    best = np.partition(likeness, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:].mean()
    np.fill_diagonal(likeness, 0)
    mean = likeness.sum() / (len(likeness) * (len(likeness) - 1))
    # Where frames say nothing at all, everything is equally far.
    scaled = ((likeness - mean) / max(best - mean, 1e-12)).astype(np.float32)
    np.fill_diagonal(scaled, 0)
    return scaled
