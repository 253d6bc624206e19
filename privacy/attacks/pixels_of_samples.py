"""Which three of many scattered samples are the colours of one pixel."""

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from privacy.attacks.complements import leading

Groups = NDArray[np.int64]
"""int64 (groups, samples): the samples of one group make up whole pixels among themselves."""

_SURROUNDINGS = 24
"""How many samples stand for the surroundings of one."""
_STARTS = 4


def pixels_of(series: NDArray[np.float32], groups: Groups, seed: int) -> NDArray[np.int64]:
    """Sort samples into pixels, int64 (P, 3): the columns are the colours, in an order that is left open.

    What a sample has more than its surroundings is the colour of the light there, which the samples of one channel share: in
    the plane of the two leading eigenvectors of its correlations, channels lie in three directions. Samples of different
    channels that go together most closely are one pixel.

    Parameters
    ----------
    series
        float32 (F, S), centred and not complemented: S samples over F frames.
    groups
        Which samples may belong together; their number is a multiple of three.
    """
    return _joined(series, groups, channels_of(series, groups, seed))


def channels_of(series: NDArray[np.float32], groups: Groups, seed: int) -> NDArray[np.int64]:
    """The channel of each sample, int64 (S,): 0 to 2, a third of every group each; which is which is left open."""
    return _balanced(_directions(series), groups, seed)


def _directions(series: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where each sample's own colour lies in the plane of colours, float64 (S, 2) of length 1."""
    normal = _normal(series)
    likeness = normal.T @ normal
    np.fill_diagonal(likeness, -2)
    few = min(_SURROUNDINGS, len(likeness) // 2)
    nearest = np.argpartition(-likeness, few, axis=1)[:, :few]
    own = series.copy()
    for rank in range(few):
        own -= series[:, nearest[:, rank]] / np.float32(few)
    own /= np.abs(own).mean(1, keepdims=True) + np.float32(1e-6)  # no frame is louder than another
    own = _normal(own)
    together = (own.T @ own).astype(np.float64)
    np.fill_diagonal(together, 0)
    weight = np.sqrt(np.abs(together).sum(1) + 1e-12)
    plane = leading(together / weight[:, None] / weight, 2)
    directions: NDArray[np.float64] = plane / (np.linalg.norm(plane, axis=1, keepdims=True) + 1e-12)
    return directions


def _normal(series: NDArray[np.float32]) -> NDArray[np.float32]:
    normal: NDArray[np.float32] = series / (np.linalg.norm(series, axis=0) + np.float32(1e-6))
    return normal


def _balanced(directions: NDArray[np.float64], groups: Groups, seed: int) -> NDArray[np.int64]:
    """Three bundles of directions, as many of each in every group: int64 (S,), 0 to 2."""
    random = np.random.default_rng(seed)
    tried = [kmeans2(directions, 3, minit="++", seed=random) for _ in range(_STARTS)]
    centres = min(tried, key=lambda found: float(((directions - found[0][found[1]]) ** 2).sum()))[0]
    channel = np.empty(len(directions), np.int64)
    for group in groups:
        each = len(group) // 3
        samples, seats = linear_sum_assignment(cdist(directions[group], np.repeat(centres, each, axis=0), "sqeuclidean"))
        channel[group[samples]] = seats // each
    return channel


def _joined(series: NDArray[np.float32], groups: Groups, channel: NDArray[np.int64]) -> NDArray[np.int64]:
    """Join samples of different channels to the channel that is closest to both others: green, as a rule."""
    of_channel = [np.stack([group[channel[group] == number] for group in groups]) for number in range(3)]
    pairs = {(a, b): _matched(series, of_channel[a], of_channel[b]) for a, b in ((0, 1), (0, 2), (1, 2))}
    apart = [sum(cost for pair, (_, cost) in pairs.items() if number in pair) for number in range(3)]
    middle = int(np.argmin(apart))
    columns = [of_channel[middle]] * 3
    for other in {0, 1, 2} - {middle}:
        seats, _ = pairs[min(middle, other), max(middle, other)]
        # seats: for each sample of the lower channel, which of the higher one goes with it.
        chosen = seats if middle < other else np.argsort(seats, axis=1)
        columns[other] = np.take_along_axis(of_channel[other], chosen, axis=1)
    return np.stack(columns, axis=2).reshape(-1, 3)


def _matched(
    series: NDArray[np.float32], first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.int64], float]:  # fmt: skip
    """Partners in `second` of the samples in `first`, both int64 (groups, n), and how far apart all pairs are together."""
    seats, total = np.empty_like(first), 0.0
    for at, (ours, theirs) in enumerate(zip(first, second, strict=True)):
        apart = cdist(series[:, ours].T, series[:, theirs].T, "cityblock")
        rows, columns = linear_sum_assignment(apart)
        seats[at, rows] = columns
        total += float(apart[rows, columns].sum())
    return seats, total
