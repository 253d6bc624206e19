"""The cycle of a frame through the camera: exposure, readout, frame store, link; the slowest of them sets the frame rate."""

import math
from dataclasses import dataclass

from adc import Geometry, LineTiming, ReadoutPolicy, ReadoutTiming
from link.packet import CRC_BYTES, HEADER_BYTES, LEAST_PAYLOAD_BYTES, MOST_PAYLOAD_BYTES
from link.samples import SampleFormat, packed_bytes
from sensor_sim import SensorProfile

BITS_PER_BYTE_ON_THE_LINE = 10
"""A start bit, eight of data and a stop bit."""
STORE_BYTES_PER_S = 1.6e9
"""Into and out of a frame store of 16-bit DDR3-800 memory at full rate."""


def on_the_wire_bytes(payload_bytes: int) -> int:
    """The most that a packet with so many bytes of payload takes: two zeros, and COBS with a byte for each 254 begun."""
    body = HEADER_BYTES + payload_bytes + CRC_BYTES
    return body + 1 + body // 254 + 2


CONTROL_BYTES = on_the_wire_bytes(219) + on_the_wire_bytes(16)
"""FRAME_START, with the longest names, and FRAME_END on the wire."""


@dataclass(frozen=True)
class FrameCycle:
    """How long each stage holds one frame; while one frame is in a stage, others are in the others.

    Attributes
    ----------
    timing
        Of the array and its converters.
    policy
        Its order says how the array is read out.
    sample_format
        How samples are written on the wire.
    payload_bytes
        Of a DATA packet, 256 to 8192.
    baud
        Bits per second on the line, ten for a byte; None where the link is not the limit.
    store_bytes_per_s
        What the frame store takes and gives together, above 0.

    Raises ValueError for figures outside that.
    """

    timing: ReadoutTiming
    policy: ReadoutPolicy
    sample_format: SampleFormat
    payload_bytes: int
    baud: int | None = None
    store_bytes_per_s: float = STORE_BYTES_PER_S

    def __post_init__(self) -> None:
        if not LEAST_PAYLOAD_BYTES <= self.payload_bytes <= MOST_PAYLOAD_BYTES:
            raise ValueError(f"payload_bytes = {self.payload_bytes}: allowed is {LEAST_PAYLOAD_BYTES} to {MOST_PAYLOAD_BYTES}")
        if self.baud is not None and not self.baud >= 1:
            raise ValueError(f"baud = {self.baud}: allowed is 1 or more, or None for a link without a limit")
        if not 0 < self.store_bytes_per_s < math.inf:
            raise ValueError(f"store_bytes_per_s = {self.store_bytes_per_s}: allowed is above 0 and finite")

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame's samples on the wire, without packets."""
        geometry = self.timing.geometry
        return packed_bytes(geometry.pixels * geometry.channels, self.sample_format)

    @property
    def wire_bytes(self) -> int:
        """Bytes of a frame on the line, framing included: never less than it takes, and less than 1 % more."""
        whole, rest = divmod(self.frame_bytes, self.payload_bytes)
        packets = whole * on_the_wire_bytes(self.payload_bytes)
        return packets + (on_the_wire_bytes(rest) if rest else 0) + CONTROL_BYTES

    @property
    def readout_s(self) -> float:
        """Converting the array and emitting it in order, s."""
        return self.timing.frame_time_s(self.policy.order)

    @property
    def store_s(self) -> float:
        """Into the frame store and out of it, s: the memory has one port."""
        return 2 * self.frame_bytes / self.store_bytes_per_s

    @property
    def link_s(self) -> float:
        """Over the line, s; 0 where the link is not the limit."""
        return 0.0 if self.baud is None else self.wire_bytes * BITS_PER_BYTE_ON_THE_LINE / self.baud

    def frame_time_s(self, exposure_s: float) -> float:
        """Shortest time from one frame to the next, s."""
        return max(exposure_s, self.readout_s, self.store_s, self.link_s)

    def frame_rate_hz(self, exposure_s: float) -> float:
        """Frames per second that the camera can keep up with this exposure, Hz.

        Raises ValueError unless the exposure is above 0 and finite.
        """
        if not 0 < exposure_s < math.inf:
            raise ValueError(f"exposure_s = {exposure_s}: allowed is above 0 and finite")
        return 1 / self.frame_time_s(exposure_s)

    def limit(self, exposure_s: float) -> str:
        """Which stage sets the rate: exposure, readout, store or link."""
        stages = {"exposure": exposure_s, "readout": self.readout_s, "store": self.store_s, "link": self.link_s}
        return max(stages, key=lambda stage: stages[stage])


def timing_of(profile: SensorProfile, geometry: Geometry) -> ReadoutTiming:
    """The timing of a profile's lines, or of counting converters where its data sheet states none."""
    figures = profile.readout
    if not figures.line_time_s:
        return ReadoutTiming(geometry)
    return ReadoutTiming(geometry, lines=LineTiming(figures.line_time_s, figures.blanking_lines))
