"""Responsivity, system gain and quantum efficiency: DN per photon, DN per electron, electrons per photon."""

import numpy as np

from calibration.line_fit import slope_through_origin
from calibration.measured import Measured, quotient
from calibration.transfer_points import TransferPoints


def responsivity(points: TransferPoints) -> Measured:
    """R, DN per photon: the slope of the signal over the photons up to 70 % of saturation (EMVA 1288 R4 Linear, 6.3)."""
    at = points.linear
    slope, error = slope_through_origin(points.photons[at], points.signal_dn[at], points.mean_error_dn()[at])
    return Measured(slope, "DN/photon", error)


def system_gain(points: TransferPoints) -> Measured:
    """K, DN/e-: the slope of the temporal variance over the signal, dark taken off both, up to 70 % of saturation.

    Source: EMVA 1288 R4 Linear, 6.4. Raises ValueError where the noise does not grow with the signal.
    """
    at = points.linear
    own, dark = points.variance_error_dn2(points.variance_dn2[at]), points.variance_error_dn2(points.dark.variance_dn2)
    slope, error = slope_through_origin(points.signal_dn[at], points.noise_dn2[at], own, float(np.asarray(dark)))
    if not slope > 0:
        raise ValueError(f"system gain = {slope} DN/e-: allowed is light whose noise grows with the signal")
    return Measured(slope, "DN/e-", error)


def quantum_efficiency(response: Measured, gain: Measured) -> Measured:
    """QE = R / K, electrons per photon of the light that was used (EMVA 1288 R4 Linear, 6.4)."""
    return quotient(response, gain, "e-/photon")
