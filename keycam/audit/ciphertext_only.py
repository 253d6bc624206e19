"""The attack on frames alone: is the order found, and does a picture come of it?"""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from inference.datasets import CIFAR10_CLASSES
from keycam.audit.case import Arrays, Case, Figure, Scored, finite, given_of, row_of
from keycam.audit.emission import Emission
from privacy.footage import restored
from privacy.scoring.answers import accuracy
from privacy.scoring.chance import share_limit
from privacy.scoring.key_score import KeyScore, best_partner_share, score_key
from privacy.scoring.picture_score import PictureScore, score_picture, ssim, upright
from privacy.scoring.symmetry import symmetric_cells
from privacy.seen import Samples, Seen

MOST_SCORED = 16
MOST_ROWS = 6


def ciphertext_only(emission: Emission, part: tuple[str, ...], network: nn.Module | None, seed: int) -> Case:
    """The case of one emission; `network` classifies what is recovered, where the footage has classes."""
    return Case(part, "ciphertext_only", given_of(emission.seen), lambda found: _score(found, emission, network, seed))


def _score(found: Arrays, emission: Emission, network: nn.Module | None, seed: int) -> Scored:
    guess, seen, scenes = found["order"], emission.seen, emission.scenes
    key = score_key(guess, emission.order, seen.height, seen.width, seen.count, seed)
    pictures, link = restored(seen, guess), seen.frames.reshape(scenes.shape)
    shown = np.linspace(0, seen.count - 1, min(seen.count, MOST_SCORED)).round().astype(int)
    scores = {int(n): score_picture(pictures[n], scenes[n], seed, seen.bits) for n in shown}
    on_link = [ssim(upright(link[n], scenes[n], seen.bits), scenes[n], seen.bits) for n in shown]
    figures = {
        **_key_figures(key, found["partner"], emission),
        **_picture_figures(list(scores.values()), on_link),
        **_answer_figures(pictures, guess, emission, network),
        "wall_s": Figure(float(found["wall_s"])),
        "cpu_s": Figure(float(found["cpu_s"])),
    }
    chosen = list(scores)[:: -(-len(scores) // MOST_ROWS)]
    rows = tuple(row_of(f"frame {n}", scenes[n], link[n], scores[n].upright, seen.bits) for n in chosen)
    return Scored(seen.count, figures, rows=rows)


def _key_figures(key: KeyScore, partner: NDArray[np.int64], emission: Emission) -> dict[str, Figure]:
    partners = best_partner_share(partner, emission.order, emission.seen.width)
    # Of the positions other than one's own, so many are neighbours on average: 4, fewer at the border.
    partner_chance = key.chance_adjacent
    # Partners are often each other's, so that half of them say what all of them say.
    partner_limit = share_limit(partner_chance, partner.size // 2)
    return {
        "key_entries_recovered": Figure(key.exact, key.chance_exact, key.limit_exact),
        "neighbours_recovered": Figure(key.adjacent, key.chance_adjacent, key.limit_adjacent),
        "best_partner_is_neighbour": Figure(partners, partner_chance, partner_limit),
    }


def _picture_figures(scores: list[PictureScore], on_link: list[float]) -> dict[str, Figure]:
    by_chance = np.array([score.chance for score in scores])
    # The median of n pictures strays by 1.25 of their spread / sqrt(n); 4 times that is beyond one in a thousand.
    limit = float(np.median(by_chance) + 5 * by_chance.std() / len(scores) ** 0.5)
    chance = float(np.median(by_chance))
    return {
        "ssim": Figure(float(np.median([score.ssim for score in scores])), chance, limit),
        "psnr_db": Figure(
            float(np.median([finite(score.psnr_db) for score in scores])),
            float(np.median([score.chance_psnr_db for score in scores])),
        ),
        "scrambled_ssim": Figure(float(np.median(on_link)), chance, limit),
    }


def _answer_figures(
    pictures: Samples, guess: NDArray[np.int64], emission: Emission, network: nn.Module | None
) -> dict[str, Figure]:
    if network is None or emission.labels is None:
        return {}
    height, width = emission.seen.height, emission.seen.width
    # Which of the symmetries it was, a look at one of the pictures would tell.
    cells = max(symmetric_cells(height, width), key=lambda cells: float(np.mean(cells[guess] == emission.order)))
    turned = restored(Seen(pictures.reshape(len(pictures), height * width, -1), height, width), cells)
    limit = share_limit(1 / len(CIFAR10_CLASSES), len(pictures))
    return {
        "accuracy_recovered": Figure(accuracy(network, turned, emission.labels), 1 / len(CIFAR10_CLASSES), limit),
        "accuracy_plain": Figure(accuracy(network, emission.scenes, emission.labels), 1 / len(CIFAR10_CLASSES), limit),
    }
