"""Straight lines through measured points, with the errors that follow from the points'."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


class Line(NamedTuple):
    """offset + slope x, and the standard errors of both.

    The errors are those that the points state, enlarged where the points scatter more than they state (Birge ratio).
    """

    offset: float
    slope: float
    offset_error: float
    slope_error: float


def slope_through_origin(x: Points, y: Points, error: Points, common_error: float = 0.0) -> tuple[float, float]:
    """The slope sum(x y) / sum(x^2) and its standard error, of points (n,) with independent errors (n,).

    `common_error` is the error of a constant that was taken off every y. Unweighted, as EMVA 1288 R4 Linear fits R and K.
    Raises ValueError for fewer than two points.
    """
    if x.size < 2:
        raise ValueError(f"points = {x.size}: allowed is 2 or more for a slope")
    square = float(x @ x)
    slope = float(x @ y) / square
    own = (
        float(np.sqrt(((x * error) ** 2).sum())) / square * birge_ratio(y - slope * x, np.hypot(error, common_error), x.size - 1)
    )
    return slope, float(np.hypot(own, x.sum() * common_error / square))


def weighted_line(x: Points, y: Points, error: Points) -> Line:
    """The line through points (n,), n >= 2, each weighted by 1 / error^2; errors are above 0.

    Raises ValueError for fewer than two different x.
    """
    if np.unique(x).size < 2:
        raise ValueError(f"points = {np.unique(x).size} different x: allowed is 2 or more for a line")
    scale = float(np.abs(x).max())
    columns = np.stack([np.ones_like(x), x / scale], axis=1) / error[:, None]
    covariance = np.linalg.inv(columns.T @ columns)
    offset, slope = covariance @ columns.T @ (y / error)
    ratio = birge_ratio(y - offset - slope * x / scale, error, x.size - 2)
    errors = ratio * np.sqrt(np.diag(covariance))
    return Line(float(offset), float(slope) / scale, float(errors[0]), float(errors[1]) / scale)


def birge_ratio(residual: Points, error: Points, freedom: int) -> float:
    """How much more than their errors (n,) say residuals (n,) scatter: the root of chi^2 over the degrees of freedom, 1 or more.

    Source: R. T. Birge, Phys. Rev. 40, 207 (1932).
    """
    if freedom < 1 or not (error > 0).all():
        return 1.0
    return max(1.0, float(np.sqrt(((residual / error) ** 2).sum() / freedom)))
