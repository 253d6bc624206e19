"""Defect histograms: how many photosites lie how far from the mean, in logarithmic counts."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

MOST_BINS = 256
REACH = 10.0
_SHARE_SHOWN = 0.999


class Histogram(NamedTuple):
    """Counts (n,) of deviations around `centres` (n,), `normal` (n,): those that a normal distribution would make, and how
    many lie `beyond` all bins."""

    centres: NDArray[np.float64]
    counts: NDArray[np.int64]
    normal: NDArray[np.float64]
    beyond: int


class Accumulated(NamedTuple):
    """`percent` (n,) of the photosites deviate from the mean by more than `deviation` (n,), rising."""

    deviation: NDArray[np.float64]
    percent: NDArray[np.float64]


def histogram(image: NDArray[np.float64], pixel_deviation: float, step: float = 0.0) -> Histogram:
    """Histogram of an image's deviations from its mean, in its unit, in up to 256 bins (EMVA 1288 R4 Linear, 8.4).

    `pixel_deviation` is the standard deviation that the photosites would have without defects, for the model, which stands
    around the median: no tail moves it. Bins reach as far as 10 of these, or as 99.9 % of the photosites, so that a hot one does
    not squeeze all others into one bin. The image is any shape and holds finite values; where they are multiples of a `step`,
    bins are whole steps wide.
    """
    deviation = (image - image.mean()).reshape(-1)
    middle = float(np.median(deviation))
    reach = max(REACH * pixel_deviation, float(np.quantile(np.abs(deviation - middle), _SHARE_SHOWN)))
    shown = deviation[np.abs(deviation - middle) <= reach]
    low, high = float(shown.min()), float(shown.max())
    if not high > low:
        high = low + 1.0
    bins, width = MOST_BINS, (high - low) / MOST_BINS
    if step > 0:
        width = step * np.ceil(width / step)
        bins = int(np.ceil((high - low + step) / width))
        low -= step / 2  # so that no value lies on an edge
        high = low + bins * width
    counts, edges = np.histogram(shown, bins, (low, high))
    # Over a bin and not at its middle: bins may be wider than the distribution.
    normal = deviation.size * np.diff(ndtr((edges - middle) / max(pixel_deviation, 1e-12)))
    return Histogram((edges[1:] + edges[:-1]) / 2, counts, normal, deviation.size - int(counts.sum()))


def accumulated(image: NDArray[np.float64], points: int = 400) -> Accumulated:
    """Share of the photosites that deviate from the mean by more than so much (EMVA 1288 R4 Linear, 8.4)."""
    deviation = np.sort(np.abs(image - image.mean()).reshape(-1))
    # Dense in the tail, where the defects are: the last photosites one by one.
    rank = np.unique(np.append(0, np.geomspace(1, deviation.size, points).astype(np.int64) - 1))
    at = deviation.size - 1 - rank[::-1]
    return Accumulated(deviation[at], 100.0 * (deviation.size - at) / deviation.size)
