"""A variance over an array, split into what rows share, what columns share and what each photosite has alone."""

from typing import NamedTuple

import numpy as np

WHITE = (1.0, 1.0)


class VarianceSplit(NamedTuple):
    """Variances in DN^2 or e-^2; estimates of small ones may come out negative."""

    total: float
    row: float
    column: float
    pixel: float


def split_variance(
    total: float, of_row_means: float, of_column_means: float, shape: tuple[int, int], passed: tuple[float, float] = WHITE
) -> VarianceSplit:
    """Split the variance of an array of `shape` (M rows, N columns) by those of its row means and of its column means.

    `passed` says which share of a variance a high-pass lets through, of noise that is white along one axis and along both.
    What is returned holds before the high-pass. Source: EMVA 1288 R4 Linear, section 8, the system of equations for s_col,
    s_row and s_pixel; for `WHITE` it is that one.
    """
    rows, columns = shape
    along_one, along_both = passed
    system = np.array([[1, 0, 1 / rows], [0, 1, 1 / columns], [along_one, along_one, along_both]])
    column, row, pixel = np.linalg.solve(system, [of_column_means / along_one, of_row_means / along_one, total])
    return VarianceSplit(float(column + row + pixel), float(row), float(column), float(pixel))
