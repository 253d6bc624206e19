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


def split_variance_in_time(
    total: float, of_row_means: float, of_column_means: float, of_frame_means: float, shape: tuple[int, int]
) -> VarianceSplit:
    """Split the variance over frames of `shape` (M rows, N columns) into what rows, columns and photosites have to themselves.

    `total` is the mean variance of the photosites, the others are those of their means over a row, a column and the frame.
    What a whole frame shares is in all four: taking the last off takes it off, and a share of 1/M, 1/N and 1/MN of the parts
    with it, which is given back. The parts are those of a two-way analysis of variance with (M - 1) and (N - 1) degrees of
    freedom for rows and columns, (M - 1)(N - 1) for photosites; with one row or column there is nothing to tell, and its part
    is 0. `total` is returned as it is, since the standard takes it, with all that is in it, from the variance of a mean image.
    Source: Searle, Casella and McCulloch, Variance Components (1992), chapter 4.
    """
    rows, columns = shape
    share_of_rows, share_of_columns = 1 - 1 / rows, 1 - 1 / columns
    rows_own, columns_own = of_row_means - of_frame_means, of_column_means - of_frame_means
    pixel = (total - of_frame_means - rows_own - columns_own) / (share_of_rows * share_of_columns)
    row, column = rows_own / share_of_rows - pixel / columns, columns_own / share_of_columns - pixel / rows
    return VarianceSplit(total, row, column, pixel)
