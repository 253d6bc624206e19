"""Temporal dark noise: what a photosite's code varies by without light, in electrons."""

import math

from calibration.measured import Measured
from calibration.photon_transfer import HIDDEN_DARK_NOISE_DN, LEAST_DARK_VARIANCE_DN2, QUANTISATION_VARIANCE_DN2
from calibration.transfer_points import TransferPoints


def temporal_dark_noise(points: TransferPoints, gain: Measured) -> Measured:
    """sigma_d = sqrt(dark variance - 1/12) / K, e-; below a variance of 0.24 DN^2 the bound 0.40 / K.

    Source: EMVA 1288 R4 Linear, 6.6.
    """
    variance = points.dark.variance_dn2
    if variance < LEAST_DARK_VARIANCE_DN2:
        bound = HIDDEN_DARK_NOISE_DN / gain.value
        return Measured(bound, "e-", bound * gain.standard_error / gain.value, "upper bound: quantisation hides it", least=0.0)
    noise_dn = math.sqrt(variance - QUANTISATION_VARIANCE_DN2)
    own = float(points.variance_error_dn2(variance)) / (2 * noise_dn)
    error = math.hypot(own, noise_dn * gain.standard_error / gain.value) / gain.value
    return Measured(noise_dn / gain.value, "e-", error, least=0.0)
