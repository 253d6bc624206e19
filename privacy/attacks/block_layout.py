"""Which sample of a block lies where, from many blocks that have one map: a block is a small picture, seen many times over."""

from itertools import combinations, product

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from privacy.attacks.affinity import as_affinity, mean_difference, partial_correlation
from privacy.attacks.side_by_side import side_by_side

Index = NDArray[np.int64]
Costs = NDArray[np.float64]

CHANNELS = 3
_BY_DIFFERENCE = 0.2
"""Share of the mean difference in how likely two samples are neighbours; the rest is their partial correlation, the sharper."""
_SHRINKAGES = (0.003, 0.03)
"""Less tells more where there are many observations; the second is that of the costs."""
_MODES = 5
_ANGLES = 18
_HOT = (0.3, 1.0)
_COLD = 0.05
_STEPS = 50_000


def places_in_block(series: NDArray[np.float32], side: int, seed: int) -> Index:
    """The place of every sample of a block, int64 (3 side side,): three times the cell, plus the colour.

    Neighbours are samples of one channel side by side, and the three of one pixel. The graph that they make is drawn by the
    eigenvectors of its Laplacian (K. M. Hall, "An r-dimensional quadratic placement algorithm", Management Science 17, 1970),
    laid on the cells, and annealed. What is left open is which way round the block is, and which colour is which.

    Parameters
    ----------
    series
        float32 (F, 3 side side), not complemented: the samples over all blocks of all frames.
    """
    samples = np.ascontiguousarray(series.T)
    by_difference = as_affinity(-np.log(mean_difference(samples[:, :, None]) + 1e-3))
    affinities = [
        _BY_DIFFERENCE * by_difference + (1 - _BY_DIFFERENCE) * as_affinity(partial_correlation(samples, shrinkage))
        for shrinkage in _SHRINKAGES
    ]
    costs, edges = -affinities[-1].astype(np.float64), _edges(side)
    drawn = [_drawn(affinity, modes, side) for affinity in affinities for modes in combinations(range(1, _MODES), 2)]
    starts = np.stack([start for start, _ in product(drawn, _HOT)])
    seeds = np.random.default_rng(seed).integers(2**31, size=len(starts))

    def annealed(start: Index, hot: float, one_seed: int) -> Index:
        board = start.copy()
        _anneal(costs, edges, side, board, hot, _COLD, _STEPS, one_seed)
        return board

    boards = side_by_side(annealed, starts, np.tile(_HOT, len(drawn)), seeds)
    board = min(boards, key=lambda laid: _cost(costs, edges, laid))
    place = np.empty_like(board)
    place[board] = np.arange(board.size)
    return place


def _edges(side: int) -> Index:
    """The pairs of places that are neighbours, int64 (edges, 2)."""
    place = np.arange(CHANNELS * side**2).reshape(side, side, CHANNELS)
    along = [(place[1:], place[:-1]), (place[:, 1:], place[:, :-1])]
    within = [(place[..., a], place[..., b]) for a, b in combinations(range(CHANNELS), 2)]
    return np.concatenate([np.stack([first.ravel(), second.ravel()], 1) for first, second in along + within])


def _drawn(affinity: NDArray[np.float32], modes: tuple[int, int], side: int) -> Index:
    """The sample at each place, int64, as two eigenvectors of the Laplacian of the samples' graph draw it in the plane."""
    weight = np.maximum(affinity, 0).astype(np.float64)
    np.fill_diagonal(weight, 0)
    degree = weight.sum(1) + 1e-12
    laplacian = np.eye(len(weight)) - weight / np.sqrt(degree[:, None] * degree)
    drawing = np.linalg.eigh(laplacian)[1][:, list(modes)] / np.sqrt(degree)[:, None]
    drawing /= drawing.std(0) + 1e-12
    line = np.cos(np.pi * (np.arange(side) + 0.5) / side)  # what the eigenvectors of a path make of it
    cells = np.stack([np.repeat(line, side), np.tile(line, side)], 1).repeat(CHANNELS, axis=0) / line.std()
    best, board = np.inf, np.arange(len(weight))
    for angle in np.linspace(0, np.pi / 2, _ANGLES, endpoint=False):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        apart = cdist(cells, drawing @ turn, "sqeuclidean")
        places, samples = linear_sum_assignment(apart)
        if apart[places, samples].sum() < best:
            best, board = apart[places, samples].sum(), samples
    return board.astype(np.int64)


@njit(cache=True, nogil=True)
def _cost(costs: Costs, edges: Index, board: Index) -> float:
    total = 0.0
    for edge in range(len(edges)):
        total += costs[board[edges[edge, 0]], board[edges[edge, 1]]]
    return total


@njit(cache=True, nogil=True)
def _anneal(costs: Costs, edges: Index, side: int, board: Index, hot: float, cold: float, steps: int, seed: int) -> None:
    """Anneal a board of samples in place: exchange two samples, two pixels, two colours of a rectangle, two rows or columns."""
    np.random.seed(seed)  # noqa: NPY002 (the only generator that a kernel can seed)
    cells = side * side
    tried = board.copy()
    now = _cost(costs, edges, board)
    for step in range(steps):
        temperature = hot * (cold / hot) ** (step / steps)
        tried[:] = board
        kind = np.random.random()  # noqa: NPY002
        a, b = np.random.randint(cells), np.random.randint(cells)  # noqa: NPY002
        c, d = np.random.randint(3), np.random.randint(3)  # noqa: NPY002
        if kind < 0.5:
            tried[3 * a + c], tried[3 * b + d] = board[3 * b + d], board[3 * a + c]
        elif kind < 0.7:
            for channel in range(3):
                tried[3 * a + channel], tried[3 * b + channel] = board[3 * b + channel], board[3 * a + channel]
        elif kind < 0.9:
            top, bottom = min(a // side, b // side), max(a // side, b // side)
            west, east = min(a % side, b % side), max(a % side, b % side)
            for row in range(top, bottom + 1):
                for column in range(west, east + 1):
                    cell = 3 * (row * side + column)
                    tried[cell + c], tried[cell + d] = board[cell + d], board[cell + c]
        else:
            first, second, upright = a % side, b % side, c == d
            for along in range(side):
                one = first * side + along if upright else along * side + first
                other = second * side + along if upright else along * side + second
                for channel in range(3):
                    tried[3 * one + channel], tried[3 * other + channel] = board[3 * other + channel], board[3 * one + channel]
        then = _cost(costs, edges, tried)
        if then <= now or np.random.random() < np.exp((now - then) / temperature):  # noqa: NPY002
            board[:] = tried
            now = then
