"""Blocks moved whole, from a single frame: a jigsaw puzzle whose pieces fit by their edges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from privacy.attacks.growth import best_few, boards_from, fitness, mended
from privacy.seen import Order, Seen

BLOCK_SIDE = 8
"""Published with the policy's name: the blocks of `adc.block_order` are 8 x 8 pixels."""
_RANKS = 2


@dataclass(frozen=True, eq=False)
class BlockPlaces:
    """Where each block is taken to come from; blocks are never turned, so no symmetry is left open.

    Attributes
    ----------
    order
        int64 (P,): emitted[q] = pixel[order[q]].
    board
        int64 (rows, columns): the emitted block at each place.
    frames
        1: one frame is enough.
    seed
        What all chance was drawn from.
    chance
        Share of the blocks that a random arrangement puts in place.
    """

    order: Order
    board: NDArray[np.int64]
    frames: int
    seed: int
    chance: float


def recover_blocks(seen: Seen, seed: int = 0, starts: int = 8, rounds: int = 8) -> BlockPlaces:
    """Lay the whole blocks of the first frame together by their edges; those that the border cuts stay where they are."""
    rows, columns = seen.height // BLOCK_SIDE, seen.width // BLOCK_SIDE
    if min(rows, columns) < 2:
        raise ValueError(f"height x width = {seen.height} x {seen.width}: allowed is 16 x 16 or more, 2 x 2 whole blocks")
    picture = seen.frames[0].reshape(seen.height, seen.width, -1)[: rows * BLOCK_SIDE, : columns * BLOCK_SIDE]
    pieces = picture.reshape(rows, BLOCK_SIDE, columns, BLOCK_SIDE, -1).swapaxes(1, 2)
    pieces = pieces.reshape(rows * columns, BLOCK_SIDE, BLOCK_SIDE, -1).astype(np.float64)
    board = laid_together(pieces, rows, columns, seed, starts, rounds)
    return BlockPlaces(_order_of(board, seen.height, seen.width), board, 1, seed, 1 / len(pieces))


def laid_together(
    pieces: NDArray[np.float64], rows: int, columns: int, seed: int, starts: int = 8, rounds: int = 8
) -> NDArray[np.int64]:
    """Lay square pieces (N, side, side, C), none of them turned, to the board of greatest fitness: int64 (rows, columns)."""
    right = edge_fit(pieces)
    below = edge_fit(pieces.transpose(0, 2, 1, 3))
    sides = right, np.ascontiguousarray(right.T), below, np.ascontiguousarray(below.T), 0.0
    random = np.random.default_rng(seed)
    boards = boards_from(sides, random.choice(len(pieces), starts), np.resize([0.25, 1e3, 0.0], starts), rows, columns)
    tops = best_few(right, _RANKS), best_few(below, _RANKS)
    boards = mended(sides, boards, *tops, rounds, random.integers(2**31, size=starts))
    return max(boards, key=lambda laid: fitness(right, below, 0.0, laid))


def edge_fit(pieces: NDArray[np.float64]) -> NDArray[np.float32]:
    """How well each block (N, side, side, C) fits to the right of another: float32 (N, N), greater is better.

    The last column of one and the first of the other are each carried on by half a pixel, and compared; a pair counts by how
    far it stands out from what else the two would fit to.
    """
    ahead = (1.5 * pieces[:, :, -1] - 0.5 * pieces[:, :, -2]).reshape(len(pieces), -1)
    behind = (1.5 * pieces[:, :, 0] - 0.5 * pieces[:, :, 1]).reshape(len(pieces), -1)
    apart = cdist(ahead, behind, "cityblock")
    np.fill_diagonal(apart, apart.max())
    few = min(3, len(pieces) - 1)
    usual = np.partition(apart, few, axis=1)[:, few, None] + np.partition(apart, few, axis=0)[None, few]
    fit: NDArray[np.float32] = -np.log((apart + 1) / (usual / 2 + 1)).astype(np.float32)
    return fit


def _order_of(board: NDArray[np.int64], height: int, width: int) -> Order:
    """The order that a board of blocks stands for."""
    rows, columns = board.shape
    cells = np.arange(height * width).reshape(height, width)
    order = cells.copy()
    for row in range(rows):
        for column in range(columns):
            from_row, from_column = divmod(int(board[row, column]), columns)
            order[_block(from_row, from_column)] = cells[_block(row, column)]
    return order.ravel()


def _block(row: int, column: int) -> tuple[slice, slice]:
    down, across = row * BLOCK_SIDE, column * BLOCK_SIDE
    return slice(down, down + BLOCK_SIDE), slice(across, across + BLOCK_SIDE)
