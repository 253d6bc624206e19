"""Static non-linearity: every column converter has its own transition levels, fixed when the die is made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adc.column_kernel import FRACTION_BITS

COARSE_BITS = 6
"""How many of a converter's upper bits are decided against references of their own."""
MOST_DNL_LSB = 4.0
_BOW_SHARE = 16  # a bow of up to 1/16 of the range rises everywhere


@dataclass(frozen=True, eq=False)
class StaticTransfer:
    """The transition levels of W column converters: a smooth bow, then references that do not quite fit together.

    A level x, in LSB where code k is ideally between k - 1/2 and k + 1/2, is converted in three steps, with n = 2**bits:

    1. y = x + 1/2, limited to 0 to n.
    2. Bow: y becomes y - 4 a (y/n)(1 - y/n), a the column's bow. Transition levels then rise by up to a, most in the middle.
    3. Search: the upper 6 bits from the highest down, each kept where what is left of y reaches that bit's weight, which is
       then taken off; the rest, rounded down and limited to what the lower bits hold, is the lower bits. With D[k] the sum of
       the weights of k's bits, the code is k or more from y = T[k] = min(D[j], j >= k): it never falls while y rises, and
       a step down in D makes codes that never appear.

    Where `monotonic` is False the upper bits are decided against exact references and only what is taken off has the column's
    weights, with lower bits that may run over (a pipeline with redundancy): a code may then fall while y rises.

    Weights sum to those of an ideal converter, so the end codes stay whole, and INL[k] = T[k] - (k - 1/2) is the deviation
    from the straight line through both ends, but for 4 a/n. DNL[k] is the width of code k less 1 (IEEE 1241, 4.4 and 4.5).

    Attributes
    ----------
    bits
        Depth of a code, 6 to 16.
    bow_lsb
        float32 (W,), LSB; up to 2**bits / 16 either way.
    weights
        int32 (6, W), highest bit first, in 2**-12 LSB.
    monotonic
        Which of the two converters.

    Raises ValueError for arrays of another type or shape, or beyond what is stated.
    """

    bits: int
    bow_lsb: NDArray[np.float32]
    weights: NDArray[np.int32]
    monotonic: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.bits, int) or not 6 <= self.bits <= 16:
            raise ValueError(f"bits = {self.bits}: allowed is 6 to 16")
        if self.bow_lsb.dtype != np.float32 or self.bow_lsb.ndim != 1:
            raise ValueError(f"bow_lsb = {self.bow_lsb.dtype} {self.bow_lsb.shape}: allowed is float32 (W,)")
        most_lsb = most_bow_lsb(self.bits)
        if not (np.abs(self.bow_lsb) <= most_lsb).all():
            raise ValueError(f"bow_lsb = up to {np.abs(self.bow_lsb).max()}: allowed is -{most_lsb} to {most_lsb}")
        expected = (COARSE_BITS, self.bow_lsb.size)
        if self.weights.dtype != np.int32 or self.weights.shape != expected:
            raise ValueError(f"weights = {self.weights.dtype} {self.weights.shape}: allowed is int32 {expected}")
        ideal = ideal_weights(self.bits)
        if not (self.weights > 0).all() or not (self.weights.sum(axis=0, dtype=np.int64) == ideal.sum()).all():
            raise ValueError(
                f"weights = {self.weights.min()} and up: allowed is above 0, with a sum of {ideal.sum()} in each column"
            )
        if self.monotonic not in (True, False):
            raise ValueError(f"monotonic = {self.monotonic!r}: allowed is True or False")

    @property
    def is_ideal(self) -> bool:
        """Whether every column converts without error."""
        return not self.bow_lsb.any() and not self.has_dnl

    @property
    def has_dnl(self) -> bool:
        """Whether any reference is off."""
        return bool((self.weights != ideal_weights(self.bits)[:, None]).any())

    def transitions_lsb(self, column: int) -> NDArray[np.float64]:
        """T[k] of one column for k = 1 to 2**bits - 1, float64 (2**bits - 1,): the level x, LSB, from which it gives k or more.

        Raises ValueError where the column is not monotonic: it has no such levels.
        """
        if not self.monotonic:
            raise ValueError("monotonic = False: allowed is True for transition levels")
        codes = np.arange(1 << self.bits)
        fine_bits = self.bits - COARSE_BITS
        reached = (codes & ((1 << fine_bits) - 1)) << FRACTION_BITS
        for weight, bit in zip(self.weights[:, column], range(self.bits - 1, fine_bits - 1, -1), strict=True):
            reached = reached + (codes >> bit & 1) * int(weight)
        after_bow = np.minimum.accumulate(reached[::-1])[::-1][1:] / 2.0**FRACTION_BITS
        bend = 4 * float(self.bow_lsb[column]) / 4.0**self.bits
        rise = 1 - bend * 2**self.bits
        # The root of bend y**2 + rise y = after_bow in the form that holds without a bow too.
        before_bow: NDArray[np.float64] = 2 * after_bow / (rise + np.sqrt(rise**2 + 4 * bend * after_bow))
        return before_bow - 0.5


