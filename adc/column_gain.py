"""Column gain FPN: every column amplifier has its own gain, fixed when the die is made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ColumnGain:
    """Spread of the column gains (EMVA 1288 R4, section 8: the column part of PRNU).

    Attributes
    ----------
    spread_percent
        Standard deviation over the columns, % of the mean gain, 0 to 10. 0 switches the effect off.

    Raises ValueError for a spread outside that.
    """

    spread_percent: float

    def __post_init__(self) -> None:
        if not 0 <= self.spread_percent <= 10:
            raise ValueError(f"column_gain_percent = {self.spread_percent}: allowed is 0 to 10")

    def gain(self, die: np.random.Generator, width: int) -> NDArray[np.float32]:
        """Draw the die's gains, float32 (W,), mean 1, dimensionless. Call once for a device."""
        return np.float32(1) + die.standard_normal(width, dtype=np.float32) * np.float32(self.spread_percent / 100)
