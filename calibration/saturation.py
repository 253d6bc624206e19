"""Saturation: the most that a photosite counts, by the standard's definition and as the level at which it stays."""

import math
from typing import NamedTuple

import numpy as np

from calibration.measured import Measured
from calibration.transfer_points import TransferPoints


class Plateau(NamedTuple):
    """Frames in light that saturates every photosite: their mean in DN, and the share of the samples at the highest code."""

    mean_dn: float
    top_code_share: float

    @property
    def limited_by(self) -> str:
        """Whether the converter's range or the full well ends the signal."""
        return "converter" if self.top_code_share > 0.5 else "full well"


def saturation_photons(points: TransferPoints) -> Measured:
    """mu_p.sat, photons: where the temporal variance is greatest (EMVA 1288 R4 Linear, 6.5).

    Its error is that of a place known to lie between the neighbouring points, uniformly.
    """
    at, photons = points.saturation, points.photons
    spacing = photons[min(at + 1, photons.size - 1)] - photons[max(at - 1, 0)]
    return Measured(float(photons[at]), "photons", float(spacing) / math.sqrt(12))


def saturation_capacity(points: TransferPoints, efficiency: Measured) -> Measured:
    """mu_e.sat = QE mu_p.sat, e- (EMVA 1288 R4 Linear, 6.5).

    It lies below the full well by some three times its shot noise: from there on the noise is cut off.
    """
    photons = saturation_photons(points)
    value = efficiency.value * photons.value
    relative = math.hypot(efficiency.standard_error / efficiency.value, photons.standard_error / photons.value)
    return Measured(value, "e-", value * relative)


def full_well(plateau: Plateau, points: TransferPoints, gain: Measured) -> Measured:
    """The signal that no light exceeds, e-: (plateau - dark) / K. A bound where the converter ends before the well does."""
    value = (plateau.mean_dn - points.dark.mean_dn) / gain.value
    note = "lower bound: the converter saturates first" if plateau.limited_by == "converter" else ""
    return Measured(value, "e-", abs(value) * gain.standard_error / gain.value, note)


def share_at(codes: np.ndarray, top_dn: int) -> float:
    """Share of the samples, uint16 of any shape, at the highest code."""
    return float((codes == top_dn).mean())
