"""Row noise: what disturbs the supply or the ramp while one line is converted disturbs every sample of that line alike."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

ReadoutMode = Literal["column_parallel", "random_access"]
READOUT_MODES: tuple[ReadoutMode, ...] = get_args(ReadoutMode)
SEED_LIMIT = 2**64
_STREAM = int.from_bytes(b"rownoise", "big")  # the other half of the generator's key: no other effect draws from it


@dataclass(frozen=True)
class RowNoise:
    """Temporal noise that all samples of one line time share (EMVA 1288 R4, section 8: the row part, in time).

    Attributes
    ----------
    rms_v
        Standard deviation, V at the amplifier's input, 0 to 1. 0 switches the effect off.

    Raises ValueError for a noise outside that.
    """

    rms_v: float

    def __post_init__(self) -> None:
        if not 0 <= self.rms_v <= 1:
            raise ValueError(f"row_noise_v = {self.rms_v}: allowed is 0 to 1")

    def lines_v(self, frame_seed: int, lines: int) -> NDArray[np.float32]:
        """The noise of lines 0 to lines - 1 of one frame, float32 (lines,), V.

        Line n takes words 2n and 2n + 1 of Philox 4x64 under the frame's seed (J. Salmon et al., "Parallel random numbers: as
        easy as 1, 2, 3", 2011) and makes one normal number of them (Box and Muller, 1958): it depends on nothing else.

        Raises ValueError unless `frame_seed` is a whole number, 0 to 2**64 - 1.
        """
        if not isinstance(frame_seed, int) or not 0 <= frame_seed < SEED_LIMIT:
            raise ValueError(f"frame_seed = {frame_seed}: allowed is 0 to 2**64 - 1")
        if self.rms_v == 0:
            return np.zeros(lines, np.float32)
        words = np.random.Philox(key=np.array([frame_seed, _STREAM], np.uint64)).random_raw(2 * lines)
        # The middle of each of 2**53 steps: never 0, of which there is no logarithm.
        radius, turn = ((words >> np.uint64(11)) + 0.5).reshape(lines, 2).T * 2.0**-53
        normal = np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * turn)
        noise_v: NDArray[np.float32] = (self.rms_v * normal).astype(np.float32)
        return noise_v


def lines_of_pixels(order: NDArray[np.uint32], width: int) -> NDArray[np.uint16]:
    """In which line time each pixel is converted where pixels are addressed in emission order, uint16 (P,).

    Emission slots q = n W to n W + W - 1 are line n; `order` is uint32 (P,), emitted[q] = pixel[order[q]].
    """
    line_of = np.empty(order.size, np.uint16)
    _place_lines(order, width, line_of)
    return line_of


@njit(cache=True, nogil=True, parallel=True)
def _place_lines(order: NDArray[np.uint32], width: int, line_of: NDArray[np.uint16]) -> None:
    for line in prange(order.size // width):
        for q in range(line * width, (line + 1) * width):
            line_of[order[q]] = line
