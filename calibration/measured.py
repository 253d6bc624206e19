"""A measured figure: its value, its unit and how well it is known."""

import math
from dataclasses import dataclass
from typing import Any

NORMAL_95 = 1.959964
"""Half of a 95 % interval of a normal distribution, in standard errors."""


@dataclass(frozen=True)
class Measured:
    """One figure with its statistical error.

    Attributes
    ----------
    value, unit
        the figure; "" where it has no unit.
    standard_error
        one standard deviation of the figure over repeated measurements, in the same unit; 0 or more.
    note
        what a reader must know: that it is a bound, or why another method was taken.
    least
        what the figure cannot be below, and its interval neither: 0 for a standard deviation.

    Raises ValueError for a value that is not finite or below the least, or an error that is negative or not finite.
    """

    value: float
    unit: str
    standard_error: float
    note: str = ""
    least: float = -math.inf

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"value = {self.value} {self.unit}: allowed is a finite number")
        if not self.value >= self.least:
            raise ValueError(f"value = {self.value} {self.unit}: allowed is {self.least:g} or more")
        if not 0 <= self.standard_error < math.inf:
            raise ValueError(f"standard_error = {self.standard_error} {self.unit}: allowed is 0 or more and finite")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, in the figure's unit."""
        half = NORMAL_95 * self.standard_error
        return max(self.least, self.value - half), self.value + half

    def agrees_with(self, other: "Measured") -> bool:
        """Whether the two differ by no more than a difference of two such figures does in 95 % of all cases."""
        return abs(self.value - other.value) <= NORMAL_95 * math.hypot(self.standard_error, other.standard_error)

    def as_json(self) -> dict[str, Any]:
        """`value`, `unit`, `interval` and, where there is one, `note`."""
        entry: dict[str, Any] = {"value": self.value, "unit": self.unit, "interval": list(self.interval)}
        return {**entry, "note": self.note} if self.note else entry


def decibels(ratio: Measured) -> Measured:
    """20 log10 of a ratio above 0, in dB, with the error that follows."""
    error = 20 / math.log(10) * ratio.standard_error / ratio.value
    return Measured(20 * math.log10(ratio.value), "dB", error, ratio.note)


def quotient(above: Measured, below: Measured, unit: str, note: str = "") -> Measured:
    """above / below, their errors being independent; `below` must not be 0."""
    value = above.value / below.value
    error = math.hypot(above.standard_error / below.value, value * below.standard_error / below.value)
    return Measured(value, unit, error, note)
