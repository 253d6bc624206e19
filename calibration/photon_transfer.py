"""Photon transfer: the system gain and the read noise from the way that temporal noise grows with the signal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

QUANTISATION_VARIANCE_DN2 = 1 / 12
LEAST_DARK_VARIANCE_DN2 = 0.24
"""Below it quantisation hides the dark noise, and only the bound 0.40 DN can be stated (EMVA 1288 R4 Linear)."""
HIDDEN_DARK_NOISE_DN = 0.40
LINEAR_PART = 0.7
"""Share of the saturation signal over which the gain is fitted (EMVA 1288 R4 Linear)."""

FramePair = tuple[ArrayLike, ArrayLike]
"""Two raster frames of equal shape in DN, taken under the same conditions."""


class TemporalMoments(NamedTuple):
    """Mean over both frames of a pair, in DN, and temporal variance, in DN^2."""

    mean_dn: float
    variance_dn2: float


@dataclass(frozen=True, eq=False)
class PhotonTransfer:
    """A photon transfer curve and what was read from it.

    Attributes
    ----------
    system_gain_dn_per_e
        system gain K.
    read_noise_e
        temporal noise of a dark photosite, quantisation taken out; an upper bound if `read_noise_is_bound`.
    black_level_dn
        mean of the dark frames.
    saturation_dn
        signal over the black level at which the variance is greatest; the last one measured if none saturates.
    signal_dn, variance_dn2
        float64 (pairs,): signal over the black level, and temporal variance over that of the dark pair, rising.
    """

    system_gain_dn_per_e: float
    read_noise_e: float
    read_noise_is_bound: bool
    black_level_dn: float
    saturation_dn: float
    signal_dn: NDArray[np.float64]
    variance_dn2: NDArray[np.float64]


def temporal_moments(pair: FramePair) -> TemporalMoments:
    """Return mean and temporal variance of two raster frames in DN, any equal shapes.

    The fixed pattern, equal in both frames, cancels in their difference. Raises ValueError if the shapes differ, a frame
    is empty or a value is not finite. Source: EMVA 1288 R4 Linear, mean (mu0 + mu1) / 2 and variance
    sum (y0 - y1)^2 / 2NM - (mu0 - mu1)^2 / 2.
    """
    first, second = (np.asarray(frame, np.float64) for frame in pair)
    if first.shape != second.shape or first.size == 0:
        raise ValueError(f"pair shapes = {first.shape}, {second.shape}: allowed is two equal ones, not empty")
    difference = first - second
    mean_dn = float(first.mean() + second.mean()) / 2
    variance_dn2 = float(np.mean(difference**2) - np.mean(difference) ** 2) / 2
    if not np.isfinite(mean_dn + variance_dn2):
        raise ValueError(f"pair mean = {mean_dn}: allowed is frames of finite values")
    return TemporalMoments(mean_dn, variance_dn2)


def photon_transfer(flats: Sequence[FramePair], dark: FramePair) -> PhotonTransfer:
    """Measure system gain and read noise by the mean-variance method.

    K is the slope, through the origin, of the variance over that of the dark pair against the signal over the dark mean,
    up to 70 % of saturation; the read noise is sqrt(dark variance - 1/12) / K. Source: EMVA 1288 R4 Linear.

    Parameters
    ----------
    flats
        pairs of evenly lit raster frames in DN, at rising or any other exposures. A Bayer raster may be given whole: its
        colours lie on one line.
    dark
        a pair without light, at the same gain.

    Raises
    ------
    ValueError
        if a pair is malformed, no flat is brighter than the dark, or fewer than two lie within 70 % of saturation.
    """
    black = temporal_moments(dark)
    moments = sorted(temporal_moments(pair) for pair in flats)
    signal_dn = np.array([flat.mean_dn - black.mean_dn for flat in moments])
    variance_dn2 = np.array([flat.variance_dn2 - black.variance_dn2 for flat in moments])
    saturation_dn = float(signal_dn[variance_dn2.argmax()]) if moments else 0.0
    linear = (signal_dn > 0) & (signal_dn <= LINEAR_PART * saturation_dn)
    if linear.sum() < 2:
        raise ValueError(
            f"flats = {linear.sum()} pairs within {LINEAR_PART:.0%} of saturation ({saturation_dn:.6g} DN): allowed is 2 or more"
        )
    gain = float(signal_dn[linear] @ variance_dn2[linear] / (signal_dn[linear] @ signal_dn[linear]))
    if not gain > 0:
        raise ValueError(f"system gain = {gain} DN/e-: allowed is flats whose temporal noise grows with the signal")
    is_bound = black.variance_dn2 < LEAST_DARK_VARIANCE_DN2
    noise_dn = HIDDEN_DARK_NOISE_DN if is_bound else float(np.sqrt(black.variance_dn2 - QUANTISATION_VARIANCE_DN2))
    return PhotonTransfer(
        system_gain_dn_per_e=gain,
        read_noise_e=noise_dn / gain,
        read_noise_is_bound=is_bound,
        black_level_dn=black.mean_dn,
        saturation_dn=saturation_dn,
        signal_dn=signal_dn,
        variance_dn2=variance_dn2,
    )
