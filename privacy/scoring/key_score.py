"""How much of an order an attack found."""

from dataclasses import dataclass

import numpy as np

from privacy.scoring.chance import SIGNIFICANCE, share_limit
from privacy.scoring.symmetry import symmetric_cells
from privacy.seen import Order


@dataclass(frozen=True)
class KeyScore:
    """Shares from 0 to 1 of a guessed order.

    Attributes
    ----------
    frames, seed
        Of the attack.
    exact
        Entries of the key that are right, under the best of the raster's symmetries.
    adjacent
        Neighbours in the recovered picture that are neighbours on the sensor; no symmetry changes it.
    chance_exact, chance_adjacent
        What a random order scores: the greatest of s counts of 1 in P on average (found by drawing), and 4 / P about.
    limit_exact, limit_adjacent
        What random orders exceed once in a thousand.
    """

    frames: int
    seed: int
    exact: float
    adjacent: float
    chance_exact: float
    chance_adjacent: float
    limit_exact: float
    limit_adjacent: float


def exact_share(guess: Order, order: Order, height: int, width: int) -> float:
    """Share of the key's entries that a guess has right, under the best of the raster's symmetries."""
    return max(float(np.mean(cells[guess] == order)) for cells in symmetric_cells(height, width))


def adjacent_share(guess: Order, order: Order, height: int, width: int) -> float:
    """Share of the neighbours in the picture that a guess makes which are neighbours on the sensor."""
    found = np.empty(order.size, np.int64)
    found[guess] = order
    row, column = np.divmod(found.reshape(height, width), width)
    near = [np.abs(np.diff(row, axis=axis)) + np.abs(np.diff(column, axis=axis)) == 1 for axis in (0, 1)]
    return float(np.concatenate([near[0].ravel(), near[1].ravel()]).mean())


def best_partner_share(partner: Order, order: Order, width: int) -> float:
    """Share of emitted positions whose best partner, int64 (P,), is one of their four neighbours on the sensor."""
    row, column = np.divmod(order, width)
    return float(np.mean(np.abs(row - row[partner]) + np.abs(column - column[partner]) == 1))


def pairs_of_neighbours(height: int, width: int) -> int:
    """How many pairs of neighbours, side by side or one above the other, a raster has."""
    return height * (width - 1) + width * (height - 1)


def adjacent_by_chance(height: int, width: int) -> float:
    """Expected `adjacent_share` of a random order: the share of all pairs that are neighbours."""
    pixels = height * width
    return pairs_of_neighbours(height, width) / (pixels * (pixels - 1) / 2)


def score_key(guess: Order, order: Order, height: int, width: int, frames: int, seed: int) -> KeyScore:
    """Score a guess of the order, int64 (P,), against the order.

    Raises ValueError where the guess is no order of the raster: repeats would let a guess be right twice.
    """
    if guess.shape != order.shape or not np.array_equal(np.sort(guess), np.arange(height * width)):
        raise ValueError(f"guess = {guess.dtype} {guess.shape}: allowed is every position of {height} x {width} once")
    random = np.random.default_rng(seed)
    by_chance = [exact_share(random.permutation(order.size), order, height, width) for _ in range(20)]
    symmetries = sum(1 for _ in symmetric_cells(height, width))
    return KeyScore(
        frames=frames,
        seed=seed,
        exact=exact_share(guess, order, height, width),
        adjacent=adjacent_share(guess, order, height, width),
        chance_exact=float(np.mean(by_chance)),
        chance_adjacent=adjacent_by_chance(height, width),
        # The best of several symmetries exceeds a limit at most so many times as often as one of them.
        limit_exact=share_limit(1 / order.size, order.size, SIGNIFICANCE / symmetries),
        limit_adjacent=share_limit(adjacent_by_chance(height, width), pairs_of_neighbours(height, width)),
    )
