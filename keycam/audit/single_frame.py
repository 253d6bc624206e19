"""Orders that rows and columns, or blocks, have in common: what a single large frame gives away."""

import numpy as np

from adc import KeySchedule
from adc.policy import OrderName
from keycam.audit.case import Arrays, Case, Figure, Scored, given_of, row_of
from keycam.audit.emission import Emission
from privacy.footage import geometry_of, restored
from privacy.scoring.key_score import adjacent_share
from privacy.scoring.picture_score import score_picture, ssim

STRUCTURED_ORDERS: tuple[OrderName, ...] = ("row-column", "block")
DRAWS = 20
"""Random orders of the same kind, for what chance gives."""


def single_frame(emission: Emission, guesses: KeySchedule, seed: int) -> Case:
    """The case of one frame whose order is "row-column" or "block", as the policy of `guesses` says.

    The kind of order is public, so a guess is an order of that kind; `guesses` draws some.
    """
    name = guesses.policy.order
    return Case(("single_frame", name), name, given_of(emission.seen), lambda found: _score(found, emission, guesses, seed))


def _score(found: Arrays, emission: Emission, guesses: KeySchedule, seed: int) -> Scored:
    seen, scene, order = emission.seen, emission.scenes[0], emission.order
    height, width = seen.height, seen.width
    geometry = geometry_of(emission.scenes, seen.bits)
    drawn = [guesses.frame_key(number, geometry).order.astype(np.int64) for number in range(DRAWS)]
    neighbours = np.array([adjacent_share(guess, order, height, width) for guess in drawn])
    likeness = np.array([ssim(restored(seen, guess)[0], scene, seen.bits) for guess in drawn])
    picture = score_picture(restored(seen, found["order"])[0], scene, seed, seen.bits)
    row = row_of(f"{guesses.policy.order} order", scene, seen.frames[0].reshape(scene.shape), picture.upright, seen.bits)
    figures = {
        "neighbours_recovered": _among(adjacent_share(found["order"], order, height, width), neighbours),
        "ssim": _among(picture.ssim, likeness),
        "psnr_db": Figure(row.psnr_db, picture.chance_psnr_db),
        "neighbours_on_the_link": _among(adjacent_share(np.arange(order.size), order, height, width), neighbours),
        "scrambled_ssim": _among(row.link_ssim, likeness),
    }
    return Scored(1, figures, rows=(row,))


def _among(value: float, drawn: np.ndarray) -> Figure:
    """A figure beside those of random orders, with a limit that these would hardly ever exceed."""
    return Figure(value, float(drawn.mean()), float(drawn.mean() + 5 * drawn.std(ddof=1)))
