"""A frame on the wire: its start, its bytes, its end with the tag, and the request to send parts again."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from adc import FrameHeader
from link.messages.fields import U8, U32, U64, Code, HeaderOfFrame, MessageError, Octets, Spans, Tail
from link.messages.message import Message
from link.packet import PacketType
from link.samples import SampleFormat, packed_bytes


@dataclass(frozen=True)
class FrameStart(Message):
    """What the frame says about itself, and how its samples are written; frame_id and key epoch are the packet's."""

    TYPE: ClassVar = PacketType.FRAME_START
    session: Annotated[int, U32, "as in HELLO_ACK"]
    counter: Annotated[int, U64, "as in the header"]
    timestamp_ns: Annotated[int, U64, "beginning of the exposure, ns since the reset"]
    total_bytes: Annotated[int, U32, "of the samples in that form"]
    sample_format: Annotated[SampleFormat, Code(SampleFormat), "form of the samples"]
    header: Annotated[FrameHeader, HeaderOfFrame(), "the frame's header"]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.counter != self.header.counter:
            raise MessageError(f"counter = {self.counter}: allowed is {self.header.counter}, as the header says")
        geometry = self.header.geometry
        if geometry.bits > self.sample_format.most_bits:
            allowed = f"up to {self.sample_format.most_bits} for {self.sample_format.name}"
            raise MessageError(f"bits = {geometry.bits}: allowed is {allowed}")
        expected = packed_bytes(geometry.pixels * geometry.channels, self.sample_format)
        if self.total_bytes != expected:
            raise MessageError(f"total_bytes = {self.total_bytes}: allowed is {expected}, as the header says")


@dataclass(frozen=True)
class FrameData(Message):
    """Bytes of the frame's samples from the packet's offset on."""

    TYPE: ClassVar = PacketType.DATA
    data: Annotated[bytes, Tail(), "1 byte or more"]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.data:
            raise MessageError("data = 0 bytes: allowed is 1 byte or more")


@dataclass(frozen=True)
class FrameEnd(Message):
    """The frame is whole."""

    TYPE: ClassVar = PacketType.FRAME_END
    tag: Annotated[bytes, Octets(16), "the ADC's tag over header and samples"]


@dataclass(frozen=True)
class Resend(Message):
    """Send parts of the packet's frame again, with the flag RESEND."""

    TYPE: ClassVar = PacketType.RESEND
    parts: Annotated[int, U8, "bit 0: FRAME_START, bit 1: FRAME_END"]
    ranges: Annotated[tuple[tuple[int, int], ...], Spans(), "offset and length of missing bytes, 1 or more each"]

    START: ClassVar = 1
    END: ClassVar = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.parts > self.START | self.END or not (self.parts or self.ranges):
            raise MessageError(f"parts = {self.parts}: allowed is 1 to 3, and 0 where there are ranges")


@dataclass(frozen=True)
class Credit(Message):
    """How far the device may send: a total, so that neither loss nor repetition of a credit does harm."""

    TYPE: ClassVar = PacketType.CREDIT
    session: Annotated[int, U32, "as in HELLO_ACK"]
    limit_bytes: Annotated[int, U64, "bytes of DATA payload, counted from the session's beginning without resends"]
