"""Partly right keys: what a network and the eye make of pictures that are restored with them. No attacker is needed."""

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from keycam.audit.footage import Footage
from keycam.audit.over_keys import spread
from privacy.scoring.chance import CONFIDENCE
from privacy.scoring.partial_key import SHARES, partial_key_ssim, score_partial_keys

CLASSIFIED = 500
LOOKED_AT = 16


@dataclass(frozen=True)
class PartlyRight:
    """What pictures are worth that were restored with a key of which only a share is right; accuracy where they have classes."""

    share: float
    ssim: float
    accuracy: float | None


def steps(keys: int) -> int:
    """How many scores `partly_right_keys` gives for so many keys."""
    return keys * len(SHARES)


def partly_right_keys(footage: Footage, network: nn.Module | None, keys: int, seed: int) -> Iterator[PartlyRight]:
    """Every share for every key, key by key; a fixed order stands for any, since a key is wrong in the same way under all."""
    pixels = footage.scenes.shape[1] * footage.scenes.shape[2]

    def scored(number: int, share: float) -> PartlyRight:
        order = np.random.default_rng((seed, number)).permutation(pixels)
        accuracy = None
        if network is not None and footage.many_labels is not None:
            scenes, labels = footage.many[:CLASSIFIED], footage.many_labels[:CLASSIFIED]
            accuracy = score_partial_keys(network, scenes, labels, order, (share,), seed + number).accuracies[0]
        seen = partial_key_ssim(footage.scenes[:LOOKED_AT], order, share, seed + number)
        return PartlyRight(share, seen, accuracy)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(scored, *zip(*itertools.product(range(keys), SHARES), strict=True))


def partial_key_part(scores: list[PartlyRight], footage: Footage, seed: int) -> dict[str, Any]:
    """The audit's part about partly right keys, from the scores of all keys: curves over the share that is right."""
    looked_at = footage.scenes[:LOOKED_AT]
    frames = len(looked_at)
    pixels = looked_at.shape[1] * looked_at.shape[2]
    chance = {"ssim_by_share": partial_key_ssim(looked_at, np.arange(pixels), 0.0, seed)}
    values = {"ssim_by_share": _by_share(scores, "ssim")}
    if scores[0].accuracy is not None and footage.many_labels is not None:
        frames = min(CLASSIFIED, len(footage.many))
        chance = {"accuracy_by_share": 1 / (int(footage.many_labels.max()) + 1), **chance}
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
