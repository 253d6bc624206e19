"""What a readout order costs in hardware: line time, frame time, memory and the wait for the first sample."""

import math
from dataclasses import dataclass

from adc.geometry import Geometry
from adc.orders import BLOCK_SIDE
from adc.policy import ORDER_NAMES, OrderName


@dataclass(frozen=True)
class LineTiming:
    """What a data sheet says of a sensor's lines.

    Attributes
    ----------
    line_time_s
        From the selection of one row to that of the next, s; above 0.
    blanking_lines
        Line times of a frame in which no row of the image is converted, optical-black rows among them; 0 or more.

    Raises ValueError for figures outside that.
    """

    line_time_s: float
    blanking_lines: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.line_time_s < math.inf:
            raise ValueError(f"line_time_s = {self.line_time_s}: allowed is above 0 and finite")
        if not isinstance(self.blanking_lines, int) or self.blanking_lines < 0:
            raise ValueError(f"blanking_lines = {self.blanking_lines}: allowed is a whole number, 0 or more")


@dataclass(frozen=True)
class ReadoutTiming:
    """Timing of an array with one converter at every column and channel: of single-slope counting ones unless told.

    A row is selected and settles, all its columns convert at once, and its samples pass one output. An order needs:

    - raster and row-column: rows are addressed in any order and the columns leave a line memory in any order. Two lines
      of memory, so that one row converts while the one before leaves.
    - block: a segment of 8 columns of one row is addressed at a time, and every segment costs a line time: no frame
      memory, but a frame lasts W/8 times as long. Two segments of memory.
    - full: the whole array is converted first and then leaves in order. Two frame memories, so that one fills while
      the other empties.

    Attributes
    ----------
    geometry
        The array.
    counter_clock_hz
        Clock of the converters' counters, Hz; a conversion takes 2**bits of its periods.
    row_settle_s
        Selecting a row and settling of its columns, s.
    sample_rate_hz
        Samples that pass the output in a second, Hz.
    lines
        Line time and blanking of a given sensor, whatever its converters; then clock and settling do not matter.
    """

    geometry: Geometry
    counter_clock_hz: float = 800e6
    row_settle_s: float = 1e-6
    sample_rate_hz: float = 500e6
    lines: LineTiming | None = None

    def __post_init__(self) -> None:
        for name in ("counter_clock_hz", "sample_rate_hz"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: allowed is above 0 and finite")
        if not 0 <= self.row_settle_s < math.inf:
            raise ValueError(f"row_settle_s = {self.row_settle_s}: allowed is 0 or above and finite")

    @property
    def line_time_s(self) -> float:
        """From the selection of one row to the end of its conversion, s."""
        if self.lines is not None:
            return self.lines.line_time_s
        return self.row_settle_s + (1 << self.geometry.bits) / self.counter_clock_hz

    def frame_time_s(self, order: OrderName) -> float:
        """Shortest time between two frames, s: the slower of converting one, with its blanking lines, and sending one."""
        lines = self.geometry.height * (math.ceil(self.geometry.width / BLOCK_SIDE) if _is_block(order) else 1)
        lines += 0 if self.lines is None else self.lines.blanking_lines
        sending_s = self.geometry.pixels * self.geometry.channels / self.sample_rate_hz
        return max(lines * self.line_time_s, sending_s)

    def frame_rate_hz(self, order: OrderName, exposure_s: float = 0.0) -> float:
        """Frames in a second, Hz; an exposure longer than a frame stretches it, as the rows' reset runs one frame ahead.

        Raises ValueError unless the exposure is 0 or above and finite.
        """
        if not 0 <= exposure_s < math.inf:
            raise ValueError(f"exposure_s = {exposure_s}: allowed is 0 or above and finite")
        return 1 / max(self.frame_time_s(order), exposure_s)

    def exposure_lines(self, exposure_s: float) -> int:
        """The exposure that a sensor sets, in line times: the nearest whole number, 1 or more.

        Raises ValueError unless the exposure is above 0 and finite.
        """
        if not 0 < exposure_s < math.inf:
            raise ValueError(f"exposure_s = {exposure_s}: allowed is above 0 and finite")
        return max(1, round(exposure_s / self.line_time_s))

    def exposure_s(self, exposure_lines: int) -> float:
        """The exposure of so many line times, s.

        Raises ValueError unless they are a whole number, 1 or more.
        """
        if not isinstance(exposure_lines, int) or exposure_lines < 1:
            raise ValueError(f"exposure_lines = {exposure_lines}: allowed is a whole number, 1 or more")
        return exposure_lines * self.line_time_s

    def frame_store_bytes(self, order: OrderName) -> int:
        """Memory for samples between converters and output, bytes, packed at the geometry's depth."""
        if order == "full":
            pixels = self.geometry.pixels
        else:
            pixels = min(BLOCK_SIDE, self.geometry.width) if _is_block(order) else self.geometry.width
        return 2 * math.ceil(pixels * self.geometry.channels * self.geometry.bits / 8)

    def first_sample_s(self, order: OrderName) -> float:
        """From the start of readout to the first sample at the output, s."""
        lines = self.geometry.height if order == "full" else 1
        return lines * self.line_time_s + 1 / self.sample_rate_hz


def _is_block(order: OrderName) -> bool:
    if order not in ORDER_NAMES:
        raise ValueError(f"order = {order!r}: allowed is {', '.join(ORDER_NAMES)}")
    return order == "block"
