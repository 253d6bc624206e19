"""What one exposure leaves in the array."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Exposure:
    """The signal that one exposure leaves in the array.

    Attributes
    ----------
    signal_v
        float32 (H, W, C) in V; C is 3 for an "rgb" array, else 1. Noise may take it below 0.
    exposure_s, temperature_k
        how long, and how warm the die was.
    frame_seed
        what the temporal noise of the frame follows from, 0 to 2**64 - 1.
    optical_black_v
        float32 (rows, W, C) in V: the shielded rows above the array, with everything but light; None where there are none.

    Raises
    ------
    ValueError
        if a signal has another dtype or shape, or a figure is outside its range.
    """

    signal_v: NDArray[np.float32]
    exposure_s: float
    temperature_k: float
    frame_seed: int = 0
    optical_black_v: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        signal_v, black_v = self.signal_v, self.optical_black_v
        if signal_v.dtype != np.float32 or signal_v.ndim != 3 or signal_v.shape[2] not in (1, 3) or not signal_v.size:
            raise ValueError(f"signal_v = {signal_v.dtype} {signal_v.shape}: allowed is float32 (H, W, 1) or (H, W, 3)")
        refuse_exposure(self.exposure_s)
        if not 0 < self.temperature_k < math.inf:
            raise ValueError(f"temperature_k = {self.temperature_k}: allowed is above 0 and finite")
        refuse_frame_seed(self.frame_seed)
        if black_v is not None and (
            black_v.dtype != np.float32 or black_v.ndim != 3 or black_v.shape[1:] != signal_v.shape[1:] or not black_v.size
        ):
            allowed = f"float32 (rows, {signal_v.shape[1]}, {signal_v.shape[2]})"
            raise ValueError(f"optical_black_v = {black_v.dtype} {black_v.shape}: allowed is {allowed}")


def refuse_exposure(exposure_s: float) -> None:
    """Raise ValueError unless the exposure is above 0 and finite."""
    if not 0 < exposure_s < math.inf:
        raise ValueError(f"exposure_s = {exposure_s}: allowed is above 0 and finite")


def refuse_frame_seed(frame_seed: int) -> None:
    """Raise ValueError unless the seed is 0 to 2**64 - 1."""
    if not 0 <= frame_seed < 2**64:
        raise ValueError(f"frame_seed = {frame_seed}: allowed is 0 to 2**64 - 1")
