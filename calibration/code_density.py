"""Code density: transition levels of converters from how often each code comes up (IEEE 1241, 4.4 and 4.5)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Drive = Literal["ramp", "sine"]

MISSING_LSB = -0.9
"""DNL from which a code counts for missing (IEEE 1241, 4.5.3)."""


@dataclass(frozen=True, eq=False)
class Transfer:
    """The static transfer of C converters of 2^bits codes.

    Attributes
    ----------
    dnl_lsb
        float64 (C, 2^bits - 2): width of the codes 1 to 2^bits - 2, less 1, in mean widths.
    inl_lsb
        float64 (C, 2^bits - 1): distance of the transitions to the codes 1 to 2^bits - 1 from the straight line through the
        first and the last of them (endpoint fit), LSB.
    """

    dnl_lsb: NDArray[np.float64]
    inl_lsb: NDArray[np.float64]

    @property
    def missing_codes(self) -> NDArray[np.bool_]:
        """Which codes of which converter are missing, bool (C, 2^bits); the end codes never are."""
        return np.pad(self.dnl_lsb < MISSING_LSB, ((0, 0), (1, 1)))

    @property
    def best_fit_inl_lsb(self) -> NDArray[np.float64]:
        """INL from the line of least squares instead of that through both ends, (C, 2^bits - 1)."""
        code = np.linspace(-1, 1, self.inl_lsb.shape[1])
        mean = self.inl_lsb.mean(axis=1, keepdims=True)
        slope = (self.inl_lsb @ code / (code @ code))[:, None]
        fitted: NDArray[np.float64] = self.inl_lsb - mean - slope * code
        return fitted


def count_codes(counts: NDArray[np.uint32], codes: NDArray[np.uint16], columns: NDArray[np.int64]) -> None:
    """Add a frame's codes, uint16 (H, W), to the counts of the converters of `columns` (C,), uint32 (C, 2^bits), in place."""
    _count(counts, codes, columns)


def transfer_of(counts: NDArray[np.uint32], drive: Drive) -> Transfer:
    """The transfer that counts of codes (C, 2^bits) show, of converters that were overdriven a little at both ends.

    A ramp rests equally long on equal steps; a sine is A cos(pi Hcum / N) away from its middle. The end codes, into which all
    that is beyond falls, have no width. Raises ValueError where the drive did not reach both end codes of every converter,
    or left all others out.
    """
    cumulative = np.cumsum(counts, axis=1, dtype=np.float64)
    if not (counts[:, 0] > 0).all() or not (counts[:, -1] > 0).all():
        raise ValueError("counts of the end codes = 0 in some converter: allowed is a drive that goes beyond both ends")
    if not (cumulative[:, -2] > counts[:, 0]).all():
        raise ValueError("counts between the end codes = 0 in some converter: allowed is a drive that dwells on every code")
    # In place, as these are the largest arrays of a calibration.
    level = cumulative[:, :-1]
    level /= cumulative[:, -1:]
    if drive == "sine":
        level *= np.pi
        np.cos(level, out=level)
        np.negative(level, out=level)
    width = (level[:, -1:] - level[:, :1]) / (level.shape[1] - 1)
    level -= level[:, :1].copy()
    level /= width
    dnl = np.diff(level, axis=1)
    dnl -= 1
    level -= np.arange(level.shape[1])
    return Transfer(dnl, level)


@njit(cache=True, nogil=True, parallel=True)
def _count(counts: NDArray[np.uint32], codes: NDArray[np.uint16], columns: NDArray[np.int64]) -> None:
    for at in prange(columns.size):
        own, column = counts[at], columns[at]
        for row in range(codes.shape[0]):
            own[codes[row, column]] += np.uint32(1)
