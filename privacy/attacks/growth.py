"""Growing a board of pieces from affinities, as a jigsaw puzzle is laid: the surest piece first, on a table without edges.

A piece is a pixel (its affinities are symmetric) or a block of pixels (its right side fits other pieces than its left one).
The board may shift while it grows, so a wrong start costs nothing; laying again from the soundest part of a board mends the
rest. The idea is that of jigsaw solvers: Pomeranz, Shemesh, Ben-Shahar, "A fully automated greedy square jigsaw puzzle
solver", CVPR 2011.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from privacy.attacks.side_by_side import side_by_side

EMPTY = -1
_STEPS = np.array([(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)], np.int64)
_HOPELESS = 4  # after so many rounds, a board of which less than one part in so many is sound is given up
_SUREST = 1e3  # times its affinity: the margin over the second best piece no longer counts

Fit = NDArray[np.float32]
"""float32 (P, P): `right[a, b]` says how well b fits to the right of a, and so on."""
Sides = tuple[Fit, Fit, Fit, Fit, float]
"""How pieces fit to the right, to the left, below and above, and what a diagonal neighbour counts."""


@njit(cache=True, nogil=True)
def lay(
    right: Fit, left: Fit, below: Fit, above: Fit, slanted: float, greed: float, height: int, width: int,
    begun: NDArray[np.int64],
) -> NDArray[np.int64]:  # fmt: skip
    """Lay all pieces, beginning with those that lie: int64 (height, width).

    Parameters
    ----------
    slanted
        What a diagonal neighbour counts, read from `right`; 0 for pieces that have sides.
    greed
        What the affinity of the best piece counts, beside its margin over the second best, in choosing where to lay next.
    begun
        int64 (2 height + 1, 2 width + 1), pieces that lie already, EMPTY elsewhere; at least one lies.
    """
    pieces = right.shape[0]
    table_height, table_width = begun.shape
    places = begun.size
    board = begun.copy().ravel()
    fit = np.zeros((places, pieces), np.float32)
    gain = np.zeros(places, np.float32)
    best = np.full(places, EMPTY)
    second = np.full(places, EMPTY)
    open_, stale, used = np.zeros(places, np.bool_), np.zeros(places, np.bool_), np.zeros(pieces, np.bool_)
    top, bottom, west, east = table_height, -1, table_width, -1
    waiting = np.empty(pieces, np.int64)
    begun_with = 0
    for place in range(places):
        if board[place] != EMPTY:
            waiting[begun_with] = place
            begun_with += 1
            used[board[place]] = True
    for step in range(pieces):
        if step < begun_with:
            chosen = waiting[step]
        else:
            chosen, most = EMPTY, -np.inf
            for place in range(places):
                if not open_[place]:
                    continue
                row, column = place // table_width, place % table_width
                if max(bottom, row) - min(top, row) >= height or max(east, column) - min(west, column) >= width:
                    continue
                if stale[place]:
                    first_fit, second_fit = -np.inf, -np.inf
                    best[place] = second[place] = EMPTY
                    for piece in range(pieces):
                        if not used[piece]:
                            value = fit[place, piece]
                            if value > first_fit:
                                second_fit, second[place] = first_fit, best[place]
                                first_fit, best[place] = value, piece
                            elif value > second_fit:
                                second_fit, second[place] = value, piece
                    margin = first_fit - second_fit if second[place] != EMPTY else 0.0
                    gain[place] = margin + greed * first_fit
                    stale[place] = False
                if gain[place] > most:
                    chosen, most = place, gain[place]
            board[chosen] = best[chosen]
            used[board[chosen]] = True
        piece = board[chosen]
        open_[chosen] = False
        row, column = chosen // table_width, chosen % table_width
        top, bottom, west, east = min(top, row), max(bottom, row), min(west, column), max(east, column)
        for place in range(places):
            if open_[place] and (best[place] == piece or second[place] == piece):
                stale[place] = True
        for side in range(8 if slanted else 4):
            next_row, next_column = row + _STEPS[side, 0], column + _STEPS[side, 1]
            if not (0 <= next_row < table_height and 0 <= next_column < table_width):
                continue
            place = next_row * table_width + next_column
            if board[place] != EMPTY:
                continue
            stale[place] = True
            if side < 4:
                open_[place] = True
                table = right if side == 0 else left if side == 1 else below if side == 2 else above
                for other in range(pieces):
                    fit[place, other] += table[piece, other]
            else:
                for other in range(pieces):
                    fit[place, other] += np.float32(slanted) * right[piece, other]
    return board.reshape(table_height, table_width)[top : top + height, west : west + width].copy()


@njit(cache=True, nogil=True)
def fitness(right: Fit, below: Fit, slanted: float, board: NDArray[np.int64]) -> float:
    """The sum of the affinities of all neighbours on a board: what all the work here makes greater."""
    height, width = board.shape
    total = 0.0
    for row in range(height):
        for column in range(width):
            piece = board[row, column]
            if column + 1 < width:
                total += right[piece, board[row, column + 1]]
            if row + 1 < height:
                total += below[piece, board[row + 1, column]]
                if column + 1 < width:
                    total += slanted * right[piece, board[row + 1, column + 1]]
                if column > 0:
                    total += slanted * right[piece, board[row + 1, column - 1]]
    return total


@njit(cache=True, nogil=True)
def sound_part(
    right: Fit, below: Fit, best_right: Fit, best_below: Fit, rank: int, edges: int, board: NDArray[np.int64]
) -> NDArray[np.int64]:  # fmt: skip
    """The largest connected part of a board whose 2x2 squares have `edges` (3 or 4) sound edges; EMPTY elsewhere.

    An edge is sound where its affinity reaches the one at `rank` of the best few (P, ranks) of the piece that it begins at.
    """
    height, width = board.shape
    square = np.zeros((height, width), np.int64)
    for row in range(height - 1):
        for column in range(width - 1):
            a, b = board[row, column], board[row, column + 1]
            c, d = board[row + 1, column], board[row + 1, column + 1]
            sound = int(right[a, b] >= best_right[a, rank]) + int(right[c, d] >= best_right[c, rank])
            sound += int(below[a, c] >= best_below[a, rank]) + int(below[b, d] >= best_below[b, rank])
            square[row, column] = -1 if sound >= edges else 0
    stack = np.empty(board.size, np.int64)
    label = largest = largest_label = 0
    for start in range(board.size):
        if square[start // width, start % width] != -1:
            continue
        label += 1
        size, depth = 0, 1
        stack[0] = start
        square[start // width, start % width] = label
        while depth:
            depth -= 1
            size += 1
            row, column = stack[depth] // width, stack[depth] % width
            for side in range(4):
                next_row, next_column = row + _STEPS[side, 0], column + _STEPS[side, 1]
                inside = 0 <= next_row < height and 0 <= next_column < width
                if inside and square[next_row, next_column] == -1:
                    square[next_row, next_column] = label
                    stack[depth] = next_row * width + next_column
                    depth += 1
        if size > largest:
            largest, largest_label = size, label
    part = np.full((height, width), EMPTY)
    for row in range(height - 1):
        for column in range(width - 1):
            if largest and square[row, column] == largest_label:
                for down in range(2):
                    for across in range(2):
                        part[row + down, column + across] = board[row + down, column + across]
    return part


@njit(cache=True, nogil=True)
def on_table(part: NDArray[np.int64]) -> NDArray[np.int64]:
    """A part of a board in the middle of an empty table of twice its size."""
    height, width = part.shape
    top, bottom, west, east = height, 0, width, 0
    for row in range(height):
        for column in range(width):
            if part[row, column] != EMPTY:
                top, bottom, west, east = min(top, row), max(bottom, row), min(west, column), max(east, column)
    table = np.full((2 * height + 1, 2 * width + 1), EMPTY)
    down, across = height - (top + bottom) // 2, width - (west + east) // 2
    for row in range(top, bottom + 1):
        for column in range(west, east + 1):
            table[row + down, column + across] = part[row, column]
    return table


@njit(cache=True, nogil=True)
def lay_again(
    right: Fit, left: Fit, below: Fit, above: Fit, slanted: float, board: NDArray[np.int64], best_right: Fit,
    best_below: Fit, rounds: int, seed: int,
) -> NDArray[np.int64]:  # fmt: skip
    """Lay a board again and again from its sound part, and keep what has the greater fitness.

    How strict "sound" is (the affinities (P, ranks) of each piece's best few, best first) and how greedy the laying changes
    from round to round by chance.
    """
    np.random.seed(seed)  # noqa: NPY002 (the only generator that a kernel can seed)
    best, most = board, fitness(right, below, slanted, board)
    for number in range(rounds):
        rank = np.random.randint(best_right.shape[1])  # noqa: NPY002
        edges = 4 if np.random.random() < 0.6 else 3  # noqa: NPY002
        greed = _SUREST if np.random.random() < 0.3 else np.random.random()  # noqa: NPY002
        part = sound_part(right, below, best_right, best_below, rank, edges, best)
        sound = (part != EMPTY).sum()
        if sound == board.size:
            break
        if sound == 0:
            continue
        again = lay(right, left, below, above, slanted, greed, board.shape[0], board.shape[1], on_table(part))
        total = fitness(right, below, slanted, again)
        if total > most + 1e-6:
            best, most = again, total
        elif number >= _HOPELESS and sound * _HOPELESS < board.size:
            break
    return best


def boards_from(
    sides: Sides, starts: NDArray[np.int64], greeds: NDArray[np.float64], height: int, width: int
) -> NDArray[np.int64]:
    """One board from each starting piece, int64 (starts, height, width)."""

    def grown(start: int, greed: float) -> NDArray[np.int64]:
        begun = np.full((2 * height + 1, 2 * width + 1), EMPTY)
        begun[height, width] = start
        return lay(*sides, greed, height, width, begun)

    return side_by_side(grown, starts, greeds)


def mended(
    sides: Sides, boards: NDArray[np.int64], best_right: Fit, best_below: Fit, rounds: int, seeds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Every board laid again `rounds` times: int64 (boards, height, width)."""
    return side_by_side(lambda board, seed: lay_again(*sides, board, best_right, best_below, rounds, seed), boards, seeds)


def best_few(fit: Fit, ranks: int) -> NDArray[np.float32]:
    """The affinities of each piece's best few partners, best first: float32 (P, ranks)."""
    ranks = min(ranks, len(fit))
    top: NDArray[np.float32] = np.sort(np.partition(fit, -ranks, axis=1)[:, -ranks:], axis=1)[:, ::-1]
    return np.ascontiguousarray(top)
