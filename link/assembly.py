"""A frame on its way in: packets in any sequence, twice or not at all, and the frame once all of it is there."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from adc import FrameError, RawFrame
from link.messages import FrameEnd, FrameStart, MessageError, Resend, message_of
from link.packet import Packet, PacketType
from link.ranges import ByteRanges
from link.samples import unpacked

AssemblyCause = Literal["duplicate", "late", "early", "session", "malformed", "oversized", "scattered", "displaced"]
ASSEMBLY_CAUSES: tuple[AssemblyCause, ...] = get_args(AssemblyCause)
MOST_OPEN_FRAMES = 4
DEFAULT_MOST_FRAME_BYTES = 1 << 26
MOST_RANGES = 1 << 16
FRAME_TYPES = frozenset({PacketType.FRAME_START, PacketType.DATA, PacketType.FRAME_END})
_REMEMBERED = 64
_U32 = 1 << 32


@dataclass
class _OpenFrame:
    start: FrameStart | None = None
    end: FrameEnd | None = None
    key_epoch: int | None = None
    samples: bytearray = field(default_factory=bytearray)
    held: ByteRanges = field(default_factory=ByteRanges)

    @property
    def is_whole(self) -> bool:
        return self.start is not None and self.end is not None and self.held.held_bytes == self.start.total_bytes


class FrameAssembler:
    """Puts the frames of one session and channel together. It has no keys: orders, masks and tags are not its business.

    A frame is open from its first packet until it is whole, discarded, or displaced: at most four are open, and a fifth
    displaces the one that waits longest for a packet. Later packets of the last 64 closed frames are harmless.

    Parameters
    ----------
    session, first_frame_id
        As HELLO_ACK says; a new session needs a new assembler.
    most_frame_bytes
        The longest samples of one frame, bytes: memory is bounded by four times as much.

    Attributes
    ----------
    refused
        How many packets were not used, by cause: duplicate (nothing new in it), late (of a closed frame), early (of a
        frame far from those whose FRAME_START was seen), session (of another one), malformed (against its form, or
        against the rest of its frame), oversized (beyond `most_frame_bytes`), scattered (more than 65,536 separate ranges
        of one frame). "displaced" counts frames, and so does "malformed" where a whole frame has a sample above its depth.
    """

    def __init__(self, *, session: int, first_frame_id: int, most_frame_bytes: int = DEFAULT_MOST_FRAME_BYTES) -> None:
        if not 1 <= most_frame_bytes < _U32:
            raise ValueError(f"most_frame_bytes = {most_frame_bytes}: allowed is 1 to 2**32 - 1")
        self.refused: Counter[AssemblyCause] = Counter()
        self._session = session
        self._most_frame_bytes = most_frame_bytes
        self._open: dict[int, _OpenFrame] = {}  # by frame_id; the one that waits longest for a packet comes first
        self._closed: deque[int] = deque(maxlen=_REMEMBERED)
        # Several, because nobody vouches for a frame_id: one wrong FRAME_START must not lock out the frames that follow.
        self._started: deque[int] = deque([first_frame_id], maxlen=MOST_OPEN_FRAMES)

    def take(self, packet: Packet) -> RawFrame | None:
        """Use one packet of the types FRAME_START, DATA and FRAME_END; the frame, where it is whole by that.

        Packets that are of no use are counted in `refused`. Raises ValueError for a packet of another type.
        """
        if packet.type not in FRAME_TYPES:
            raise ValueError(f"type = {packet.type:#04x}: allowed is FRAME_START, DATA or FRAME_END")
        cause = self._unused(packet)
        if cause is not None:
            self.refused[cause] += 1
        frame = self._open.get(packet.frame_id)
        return self._finished(packet.frame_id, frame) if frame is not None and frame.is_whole else None

    @property
    def open_frame_ids(self) -> tuple[int, ...]:
        """The frames that are not whole yet; the one that waits longest for a packet comes first."""
        return tuple(self._open)

    def wanted(self, frame_id: int, most_ranges: int = 30) -> Resend | None:
        """What is missing of an open frame, as the request to send it again; None where the frame is not open.

        Where FRAME_START is missing, what lies behind the last byte seen is not known yet and not asked for. Thirty ranges
        fit into every payload.
        """
        frame = self._open.get(frame_id)
        if frame is None:
            return None
        parts = (Resend.START if frame.start is None else 0) | (Resend.END if frame.end is None else 0)
        total_bytes = frame.held.end if frame.start is None else frame.start.total_bytes
        return Resend(parts, tuple(frame.held.missing(total_bytes)[:most_ranges]))

    def discard(self, frame_id: int) -> bool:
        """Give up an open frame; whether there was one."""
        if frame_id not in self._open:
            return False
        self._close(frame_id)
        return True

    def _unused(self, packet: Packet) -> AssemblyCause | None:
        """Use a packet, or say why it is of no use."""
        try:
            # The bytes of DATA need no reading, and there are many.
            message = None if packet.type == PacketType.DATA and packet.payload else message_of(packet)
        except MessageError:
            return "malformed"
        if isinstance(message, FrameStart) and message.session != self._session:
            return "session"
        if packet.frame_id in self._closed:
            return "late"
        if packet.frame_id not in self._open and not isinstance(message, FrameStart) and not self._is_near(packet.frame_id):
            return "early"
        frame = self._touched(packet.frame_id)
        if frame.key_epoch is None:
            frame.key_epoch = packet.key_epoch
        if packet.key_epoch != frame.key_epoch:
            return "malformed"
        if isinstance(message, FrameStart):
            return self._start(packet.frame_id, frame, message)
        if isinstance(message, FrameEnd):
            if frame.end is not None:
                return "duplicate" if message == frame.end else "malformed"
            frame.end = message
            return None
        return self._store(frame, packet.offset, packet.payload)

    def _is_near(self, frame_id: int) -> bool:
        return any((frame_id - each + MOST_OPEN_FRAMES) % _U32 <= 2 * MOST_OPEN_FRAMES for each in self._started)

    def _touched(self, frame_id: int) -> _OpenFrame:
        frame = self._open.pop(frame_id, None)
        if frame is None:
            frame = _OpenFrame()
            if len(self._open) == MOST_OPEN_FRAMES:
                self._close(next(iter(self._open)))
                self.refused["displaced"] += 1
        self._open[frame_id] = frame
        return frame

    def _close(self, frame_id: int) -> None:
        del self._open[frame_id]
        self._closed.append(frame_id)

    def _start(self, frame_id: int, frame: _OpenFrame, start: FrameStart) -> AssemblyCause | None:
        if frame.start is not None:
            return "duplicate" if start == frame.start else "malformed"
        if start.total_bytes > self._most_frame_bytes:
            self._close(frame_id)
            return "oversized"
        if start.header.epoch & 255 != frame.key_epoch or frame.held.end > start.total_bytes:
            self._close(frame_id)
            return "malformed"
        frame.start = start
        if frame.samples:
            frame.samples.extend(bytes(start.total_bytes - len(frame.samples)))
        else:
            frame.samples = bytearray(start.total_bytes)
        self._started.append(frame_id)
        return None

    def _store(self, frame: _OpenFrame, offset: int, data: bytes) -> AssemblyCause | None:
        end = offset + len(data)
        if frame.start is not None and end > frame.start.total_bytes:
            return "malformed"
        if end > self._most_frame_bytes:
            return "oversized"
        if frame.held.count == MOST_RANGES:
            return "scattered"
        if not frame.held.add(offset, end):
            return "duplicate"
        if end > len(frame.samples):
            frame.samples.extend(bytes(end - len(frame.samples)))
        frame.samples[offset:end] = data
        return None

    def _finished(self, frame_id: int, frame: _OpenFrame) -> RawFrame | None:
        assert frame.start is not None and frame.end is not None
        self._close(frame_id)
        header, geometry = frame.start.header, frame.start.header.geometry
        samples = unpacked(np.frombuffer(frame.samples, np.uint8), geometry.pixels * geometry.channels, frame.start.sample_format)
        try:
            return RawFrame(header, samples.reshape(geometry.pixels, geometry.channels), frame.end.tag)
        except FrameError:  # a sample above what its depth allows
            self.refused["malformed"] += 1
            return None