@dataclass(frozen=True)
class StaticSpread:
    """How far the column converters of a design are from ideal.

    Attributes
    ----------
    bits
        Depth of a code, 6 to 16.
    inl_lsb
        Highest bow, LSB, 0 to 2**bits / 16: all columns bend the same way, each by its own share of it, 50 to 100 %. 0 switches
        the bow off.
    dnl_lsb
        Standard deviation over the columns of the widest step, the one at mid-scale, LSB, 0 to 4. A step at bit b comes from
        weights whose errors have a variance of 2**b, as units of one size make them. 0 switches the steps off.

    Raises ValueError for figures outside that.
    """

    bits: int
    inl_lsb: float
    dnl_lsb: float

    def __post_init__(self) -> None:
        if not 0 <= self.inl_lsb <= most_bow_lsb(self.bits):
            raise ValueError(f"inl_lsb = {self.inl_lsb}: allowed is 0 to {most_bow_lsb(self.bits)}")
        if not 0 <= self.dnl_lsb <= MOST_DNL_LSB:
            raise ValueError(f"dnl_lsb = {self.dnl_lsb}: allowed is 0 to {MOST_DNL_LSB}")

    def bow_lsb(self, die: np.random.Generator, width: int) -> NDArray[np.float32]:
        """Draw the die's bows, float32 (W,), LSB. Call once for a device."""
        return np.float32(self.inl_lsb) * (1 - np.float32(0.5) * die.random(width, dtype=np.float32))

    def weights(self, die: np.random.Generator, width: int) -> NDArray[np.int32]:
        """Draw the die's weights, int32 (6, W), highest bit first, in 2**-12 LSB. Call once for a device."""
        ideal = ideal_weights(self.bits)
        ideal_lsb = ideal[:, None] / 2.0**FRACTION_BITS
        total_lsb, lowest_lsb = float(ideal_lsb.sum()), float(ideal_lsb[-1, 0])
        # With unit variance u the mid-scale step e[0] - e[1] - ... has variance u total, less what the sum, made exact, takes.
        unit_lsb = self.dnl_lsb / np.sqrt(total_lsb - lowest_lsb**2 / total_lsb)
        error_lsb = unit_lsb * np.sqrt(ideal_lsb) * die.standard_normal((COARSE_BITS, width))
        error_lsb -= ideal_lsb / total_lsb * error_lsb.sum(axis=0)
        drawn = ideal[:, None] + np.rint(error_lsb * 2**FRACTION_BITS).astype(np.int64)
        drawn[0] += ideal.sum() - drawn.sum(axis=0)
        return drawn.astype(np.int32)


def ideal_weights(bits: int) -> NDArray[np.int64]:
    """The weights of an ideal converter's upper bits, int64 (6,), highest bit first, in 2**-12 LSB."""
    return np.int64(1) << (FRACTION_BITS + bits - 1 - np.arange(COARSE_BITS, dtype=np.int64))


def most_bow_lsb(bits: int) -> float:
    """The largest bow, LSB, that a converter of this depth may have."""
    return 2.0**bits / _BOW_SHARE
