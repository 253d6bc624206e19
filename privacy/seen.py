"""What an eavesdropper holds: the samples as they travel, and what the clear header says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.uint8] | NDArray[np.uint16]
Order = NDArray[np.int64]
"""int64 (P,): emitted[q] = pixel[order[q]]."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Emitted frames of one camera.

    Attributes
    ----------
    frames
        uint8 or uint16 (F, P, C), samples in emission order, P = height width.
    height, width, bits
        Size of the array and depth of a sample, from the header.

    Raises
    ------
    ValueError
        where the frames do not fit the header.
    """

    frames: Samples
    height: int
    width: int
    bits: int = 8

    def __post_init__(self) -> None:
        frames = self.frames
        if frames.dtype not in (np.uint8, np.uint16) or frames.ndim != 3 or not frames.size:
            raise ValueError(f"frames = {frames.dtype} {frames.shape}: allowed is uint8 or uint16 (F, P, C), at least one frame")
        if self.height < 1 or self.width < 1 or frames.shape[1] != self.height * self.width:
            allowed = f"{frames.shape[1]} pixels, as in the frames"
            raise ValueError(f"height x width = {self.height} x {self.width}: allowed is {allowed}")
        if not 1 <= self.bits <= 16 or int(frames.max()) >> self.bits:
            raise ValueError(f"bits = {self.bits}: allowed is 1 to 16, enough for samples of up to {int(frames.max())}")

    @property
    def count(self) -> int:
        """How many frames were seen, F."""
        return len(self.frames)

    def first(self, count: int) -> "Seen":
        """The first `count` frames, or all."""
        return Seen(self.frames[:count], self.height, self.width, self.bits)
