"""How the dark current spreads over the array: a bulk, and a tail of photosites that leak more."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.measured import Measured
from calibration.recording import PlaneRecording

_TAIL_BEGINS = 6.0
_MAD_TO_DEVIATION = 1.4826
_LESS = 1 - 1e-9
"""A tail that is the whole mean is not more than that by rounding."""


class DarkSpread(NamedTuple):
    """Standard deviation of the bulk in % of its mean, share of the tail in %, and its mean excess, e-/s."""

    spread_percent: float
    tail_percent: float
    tail_e_per_s: float


def dark_rates(recording: PlaneRecording, exposure_s: float, gain: Measured, mean_e_per_s: float) -> NDArray[np.float64]:
    """Dark current of each photosite, (h, w) in e-/s, with the mean that the array is known to have.

    What grows from the dark stack at `exposure_s` to the longest one; a camera that takes its mean dark signal off leaves the
    differences, and the mean is put back.
    """
    grown = (recording.longest_dark.mean_dn - recording.dark.mean_dn) / gain.value
    rates = grown / (recording.longest_dark_s - exposure_s)
    counted = rates < np.median(rates) + 1e3 * (mean_e_per_s + 1e-12)
    return rates - float(rates[counted].mean()) + mean_e_per_s


def dark_spread(recording: PlaneRecording, exposure_s: float, gain: Measured, mean_e_per_s: float) -> DarkSpread:
    """Bulk and tail of the map of dark currents, the noise of the map taken out of the bulk.

    The tail is taken for exponential: above any level, its mean excess over that level is its mean excess.
    """
    rates = dark_rates(recording, exposure_s, gain, mean_e_per_s)
    middle = float(np.median(rates))
    width = _MAD_TO_DEVIATION * float(np.median(np.abs(rates - middle)))
    begins = middle + _TAIL_BEGINS * width
    leaky, bulk = rates[rates > begins], rates[rates <= begins]
    tail = float(np.median(leaky) - begins) / math.log(2) if leaky.size else 0.0  # a few hot ones do not move the median
    share = min(leaky.size / rates.size * math.exp((begins - middle) / tail), 0.5) if tail > 0 else 0.0
    time_s = recording.longest_dark_s - exposure_s
    noise2 = sum(stack.temporal.total / stack.frames for stack in (recording.longest_dark, recording.dark))
    noise2 /= (gain.value * time_s) ** 2
    spread = math.sqrt(max(float(bulk.var()) - noise2, 0.0)) / max(float(bulk.mean()), 1e-300)
    share = min(share, _LESS * mean_e_per_s / tail) if tail > 0 else 0.0
    return DarkSpread(min(100 * spread, 300.0), 100 * share, tail)
