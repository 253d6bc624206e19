"""Which of many series are complemented: all samples of a scene brighten and darken together, a complement against them."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh

NEAREST = 8
_ROUNDS = 20
_SMALL = 200  # below so many series all eigenvectors are found faster than one


def complemented(series: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which series are complemented, bool (S,): these or all the others.

    The leading eigenvector of the correlations says it for most: the overall brightness, of one sign everywhere. Then each series
    sides with those that it is most like.

    Parameters
    ----------
    series
        float32 (F, S), centred: S series over F frames.
    """
    normal = series / (np.linalg.norm(series, axis=0) + 1e-6)
    correlation = (normal.T @ normal).astype(np.float64)
    side = np.where(leading(correlation, 1)[:, 0] < 0, -1.0, 1.0)
    likeness = np.abs(correlation)
    np.fill_diagonal(likeness, -1)
    few = min(NEAREST, len(likeness) - 1)
    nearest = np.argpartition(-likeness, few - 1, axis=1)[:, :few]
    with_nearest = np.take_along_axis(correlation, nearest, axis=1)
    for _ in range(_ROUNDS):
        sided = np.where((with_nearest * side[nearest]).sum(1) < 0, -1.0, 1.0)
        if (sided == side).all():
            break
        side = sided
    against: NDArray[np.bool_] = side < 0
    return against


def leading(matrix: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The eigenvectors of the `count` greatest eigenvalues of a symmetric matrix, float64 (S, count)."""
    if len(matrix) < _SMALL:
        vectors: NDArray[np.float64] = np.linalg.eigh(matrix)[1][:, -count:]
        return vectors
    # A fixed start, so that the same frames give the same vectors.
    start = np.random.default_rng(0).random(len(matrix))
    found: NDArray[np.float64] = eigsh(matrix, k=count, which="LA", v0=start)[1]
    return found
