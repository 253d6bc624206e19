"""What came of the same attack on several keys, as one part of the audit's result."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from keycam.audit.case import Scored
from privacy.scoring.chance import CONFIDENCE, over_keys


def summary(scores: Sequence[Scored], seed: int) -> dict[str, Any]:
    """Medians over all keys with chance levels and limits; for several keys also means, intervals and each key's value."""
    first = scores[0]
    values = {name: [score.figures[name].value for score in scores] for name in first.figures}
    found: dict[str, Any] = {
        "frames": first.frames,
        **{name: float(np.median(each)) for name, each in values.items()},
        **first.notes,
        "chance": _levels({name: [score.figures[name].chance for score in scores] for name in values}),
        "chance_limit": _levels({name: [score.figures[name].limit for score in scores] for name in values}),
        "seed": seed,
    }
    if len(scores) > 1:
        found["over_keys"] = {"keys": len(scores), "confidence": CONFIDENCE, "figures": spread(values)}
    return found


def spread(values: dict[str, list[float]]) -> dict[str, Any]:
    """For each figure the mean over keys, its confidence interval, and the value of each key."""
    return {name: {**asdict(over_keys(each)), "each": each} for name, each in values.items()}


def _levels(levels: dict[str, list[float | None]]) -> dict[str, float]:
    return {
        name: float(np.median([level for level in each if level is not None]))
        for name, each in levels.items()
        if each[0] is not None
    }
