"""The attack on frames alone where they are too large to be laid together: do neighbours give themselves away?"""

import numpy as np
from numpy.typing import NDArray

from keycam.audit.case import Arrays, Case, Figure, Scored, given_of
from keycam.audit.emission import Emission
from privacy.attacks.ciphertext_only import MOST_PIXELS
from privacy.scoring.chance import share_limit

REACH_PX = 2
"""On a mosaic the next photosite of the same colour is two pixels away."""


def partners(emission: Emission, part: tuple[str, ...]) -> Case:
    """The case of one emission of any size."""
    return Case(part, "partners", given_of(emission.seen), lambda found: _score(found, emission))


def _score(found: Arrays, emission: Emission) -> Scored:
    order, (height, width) = emission.order, (emission.seen.height, emission.seen.width)
    row, column = np.divmod(order[found["asked"]], width)
    partner_row, partner_column = np.divmod(order[found["partner"]], width)
    near = np.maximum(np.abs(row - partner_row), np.abs(column - partner_column)) <= REACH_PX
    cells = _in_reach(row, height) * _in_reach(column, width) - 1
    chance = float(cells.mean()) / (order.size - 1)
    figures = {
        "best_partner_within_2_px": Figure(float(near.mean()), chance, share_limit(chance, near.size)),
        "wall_s": Figure(float(found["wall_s"])),
        "cpu_s": Figure(float(found["cpu_s"])),
    }
    says = f"frames of more than {MOST_PIXELS} pixels are not laid together: whether neighbours are told is all that is tried"
    return Scored(emission.seen.count, figures, {"says": says})


def _in_reach(place: NDArray[np.int64], side: int) -> NDArray[np.int64]:
    """How many rows, or columns, are at most so far away, one's own included."""
    reached: NDArray[np.int64] = np.minimum(place + REACH_PX, side - 1) - np.maximum(place - REACH_PX, 0) + 1
    return reached
