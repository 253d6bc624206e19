"""The sentence with which a figure outside its range is refused."""

import math
from numbers import Integral


def refuse_outside(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Raise ValueError unless low <= value <= high and value is finite; the sentence says what is allowed."""
    if not (low <= value <= high and value < math.inf):
        allowed = f"{low:g} to {high:g}" if high < math.inf else f"{low:g} or more and finite"
        raise ValueError(f"{name} = {value}: allowed is {allowed}")


def refuse_unless_whole(name: str, value: object, low: int, high: int) -> None:
    """Raise ValueError unless value is a whole number, low <= value <= high; the sentence says what is allowed."""
    if not isinstance(value, Integral) or not low <= int(value) <= high:
        raise ValueError(f"{name} = {value!r}: allowed is a whole number, {low} to {high}")
