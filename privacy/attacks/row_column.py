"""A row-column order from a single frame: rows that are neighbours look alike, and so do columns."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from privacy.seen import Order, Seen


@dataclass(frozen=True, eq=False)
class RowsAndColumns:
    """The guessed orders of rows and columns; each may be back to front.

    Attributes
    ----------
    order
        int64 (P,): emitted[q] = pixel[order[q]].
    rows, columns
        int64 (H,) and (W,): which row of the scene each emitted row is taken for, and so for columns.
    frames
        1: one frame is enough. (`seen.first(1)` of any footage.)
    seed
        What all chance was drawn from.
    chance
        Share of neighbouring rows that a random order gets right, 2 / H.
    """

    order: Order
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    frames: int
    seed: int
    chance: float


def recover_rows_and_columns(seen: Seen, seed: int = 0, restarts: int = 8) -> RowsAndColumns:
    """Sort rows and columns of the first frame into the shortest way through all of them."""
    picture = seen.frames[0].reshape(seen.height, seen.width, -1).astype(np.float64)
    random = np.random.default_rng(seed)
    rows = _along_the_path(picture.reshape(seen.height, -1), random, restarts)
    columns = _along_the_path(picture.transpose(1, 0, 2).reshape(seen.width, -1), random, restarts)
    order = (rows[:, None] * seen.width + columns).ravel()
    return RowsAndColumns(order, rows, columns, 1, seed, 2 / seen.height)


def _along_the_path(lines: NDArray[np.float64], random: np.random.Generator, restarts: int) -> NDArray[np.int64]:
    """The place of every line (N, values) on a short path through all of them, int64 (N,)."""
    distance = squareform(pdist(lines, "cityblock"))
    starts = random.integers(len(lines), size=restarts)
    paths = [_improved(distance, _nearest_first(distance, int(start))) for start in starts]
    shortest = min(paths, key=lambda path: float(distance[path[:-1], path[1:]].sum()))
    place = np.empty(len(lines), np.int64)
    place[shortest] = np.arange(len(lines))
    return place


@njit(cache=True, nogil=True)
def _nearest_first(distance: NDArray[np.float64], start: int) -> NDArray[np.int64]:
    """A path that always goes on to the nearest line left, from whichever of its two ends is nearer."""
    count = len(distance)
    path = np.empty(2 * count, np.int64)
    free = np.ones(count, np.bool_)
    first = last = count
    path[first] = start
    free[start] = False
    for _ in range(count - 1):
        head, tail = path[first], path[last]
        best, chosen, at_head = np.inf, 0, False
        for line in range(count):
            if free[line]:
                if distance[head, line] < best:
                    best, chosen, at_head = distance[head, line], line, True
                if distance[tail, line] < best:
                    best, chosen, at_head = distance[tail, line], line, False
        free[chosen] = False
        if at_head:
            first -= 1
            path[first] = chosen
        else:
            last += 1
            path[last] = chosen
    return path[first : last + 1].copy()


@njit(cache=True, nogil=True)
def _improved(distance: NDArray[np.float64], path: NDArray[np.int64]) -> NDArray[np.int64]:
    """2-opt and or-opt until nothing shortens the open path: reverse a stretch, or move a stretch of up to 3 elsewhere."""
    count = len(path)
    better = True
    while better:
        better = False
        for i in range(count):
            for j in range(i + 1, count):
                change = 0.0
                if i > 0:
                    change += distance[path[i - 1], path[j]] - distance[path[i - 1], path[i]]
                if j < count - 1:
                    change += distance[path[i], path[j + 1]] - distance[path[j], path[j + 1]]
                if change < -1e-9:
                    path[i : j + 1] = path[i : j + 1][::-1].copy()
                    better = True
        for length in range(1, 4):
            for i in range(count - length + 1):
                if _moved(distance, path, i, length):
                    better = True
    return path


@njit(cache=True, nogil=True)
def _moved(distance: NDArray[np.float64], path: NDArray[np.int64], i: int, length: int) -> bool:
    """Move path[i : i + length] to where the path becomes shortest; False where it stays."""
    count = len(path)
    j = i + length
    gained = 0.0
    if i > 0:
        gained += distance[path[i - 1], path[i]]
    if j < count:
        gained += distance[path[j - 1], path[j]]
    if i > 0 and j < count:
        gained -= distance[path[i - 1], path[j]]
    rest = np.concatenate((path[:i], path[j:]))
    best, where = gained - 1e-9, -1
    for at in range(rest.size + 1):
        cost = 0.0
        if at > 0:
            cost += distance[rest[at - 1], path[i]]
        if at < rest.size:
            cost += distance[path[j - 1], rest[at]]
        if at > 0 and at < rest.size:
            cost -= distance[rest[at - 1], rest[at]]
        if cost < best:
            best, where = cost, at
    if where < 0:
        return False
    path[:] = np.concatenate((rest[:where], path[i:j].copy(), rest[where:]))
    return True
