"""Swap annealing of a board of pixels: exchanges of two pieces, accepted by their change of affinity."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from privacy.attacks.growth import Fit
from privacy.attacks.side_by_side import side_by_side

_REACH = 3


@njit(cache=True, nogil=True)
def _share(fit: Fit, slanted: float, board: NDArray[np.int64], row: int, column: int, piece: int, absent: int) -> float:
    """The affinity that `piece` has at a place to the neighbours there, other than the piece `absent`."""
    height, width = board.shape
    total = 0.0
    for down in range(-1, 2):
        for across in range(-1, 2):
            next_row, next_column = row + down, column + across
            if (down or across) and 0 <= next_row < height and 0 <= next_column < width:
                other = board[next_row, next_column]
                if other != absent:
                    total += (slanted if down and across else 1.0) * fit[piece, other]
    return total


@njit(cache=True, nogil=True)
def anneal(fit: Fit, slanted: float, board: NDArray[np.int64], hot: float, cold: float, sweeps: int, seed: int) -> None:
    """Anneal a board in place: half of the exchanges reach 3 places far, half anywhere; `sweeps` for every piece.

    The temperature falls geometrically from `hot` to `cold`, in units of affinity.
    """
    np.random.seed(seed)  # noqa: NPY002 (the only generator that a kernel can seed)
    height, width = board.shape
    steps = sweeps * board.size
    for step in range(steps):
        temperature = hot * (cold / hot) ** (step / steps)
        row, column = np.random.randint(height), np.random.randint(width)  # noqa: NPY002
        if np.random.random() < 0.5:  # noqa: NPY002
            row_b = row + np.random.randint(-_REACH, _REACH + 1)  # noqa: NPY002
            column_b = column + np.random.randint(-_REACH, _REACH + 1)  # noqa: NPY002
        else:
            row_b, column_b = np.random.randint(height), np.random.randint(width)  # noqa: NPY002
        if not (0 <= row_b < height and 0 <= column_b < width) or (row == row_b and column == column_b):
            continue
        a, b = board[row, column], board[row_b, column_b]
        gain = _share(fit, slanted, board, row, column, b, b) + _share(fit, slanted, board, row_b, column_b, a, a)
        gain -= _share(fit, slanted, board, row, column, a, b) + _share(fit, slanted, board, row_b, column_b, b, a)
        if gain >= 0 or np.random.random() < np.exp(gain / temperature):  # noqa: NPY002
            board[row, column], board[row_b, column_b] = b, a


def annealed(
    fit: Fit, slanted: float, boards: NDArray[np.int64], hot: float, cold: float, sweeps: int, seeds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Every board (boards, height, width) annealed on its own."""

    def better(board: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
        board = board.copy()
        anneal(fit, slanted, board, hot, cold, sweeps, seed)
        return board

    return side_by_side(better, boards, seeds)
