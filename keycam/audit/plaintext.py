"""Attacks of one who knows what the camera looked at, or chose it: is the order found?"""

from collections.abc import Iterator

import numpy as np

from keycam.audit.case import Arrays, Case, Figure, Row, Scored, given_of, row_of
from keycam.audit.emission import Emission
from privacy.footage import restored
from privacy.scoring.chance import share_limit
from privacy.seen import Order, Seen

KNOWN_SCENES = 3


def known_plaintext(emission: Emission, rows: int = 0) -> Case:
    """The case of an attacker who knows the scenes of three frames; so many others are restored for the contact sheet."""
    known = emission.first(KNOWN_SCENES)

    def score(found: Arrays) -> Scored:
        # What the samples of a position can be in all these frames: noise has next to none in common with the scenes.
        values = 2.0 ** (known.seen.bits * known.seen.frames.shape[2] * known.seen.count)
        chance = min(1.0, known.order.size / values)
        figures = {
            "key_entries_recovered": _entries(found, known.order),
            "values_matched": Figure(float(found["matched"]), chance, share_limit(chance, known.order.size)),
        }
        return Scored(known.seen.count, figures, rows=tuple(_rows(found["order"], emission, rows)))

    return Case(("known_plaintext",), "known_plaintext", {**given_of(known.seen), "scenes": known.scenes}, score)


def chosen_plaintext(emission: Emission, next_order: Order) -> Case:
    """The case of an attacker who showed the camera the scenes of `chosen_scenes`, all of them.

    `next_order`, int64 (P,), is that of the frame after them: an order that is found opens others only where it is theirs too.
    """

    def score(found: Arrays) -> Scored:
        pixels = emission.order.size
        once = (1 - 1 / pixels) ** (pixels - 1)  # of so many numbers drawn at random, each comes up just once
        figures = {
            "key_entries_recovered": _entries(found, emission.order),
            "next_frame_entries_recovered": _entries(found, next_order),
            "positions_read_once": Figure(float(found["positions_once"]), once, share_limit(once, pixels)),
        }
        return Scored(emission.seen.count, figures)

    return Case(("chosen_plaintext",), "chosen_plaintext", given_of(emission.seen), score)


def _rows(guess: Order, emission: Emission, count: int) -> Iterator[Row]:
    """Frames beyond the known ones, as far as there are some, restored by the guess; no symmetry is left open."""
    seen, last = emission.seen, emission.seen.count - 1
    for number in np.unique(np.linspace(min(KNOWN_SCENES, last), last, count).round().astype(int)):
        one, scene = Seen(seen.frames[number : number + 1], seen.height, seen.width, seen.bits), emission.scenes[number]
        yield row_of(
            f"frame {number}, by known scenes", scene, one.frames.reshape(scene.shape), restored(one, guess)[0], seen.bits
        )


def _entries(found: Arrays, order: Order) -> Figure:
    chance = float(found["chance"])
    share = float(np.mean(found["order"] == order))
    return Figure(share, chance, share_limit(chance, order.size))
