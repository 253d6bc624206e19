"""Key-Nets' keys from one keyed layer and the plain one: A W A_prev^-1 has W's entries in other places, scaled by row and column.

What no scaling changes names the entries; from these, rows and columns are told apart as the vertices of two graphs are
(B. Weisfeiler, A. Leman, "The reduction of a graph to canonical form", Nauchno-Technicheskaya Informatsia 2, 1968). No picture is
needed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import lsqr

Index = NDArray[np.int64]
Matrix = NDArray[np.float64]

_ALIKE = 1e-6
"""Logarithms nearer than this are of the same entry."""
_SOLVED = 1e-13


@dataclass(frozen=True, eq=False)
class MatchedLayer:
    """The orders of a layer's inputs and outputs.

    Attributes
    ----------
    order_in, order_out
        int64 (D,) and (E,): which value of the plain layer each one of the keyed layer is; -1 where several look the same.
    chance
        Share of right entries of order_in in an order drawn at random, 1 / D.
    """

    order_in: Index
    order_out: Index
    chance: float


def orders_from_layers(keyed: Matrix, plain: Matrix) -> MatchedLayer:
    """Match a keyed layer's matrix with the plain one's, both float64 (E, D).

    Raises ValueError where they differ in size or in how many entries are not zero: then they are not the same layer.
    """
    if keyed.shape != plain.shape or np.count_nonzero(keyed) != np.count_nonzero(plain):
        described = f"{keyed.shape} with {np.count_nonzero(keyed)} entries"
        raise ValueError(f"keyed = {described}: allowed is {plain.shape} with {np.count_nonzero(plain)} entries, as plain")
    edges = [np.nonzero(matrix) for matrix in (keyed, plain)]
    entry = _named(np.concatenate([_unscaled(keyed), _unscaled(plain)]))
    rows, columns = keyed.shape
    row = np.concatenate([edges[0][0], edges[1][0] + rows])
    column = np.concatenate([edges[0][1], edges[1][1] + columns])
    row_class, column_class = np.zeros(2 * rows, np.int64), np.zeros(2 * columns, np.int64)
    kinds = 0
    while True:
        row_class = _refined(row_class, row, entry, column_class[column])
        column_class = _refined(column_class, column, entry, row_class[row])
        told_apart = int(row_class.max() + column_class.max())
        if told_apart == kinds:
            break
        kinds = told_apart
    return MatchedLayer(_matched(column_class, columns), _matched(row_class, rows), 1 / columns)


def _unscaled(matrix: Matrix) -> Matrix:
    """The logarithms of the entries that are not zero, less what a row and a column have in common: no gain changes them."""
    row, column = np.nonzero(matrix)
    logarithm = np.log(np.abs(matrix[row, column]))
    edges, (rows, columns) = np.arange(row.size), matrix.shape
    at = (np.tile(edges, 2), np.concatenate([row, column + rows]))
    common = coo_array((np.ones(2 * row.size), at), shape=(row.size, rows + columns)).tocsr()
    effects = lsqr(common, logarithm, atol=_SOLVED, btol=_SOLVED, iter_lim=20 * (rows + columns))[0]
    unscaled: Matrix = logarithm - common @ effects
    return unscaled


def _named(values: Matrix) -> Index:
    """A number for each value, the same for values that are alike."""
    order = np.argsort(values)
    name = np.empty(values.size, np.int64)
    name[order] = np.concatenate([[0], np.cumsum(np.diff(values[order]) > _ALIKE)])
    return name


def _refined(own: Index, vertex: Index, entry: Index, neighbour: Index) -> Index:
    """Classes of vertices told apart further by the entries and neighbours that each has, int64, 0 and up."""
    # A sum does not depend on the sequence; two different sums of 64 bits are equal once in 10^19.
    edge = _mixed(entry.astype(np.uint64) * np.uint64(2**32) + neighbour.astype(np.uint64))
    total = _mixed(own.astype(np.uint64))
    np.add.at(total, vertex, edge)
    return np.unique(total, return_inverse=True)[1].ravel().astype(np.int64)


def _mixed(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Well-spread 64 bits of a number (the finaliser of SplitMix64: Steele, Lea, Flood, OOPSLA 2014)."""
    number = number + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        number = (number ^ (number >> np.uint64(shift))) * np.uint64(factor)
    return number ^ (number >> np.uint64(31))


def _matched(classes: Index, count: int) -> Index:
    """For each of the first `count` vertices, the one of the last `count` that alone is of its class; -1 for several or none."""
    ours, theirs = classes[:count], classes[count:]
    of_class = np.full(classes.max() + 1, -1)
    of_class[theirs] = np.arange(count)
    unclear = np.bincount(ours, minlength=of_class.size) != 1
    unclear |= np.bincount(theirs, minlength=of_class.size) != 1
    return np.where(unclear[ours], -1, of_class[ours])
