"""Column offset FPN: every column converter has its own zero, fixed when the die is made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ColumnOffset:
    """Spread of the column offsets (EMVA 1288 R4, section 8: the column part of DSNU).

    Attributes
    ----------
    spread_v
        Standard deviation over the columns, V at the amplifier's input, 0 to 1. 0 switches the effect off.

    Raises ValueError for a spread outside that.
    """

    spread_v: float

    def __post_init__(self) -> None:
        if not 0 <= self.spread_v <= 1:
            raise ValueError(f"column_offset_v = {self.spread_v}: allowed is 0 to 1")

    def offset_v(self, die: np.random.Generator, width: int) -> NDArray[np.float32]:
        """Draw the die's offsets, float32 (W,), V, mean 0. Call once for a device."""
        return die.standard_normal(width, dtype=np.float32) * np.float32(self.spread_v)
