"""A frame on its way out: cut into packets, and into the parts that are asked for again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from adc import RawFrame
from link.messages.frames import FrameEnd, FrameStart, Resend
from link.packet import (
    DEFAULT_PAYLOAD_BYTES,
    HEADER,
    LEAST_PAYLOAD_BYTES,
    MOST_PAYLOAD_BYTES,
    PACKET_VERSION,
    Packet,
    PacketFlags,
    PacketType,
    encoded_body,
)
from link.samples import SampleFormat, narrowest, packed, packed_bytes

MOST_FRAME_BYTES = 2**32 - 1


@dataclass(frozen=True, eq=False)
class OutgoingFrame:
    """What a device keeps of a frame until nobody can ask for a part of it any more.

    Attributes
    ----------
    start, end
        The messages before and behind the samples.
    samples
        Bytes of the samples, uint8 (total_bytes,).
    frame_id
        The link's number of the frame.
    channel
        Which stream.
    """

    start: FrameStart
    samples: NDArray[np.uint8] = field(repr=False)
    end: FrameEnd
    frame_id: int
    channel: int = 0

    @classmethod
    def of(
        cls, raw: RawFrame, *, session: int, frame_id: int, timestamp_ns: int, sample_format: SampleFormat | None = None
    ) -> Self:
        """Make a frame ready; the format is the narrowest one for its depth unless told.

        Raises ValueError for a frame of 4 GiB or more, and for a format that has no room for its depth.
        """
        header, geometry = raw.header, raw.header.geometry
        chosen = narrowest(geometry.bits) if sample_format is None else sample_format
        total_bytes = packed_bytes(geometry.pixels * geometry.channels, chosen)
        if total_bytes > MOST_FRAME_BYTES:
            raise ValueError(f"total_bytes = {total_bytes}: allowed is up to {MOST_FRAME_BYTES} bytes a frame")
        start = FrameStart(session, header.counter, timestamp_ns, total_bytes, chosen, header)
        return cls(start, packed(raw.samples, chosen), FrameEnd(raw.tag), frame_id)

    def packets(self, *, first_seq: int, payload_bytes: int = DEFAULT_PAYLOAD_BYTES) -> Iterator[Packet]:
        """The whole frame: FRAME_START, DATA, FRAME_END, with rising seq modulo 2**32."""
        self._check(payload_bytes)
        wanted = Resend(Resend.START | Resend.END, ((0, self.start.total_bytes),))
        return self._cut(wanted, first_seq, payload_bytes, PacketFlags.NONE)

    def resent(self, wanted: Resend, *, first_seq: int, payload_bytes: int = DEFAULT_PAYLOAD_BYTES) -> Iterator[Packet]:
        """The parts that are asked for, with the flag RESEND. Raises ValueError for a range beyond the frame."""
        self._check(payload_bytes)
        self._check_ranges(wanted)
        return self._cut(wanted, first_seq, payload_bytes, PacketFlags.RESEND)

    def pieces(self, wanted: Resend, piece_bytes: int, *, payload_bytes: int = DEFAULT_PAYLOAD_BYTES) -> Iterator[Resend]:
        """What is wanted of the frame in pieces of about `piece_bytes`, for a sender that does other things between them.

        Taken one after the other, they make the same packets as the whole. Raises ValueError for a range beyond the frame.
        """
        self._check(payload_bytes)
        self._check_ranges(wanted)
        step = max(1, piece_bytes // payload_bytes) * payload_bytes
        spans: list[tuple[tuple[int, int], ...]] = [
            ((at, min(step, offset + length - at)),)
            for offset, length in wanted.ranges
            for at in range(offset, offset + length, step)
        ]
        last = len(spans or [()]) - 1
        before, behind = wanted.parts & Resend.START, wanted.parts & Resend.END
        return (
            Resend((before if number == 0 else 0) | (behind if number == last else 0), span)
            for number, span in enumerate(spans or [()])
        )

    def encoded(
        self, piece: Resend, *, first_seq: int, payload_bytes: int = DEFAULT_PAYLOAD_BYTES, is_resent: bool = False
    ) -> list[bytes]:
        """The packets of one of the `pieces` as they go over the wire, with rising seq modulo 2**32; with the flag RESEND where
        they are sent again. The same bytes as `Packet.encoded` gives, at a third of the cost: there are 20,000 in a second.
        """
        self._check(payload_bytes)
        flags = PacketFlags.RESEND if is_resent else PacketFlags.NONE
        about = {"flags": flags, "frame_id": self.frame_id, "channel": self.channel, "key_epoch": self.start.header.epoch & 255}
        seq, made = first_seq, []
        if piece.parts & Resend.START:
            made.append(self.start.packet(seq=seq, **about).encoded())
            seq = seq + 1 & 0xFFFFFFFF
        samples, total = memoryview(self.samples), len(self.samples)
        plain, last = int(flags), int(flags | PacketFlags.LAST)
        for offset, length in piece.ranges:
            end = offset + length
            for at in range(offset, end, payload_bytes):
                part = samples[at : min(at + payload_bytes, end)]
                marks = last if at + len(part) == total else plain
                numbers = (seq, self.frame_id, at, len(part), self.channel, about["key_epoch"])
                made.append(encoded_body(HEADER.pack(PACKET_VERSION, PacketType.DATA, marks, *numbers) + part))
                seq = seq + 1 & 0xFFFFFFFF
        if piece.parts & Resend.END:
            made.append(self.end.packet(seq=seq, **about).encoded())
        return made

    def packet_count(self, payload_bytes: int = DEFAULT_PAYLOAD_BYTES) -> int:
        """How many packets the whole frame takes: by how much seq rises."""
        self._check(payload_bytes)
        return 2 + -(-self.start.total_bytes // payload_bytes)

    def _cut(self, wanted: Resend, seq: int, payload_bytes: int, flags: PacketFlags) -> Iterator[Packet]:
        key_epoch = self.start.header.epoch & 255
        about = {"frame_id": self.frame_id, "channel": self.channel, "key_epoch": key_epoch}
        if wanted.parts & Resend.START:
            yield self.start.packet(seq=seq, flags=flags, **about)
            seq = seq + 1 & 0xFFFFFFFF
        samples, plain, last = memoryview(self.samples), int(flags), int(flags | PacketFlags.LAST)
        for offset, length in wanted.ranges:
            end = offset + length
            for at in range(offset, end, payload_bytes):
                part = bytes(samples[at : min(at + payload_bytes, end)])
                closes = at + len(part) == len(samples)
                yield Packet(
                    PacketType.DATA, part, last if closes else plain, seq, self.frame_id, at, self.channel, key_epoch
                )  # fmt: skip
                seq = seq + 1 & 0xFFFFFFFF
        if wanted.parts & Resend.END:
            yield self.end.packet(seq=seq, flags=flags, **about)

    def _check_ranges(self, wanted: Resend) -> None:
        for offset, length in wanted.ranges:
            if offset + length > self.start.total_bytes:
                asked = f"{offset} to {offset + length}"
                raise ValueError(f"range = {asked}: allowed is 0 to {self.start.total_bytes}, the bytes of the frame")

    def _check(self, payload_bytes: int) -> None:
        if not LEAST_PAYLOAD_BYTES <= payload_bytes <= MOST_PAYLOAD_BYTES:
            raise ValueError(f"payload_bytes = {payload_bytes}: allowed is {LEAST_PAYLOAD_BYTES} to {MOST_PAYLOAD_BYTES}")
