"""What chance does: how far it reaches in one audit, and how sure a figure over several keys is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom
from scipy.stats import t as student_t

SIGNIFICANCE = 1e-3
"""How often chance alone may exceed the limits that are stated here."""
CONFIDENCE = 0.95


def share_limit(chance: float, trials: int, significance: float = SIGNIFICANCE) -> float:
    """The share of `trials` that guesses, each right with probability `chance`, exceed at most with `significance` (binomial)."""
    return float(binom.isf(significance, trials, chance)) / trials


@dataclass(frozen=True)
class OverKeys:
    """A figure over independent keys.

    Attributes
    ----------
    mean
        Of all keys.
    low, high
        The confidence interval of the mean (Student's t with keys - 1 degrees of freedom; it may reach beyond 0 and 1).
    """

    mean: float
    low: float
    high: float


def over_keys(values: Sequence[float], confidence: float = CONFIDENCE) -> OverKeys:
    """Mean and confidence interval of one figure, a value for each key. Raises ValueError for fewer than two keys."""
    if len(values) < 2:
        raise ValueError(f"values = {len(values)}: allowed is 2 or more, one for each key")
    found = np.asarray(values, np.float64)
    half = float(student_t.ppf((1 + confidence) / 2, found.size - 1)) * float(found.std(ddof=1)) / found.size**0.5
    mean = float(found.mean())
    return OverKeys(mean, mean - half, mean + half)
