"""A static order from scrambled frames alone: neighbours on a sensor see alike, so their samples go together over time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.attacks.affinity import Statistic, affinity
from privacy.attacks.annealing import annealed
from privacy.attacks.growth import best_few, boards_from, fitness, mended
from privacy.seen import Order, Seen

MOST_PIXELS = 4096
LEAST_FRAMES = 3
SLANTED = 0.3
_RANKS = slice(2, 9)  # a sound edge is among a position's best 3 to 9
_GREEDS = (1e3, 0.25, 1.0, 0.0)


@dataclass(frozen=True, eq=False)
class RecoveredOrder:
    """What an attack takes for the order.

    Attributes
    ----------
    order
        int64 (P,), the guess: emitted[q] = pixel[order[q]], up to the symmetries of the raster.
    partner
        int64 (P,): for each emitted position the one of greatest affinity, likely its neighbour on the sensor.
    frames
        How many frames it needed.
    seed
        What all chance was drawn from.
    fitness
        Sum of the affinities of neighbours, for one pair: near 1 where the frames have an order in common.
    """

    order: Order
    partner: Order
    frames: int
    seed: int
    fitness: float


def recover_static_order(
    seen: Seen, seed: int = 0, statistic: Statistic = "values", starts: int = 24, finalists: int = 6, rounds: int = 24
) -> RecoveredOrder:
    """Recover the order that all the frames were emitted in, if there is one.

    Boards are grown from `starts` positions; the best few are laid again from their sound parts and annealed, and the one
    of greatest fitness is the answer. With a fresh order or a mask for each frame the answer is arbitrary.

    Raises ValueError for more than 4096 pixels (bin the frames' scene, not the frames: pixels of one order are attacked
    together) or fewer than 3 frames.
    """
    if seen.height * seen.width > MOST_PIXELS or min(seen.height, seen.width) < 2:
        raise ValueError(f"height x width = {seen.height} x {seen.width}: allowed is 2 x 2 to {MOST_PIXELS} pixels in all")
    if seen.count < LEAST_FRAMES:
        raise ValueError(f"frames = {seen.count}: allowed is {LEAST_FRAMES} or more")
    random = np.random.default_rng(seed)
    fit = affinity(seen, statistic)
    top = best_few(fit, _RANKS.stop)
    few = np.ascontiguousarray(top[:, _RANKS])
    sides = fit, fit, fit, fit, SLANTED
    # Clear neighbourhoods first: the better half by the fourth best partner.
    clear = np.argsort(-top[:, min(3, top.shape[1] - 1)])[: max(1, len(fit) // 2)]
    first = random.choice(clear, starts)
    boards = boards_from(sides, first, np.resize(_GREEDS, starts), seen.height, seen.width)
    boards = mended(sides, boards, few, few, rounds // 4, random.integers(2**31, size=starts))
    boards = _best(fit, boards, finalists)
    for _ in range(2):
        if _agree(fit, boards):
            break
        boards = mended(sides, boards, few, few, rounds, random.integers(2**31, size=len(boards)))
        boards = annealed(fit, SLANTED, boards, 0.3, 0.03, 100, random.integers(2**31, size=len(boards)))
    board = _best(fit, boards, 1)[0]
    pairs = seen.height * (seen.width - 1) + seen.width * (seen.height - 1)
    order = np.empty(board.size, np.int64)
    order[board.ravel()] = np.arange(board.size)
    return RecoveredOrder(order, fit.argmax(1), seen.count, seed, fitness(fit, fit, 0.0, board) / pairs)


def _best(fit: NDArray[np.float32], boards: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    totals = np.array([fitness(fit, fit, SLANTED, board) for board in boards])
    return boards[np.argsort(-totals)[:count]]


def _agree(fit: NDArray[np.float32], boards: NDArray[np.int64]) -> bool:
    """Whether the two best boards are one, perhaps turned: they came from different starts, so there is nothing to mend."""
    first, second = (fitness(fit, fit, SLANTED, board) for board in boards[:2])
    return abs(first - second) < 1e-3
