"""What a readout order costs in hardware: line time, frame time, memory and the wait for the first sample."""

import math
from dataclasses import dataclass

from adc.geometry import Geometry
from adc.orders import BLOCK_SIDE
from adc.policy import ORDER_NAMES, OrderName


@dataclass(frozen=True)
class ReadoutTiming:
    """Timing of an array with one single-slope counting converter at every column and channel.

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
    """

    geometry: Geometry
    counter_clock_hz: float = 800e6
    row_settle_s: float = 1e-6
    sample_rate_hz: float = 500e6

    def __post_init__(self) -> None:
        for name in ("counter_clock_hz", "sample_rate_hz"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: allowed is above 0 and finite")
        if not 0 <= self.row_settle_s < math.inf:
            raise ValueError(f"row_settle_s = {self.row_settle_s}: allowed is 0 or above and finite")

    @property
    def line_time_s(self) -> float:
        """From the selection of one row to the end of its conversion, s."""
        return self.row_settle_s + (1 << self.geometry.bits) / self.counter_clock_hz

    def frame_time_s(self, order: OrderName) -> float:
        """Shortest time between two frames, s: the slower of converting one and sending one."""
        lines = self.geometry.height * (math.ceil(self.geometry.width / BLOCK_SIDE) if _is_block(order) else 1)
        sending_s = self.geometry.pixels * self.geometry.channels / self.sample_rate_hz
        return max(lines * self.line_time_s, sending_s)

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
