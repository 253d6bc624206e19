"""Partly right keys: what a network and the eye make of pictures that are restored with them. No attacker is needed."""

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from keycam.audit.over_keys import spread
from keycam.audit.subject import Subject
from privacy.scoring.chance import CONFIDENCE
from privacy.scoring.partial_key import SHARES, partial_key_ssim, score_partial_keys

CLASSIFIED = 500


@dataclass(frozen=True)
class PartlyRight:
    """What pictures are worth that were restored with a key of which only a share is right; accuracy where they have classes."""

    share: float
    ssim: float
    accuracy: float | None


def steps(keys: int) -> int:
    """How many scores `partly_right_keys` gives for so many keys."""
    return keys * len(SHARES)


def partly_right_keys(subject: Subject, keys: int, seed: int) -> Iterator[PartlyRight]:
    """Every share for every key, key by key; a random order stands for any, since a key is wrong in the same way under all."""
    scenes, labelled, network = subject.scenes, subject.labelled, subject.network
    pixels = scenes.shape[1] * scenes.shape[2]

    def scored(number: int, share: float) -> PartlyRight:
        order = np.random.default_rng((seed, number)).permutation(pixels)
        accuracy = None
        if network is not None and labelled is not None:
            some = labelled.first(CLASSIFIED)
            accuracy = score_partial_keys(network, some.images, some.labels, order, (share,), seed + number).accuracies[0]
        return PartlyRight(share, partial_key_ssim(scenes, order, share, seed + number, subject.bits), accuracy)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(scored, *zip(*itertools.product(range(keys), SHARES), strict=True))


def partial_key_part(scores: list[PartlyRight], subject: Subject, seed: int) -> dict[str, Any]:
    """The audit's part about partly right keys, from the scores of all keys: curves over the share that is right."""
    scenes, frames = subject.scenes, len(subject.scenes)
    raster = np.arange(scenes.shape[1] * scenes.shape[2])
    chance = {"ssim_by_share": partial_key_ssim(scenes, raster, 0.0, seed, subject.bits)}
    values = {"ssim_by_share": _by_share(scores, "ssim")}
    if scores[0].accuracy is not None and subject.labelled is not None:
        frames = min(CLASSIFIED, len(subject.labelled))
        chance = {"accuracy_by_share": 1 / len(subject.labelled.classes), **chance}
        values = {"accuracy_by_share": _by_share(scores, "accuracy"), **values}
    medians = {name: {share: float(np.median(each)) for share, each in curve.items()} for name, curve in values.items()}
    found = {"frames": frames, **medians, "chance": chance, "seed": seed}
    keys = len(scores) // len(SHARES)
    if keys > 1:
        figures = {name: spread(curve) for name, curve in values.items()}
        found["over_keys"] = {"keys": keys, "confidence": CONFIDENCE, "figures": figures}
    return found


def _by_share(scores: list[PartlyRight], name: str) -> dict[str, list[float]]:
    """The values of all keys for each share."""
    return {f"{share:g}": [getattr(score, name) for score in scores if score.share == share] for share in SHARES}
