"""The analog-to-digital converter: volts to DN, with gain, black level, rounding and clipping."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Converter:
    """An ideal converter behind an amplifier.

    Attributes
    ----------
    full_scale_v
        Range of the converter at its own input, V; above 0.
    analog_gain
        Gain of the amplifier before it, V/V; above 0.
    black_level_dn
        Code of zero volts, DN; 0 to 2**bits - 1. It keeps the noise below black from being clipped.
    bits
        Depth of a code, 6 to 16.
    """

    full_scale_v: float = 1.0
    analog_gain: float = 1.0
    black_level_dn: float = 64.0
    bits: int = 12

    def __post_init__(self) -> None:
        if not isinstance(self.bits, int) or not 6 <= self.bits <= 16:
            raise ValueError(f"bits = {self.bits!r}: allowed is 6 to 16, an int")
        for name, size in (("full_scale_v", self.full_scale_v), ("analog_gain", self.analog_gain)):
            if not 0 < size < math.inf:
                raise ValueError(f"{name} = {size}: allowed is above 0 and finite")
        if not 0 <= self.black_level_dn <= self.top_dn:
            raise ValueError(f"black_level_dn = {self.black_level_dn}: allowed is 0 to {self.top_dn}")

    @property
    def top_dn(self) -> int:
        """The highest code, 2**bits - 1."""
        return (1 << self.bits) - 1

    @property
    def lsb_v(self) -> float:
        """One code step at the amplifier's input, V."""
        return self.full_scale_v / (1 << self.bits) / self.analog_gain

    @property
    def input_range_v(self) -> tuple[float, float]:
        """The signals, V, between which a uniform ramp hits all 2**bits codes equally often.

        Rounding puts the end codes' outer edges half a step beyond them, so that they are as wide as every other code.
        """
        low_dn = -self.black_level_dn - 0.5
        return low_dn * self.lsb_v, (low_dn + (1 << self.bits)) * self.lsb_v

    def convert(self, signal_v: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Convert signals in V, of any shape, to codes in DN, uint16 of that shape and in the same layout.

        Raises ValueError for a signal that is not a number; infinite ones are clipped.
        """
        if np.isnan(signal_v).any():
            raise ValueError("signal_v = nan: allowed is a voltage at every photosite")
        code = np.floor(np.asarray(signal_v, np.float64) / self.lsb_v + self.black_level_dn + 0.5)
        return np.clip(code, 0, self.top_dn).astype(np.uint16)
