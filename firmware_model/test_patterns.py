"""Test patterns: frames whose every code is known, put in where the sensor's signal would come and read out as it is."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from adc import ColumnConverter, Converter, Geometry

TestPattern = Literal["off", "ramp", "checker", "walking"]
TEST_PATTERNS: tuple[TestPattern, ...] = get_args(TestPattern)
TILE_PX = 8


def pattern_codes(pattern: TestPattern, geometry: Geometry, counter: int) -> NDArray[np.uint16]:
    """The codes of a pattern in the raster, uint16 (H, W, C), in DN, as docs/protocol.md says under "Test patterns".

    ramp and walking move on by one code or bit with each frame counter, so that a frame that stands still shows.

    Raises ValueError for "off", which has no codes, and other names.
    """
    depth, top_dn = geometry.bits, 2**geometry.bits - 1
    y, x, c = np.ogrid[: geometry.height, : geometry.width, : geometry.channels]
    if pattern == "ramp":
        return ((x * geometry.channels + c + y + counter % (top_dn + 1)) & top_dn).astype(np.uint16)
    if pattern == "checker":
        bright = (x // TILE_PX + y // TILE_PX) % 2
        return np.broadcast_to(bright * top_dn, geometry.shape).astype(np.uint16)
    if pattern == "walking":
        return (1 << (x * geometry.channels + c + y + counter % depth) % depth).astype(np.uint16)
    raise ValueError(f"test_pattern = {pattern!r}: allowed is {', '.join(TEST_PATTERNS[1:])}")


@dataclass(frozen=True, eq=False)
class PatternSignal:
    """What a converter makes exactly the codes of a pattern of: an exposure for `adc.readout`.

    Attributes
    ----------
    signal_v
        float32 (H, W, C), V at the converter's input.
    exposure_s, temperature_k
        What the header says, s and K.
    """

    signal_v: NDArray[np.float32]
    exposure_s: float
    temperature_k: float

    @classmethod
    def of(cls, codes: NDArray[np.uint16], converter: Converter, *, exposure_s: float, temperature_k: float) -> "PatternSignal":
        """The signal at the middle of each code's step, where single precision errs by at most 1/256 of it."""
        return cls(((codes - converter.black_level_dn) * converter.lsb_v).astype(np.float32), exposure_s, temperature_k)


def ideal_of(converter: Converter | ColumnConverter) -> Converter:
    """The converter without the errors of its columns: a pattern is put in behind them."""
    return converter.ideal if isinstance(converter, ColumnConverter) else converter
