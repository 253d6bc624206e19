"""Dark current: electrons that heat frees each second, by the mean of dark frames and by their noise."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.line_fit import Line, weighted_line
from calibration.measured import Measured
from calibration.photon_transfer import LEAST_DARK_VARIANCE_DN2

COMPENSATED = "from the variance: the camera takes its mean dark signal off"
TAKEN_OFF = "no dark current: the camera takes its mean dark signal off"
"""What is said of a figure by the mean where the camera compensates it: what it takes off drifts by more than any interval."""
HIDDEN = "by the mean alone: quantisation hides the noise, which would show a dark current that the camera takes off"
LEAST_EXPOSURES = 3
_DIFFER = 5.0
"""So many standard errors between both methods are no chance."""


@dataclass(frozen=True, eq=False)
class DarkSeries:
    """Dark frames of one colour plane at rising exposure times and one temperature.

    Attributes
    ----------
    exposure_s, mean_dn, variance_dn2
        float64 (n,), n >= 3: exposure time, mean, and temporal variance of the frames at it.
    mean_error_dn, variance_error_dn2
        float64 (n,), above 0: their standard errors.
    temperature_k
        of the camera.
    full
        photosites that were left out because they fill up in the longest exposure.

    Raises ValueError for arrays of different sizes or fewer than 3 exposure times.
    """

    exposure_s: NDArray[np.float64]
    mean_dn: NDArray[np.float64]
    variance_dn2: NDArray[np.float64]
    mean_error_dn: NDArray[np.float64]
    variance_error_dn2: NDArray[np.float64]
    temperature_k: float
    full: int = 0

    def __post_init__(self) -> None:
        shapes = {
            a.shape for a in (self.exposure_s, self.mean_dn, self.variance_dn2, self.mean_error_dn, self.variance_error_dn2)
        }
        if len(shapes) != 1 or self.exposure_s.ndim != 1 or np.unique(self.exposure_s).size < LEAST_EXPOSURES:
            raise ValueError(
                f"dark series = arrays of {sorted(shapes)}: allowed is one size and {LEAST_EXPOSURES} or more exposure times"
            )

    def mean_line(self) -> Line:
        """Mean over exposure time, DN and DN/s."""
        return weighted_line(self.exposure_s, self.mean_dn, self.mean_error_dn)

    def variance_line(self) -> Line:
        """Temporal variance over exposure time, DN^2 and DN^2/s, where it is 0.24 DN^2 or more.

        Below that quantisation hides it, as EMVA 1288 R4 Linear (6.6) says. Raises ValueError for fewer than 3 such exposures.
        """
        shown = self.variance_dn2 >= LEAST_DARK_VARIANCE_DN2
        if np.unique(self.exposure_s[shown]).size < LEAST_EXPOSURES:
            raise ValueError(
                f"dark current = hidden by quantisation: the variance in the dark is {self.variance_dn2.max():.3g} DN^2 at most; "
                f"allowed is {LEAST_DARK_VARIANCE_DN2:g} or more at {LEAST_EXPOSURES} exposures"
            )
        return weighted_line(self.exposure_s[shown], self.variance_dn2[shown], self.variance_error_dn2[shown])


def dark_current_by_mean(series: DarkSeries, gain: Measured) -> Measured:
    """slope(mean) / K, e-/s (EMVA 1288 R4 Linear, 7.1); near 0 where the camera takes its dark signal off."""
    line = series.mean_line()
    return _over(line.slope, line.slope_error, gain, 1)


def dark_current_by_variance(series: DarkSeries, gain: Measured) -> Measured:
    """slope(variance) / K^2, e-/s: dark electrons are counted with their shot noise whatever is taken off the mean.

    Raises ValueError where quantisation hides the noise.
    """
    line = series.variance_line()
    return _over(line.slope, line.slope_error, gain, 2)


def dark_current(series: DarkSeries, gain: Measured) -> Measured:
    """By the mean, or by the variance where the mean grows less than its noise says: then the camera compensates it."""
    mean = dark_current_by_mean(series, gain)
    try:
        variance = dark_current_by_variance(series, gain)
    except ValueError:
        return replace(mean, note=HIDDEN)
    if variance.value - mean.value > _DIFFER * math.hypot(mean.standard_error, variance.standard_error):
        return Measured(variance.value, variance.unit, variance.standard_error, COMPENSATED)
    return mean


def _over(slope: float, error: float, gain: Measured, power: int) -> Measured:
    value = slope / gain.value**power
    return Measured(value, "e-/s", math.hypot(error / gain.value**power, power * value * gain.standard_error / gain.value))
