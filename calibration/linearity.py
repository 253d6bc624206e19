"""Linearity error: how far the signal strays from a straight line over the light."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.line_fit import weighted_line
from calibration.measured import Measured
from calibration.transfer_points import TransferPoints

FROM, TO = 0.05, 0.95
"""Shares of the saturation's signal between which the line is fitted (EMVA 1288 R4 Linear, 7)."""


class Linearity(NamedTuple):
    """The mean absolute deviation in %, and the fit.

    `deviation_percent` float64 (n,) holds the relative deviation of every point of the series, `used` bool (n,) says which of
    them count.
    """

    error_percent: Measured
    offset_dn: float
    slope_dn_per_photon: float
    deviation_percent: NDArray[np.float64]
    used: NDArray[np.bool_]


def linearity(points: TransferPoints) -> Linearity:
    """Fit the signal over the photons with weights 1/y^2 over 5 to 95 % of saturation; the mean |deviation| is the error.

    Source: EMVA 1288 R4 Linear, section 7. Raises ValueError for fewer than three points in that range.
    """
    signal = points.signal_dn
    top = signal[points.saturation]
    used = (signal >= FROM * top) & (signal <= TO * top)
    # At saturation the variance falls while the mean hardly rises: beyond it nothing may be used.
    used &= np.arange(signal.size) <= points.saturation
    if used.sum() < 3:
        raise ValueError(f"points = {used.sum()} within 5 to 95 % of saturation: allowed is 3 or more")
    fit = weighted_line(points.photons[used], signal[used], signal[used])
    line = fit.offset + fit.slope * points.photons
    deviation = 100 * (signal - line) / line
    # Noise of the means alone would show as sqrt(2/pi) of its size; what is known about the mean of so many is its error.
    noise_percent = 100 * points.mean_error_dn()[used] / signal[used]
    error = float(np.sqrt((noise_percent**2).sum())) / int(used.sum())
    value = Measured(float(np.abs(deviation[used]).mean()), "%", error, least=0.0)
    return Linearity(value, fit.offset, fit.slope, deviation, used)
