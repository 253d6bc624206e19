"""Signal-to-noise ratio over the light, and the light at its ends: sensitivity threshold, SNRmax, dynamic range."""

import math

import numpy as np
from numpy.typing import NDArray

from calibration.measured import Measured, decibels, quotient
from calibration.photon_transfer import QUANTISATION_VARIANCE_DN2

Curve = NDArray[np.float64]


def sensitivity_threshold(noise: Measured, gain: Measured, efficiency: Measured) -> Measured:
    """mu_p.min, photons: where the SNR is 1; [sqrt(sd^2 + sq^2/K^2 + 1/4) + 1/2] / QE (EMVA 1288 R4 Linear, 6.7)."""
    root = math.sqrt(noise.value**2 + QUANTISATION_VARIANCE_DN2 / gain.value**2 + 0.25)
    electrons = Measured(root + 0.5, "e-", noise.value * noise.standard_error / root)
    return quotient(electrons, efficiency, "photons", noise.note)


def snr_max(capacity: Measured) -> Measured:
    """sqrt(mu_e.sat), dimensionless (EMVA 1288 R4 Linear, 6.7)."""
    root = math.sqrt(capacity.value)
    return Measured(root, "", capacity.standard_error / (2 * root))


def dynamic_range_db(saturation: Measured, threshold: Measured) -> Measured:
    """20 log10(mu_p.sat / mu_p.min), dB (EMVA 1288 R4 Linear, 6.7)."""
    note = "lower bound: the dark noise is an upper one" if threshold.note else ""
    return decibels(quotient(saturation, threshold, "", note))


def snr_of_model(
    photons: Curve, efficiency: float, noise_e: float, gain: float, dsnu_e: float = 0.0, prnu_percent: float = 0.0
) -> Curve:
    """SNR at numbers of photons, (n,): QE p / sqrt(sd^2 + sq^2/K^2 + QE p + DSNU^2 + (PRNU QE p)^2).

    Without DSNU and PRNU it is the temporal one, with them the total. Source: EMVA 1288 R4 Linear, equations of 2.6.
    """
    signal = efficiency * photons
    variance = noise_e**2 + QUANTISATION_VARIANCE_DN2 / gain**2 + signal + dsnu_e**2 + (prnu_percent / 100 * signal) ** 2
    ratio: Curve = signal / np.sqrt(variance)
    return ratio
