"""A series of exposures to rising light: what every figure of sensitivity and linearity is read from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from calibration.photon_transfer import LINEAR_PART, TemporalMoments

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TransferPoints:
    """Means and temporal variances of pairs of frames of one colour plane at one exposure time.

    Attributes
    ----------
    photons
        float64 (n,): mean number of photons that reached a photosite during the exposure; rising, above 0.
    mean_dn, variance_dn2
        float64 (n,): of the pair at each.
    dark
        of a pair without light at the same exposure time.
    sites
        photosites in the plane.
    row_variance_dn2
        the part of the dark variance that a row shares in time: it averages over the rows only.
    rows
        rows in the plane.

    Raises ValueError for arrays of different sizes, fewer than 3 points, light that does not rise, or a signal that never does.
    """

    photons: Points
    mean_dn: Points
    variance_dn2: Points
    dark: TemporalMoments
    sites: int
    row_variance_dn2: float = 0.0
    rows: int = 1

    def __post_init__(self) -> None:
        sizes = {self.photons.shape, self.mean_dn.shape, self.variance_dn2.shape}
        if len(sizes) != 1 or self.photons.ndim != 1 or self.photons.size < 3:
            raise ValueError(f"points = {sorted(sizes)}: allowed is three arrays of one size, (3,) or more")
        if not (self.photons[0] > 0 and (np.diff(self.photons) > 0).all()):
            raise ValueError(f"photons = {self.photons[0]:g} to {self.photons[-1]:g}: allowed is above 0 and rising")
        if not self.mean_dn.max() > self.dark.mean_dn:
            raise ValueError(
                f"mean = {self.mean_dn.max():g} DN at most: allowed is above that of the dark, {self.dark.mean_dn:g}"
            )

    @property
    def signal_dn(self) -> Points:
        """Mean over that of the dark, (n,)."""
        return self.mean_dn - self.dark.mean_dn

    @property
    def noise_dn2(self) -> Points:
        """Temporal variance over that of the dark, (n,)."""
        return self.variance_dn2 - self.dark.variance_dn2

    @cached_property
    def saturation(self) -> int:
        """Index of the saturation: where the temporal variance is greatest (EMVA 1288 R4 Linear, 6.5)."""
        return int(self.variance_dn2.argmax())

    @property
    def linear(self) -> NDArray[np.bool_]:
        """Which points lie within 70 % of the saturation's signal, bool (n,)."""
        return self.signal_dn <= LINEAR_PART * self.signal_dn[self.saturation]

    def mean_error_dn(self) -> Points:
        """Standard error of the signal of each point, dark included, (n,)."""
        variance = self.variance_dn2 + self.dark.variance_dn2
        # The mean of two frames; what a row shares averages over the rows alone.
        errors: Points = np.sqrt((variance / self.sites + 2 * max(self.row_variance_dn2, 0.0) / self.rows) / 2)
        return errors

    def variance_error_dn2(self, variance_dn2: Points | float) -> Points:
        """Standard error of a temporal variance that a pair of frames gives: sqrt(2/n) of itself, the row part over its rows."""
        row = max(self.row_variance_dn2, 0.0)
        errors: Points = np.sqrt(2 * np.asarray(variance_dn2) ** 2 / self.sites + 2 * row**2 / self.rows)
        return errors
