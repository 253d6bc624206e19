"""What goes out on the link: answers at once, then parts that are asked for again, then frames, in short bursts."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from firmware_model.device_faults import DeviceFaults
from firmware_model.device_state import DeviceReset
from firmware_model.device_statistics import DeviceStatistics
from link.messages import Message, Resend
from link.outgoing import OutgoingFrame
from link.packet import Packet
from link.transport import LinkLost, LinkTimeout

MOST_RESENDS = 32
"""RESENDs that may wait; a host repeats what it does not get."""
BURST_S = 0.01
"""Line time of a burst: so long a command may wait for its answer behind frames."""
BURST_BYTES = 1 << 16
"""A burst where the line is not the limit."""
LEAST_BURST_BYTES = 1024


@dataclass(frozen=True, eq=False)
class _Job:
    """A frame, or parts of one, on its way out in pieces."""

    frame: OutgoingFrame
    pieces: Iterator[Resend]
    payload_bytes: int
    is_resent: bool


class Sender:
    """Packets on their way to the host.

    A write that the host does not take in time, or that finds no host, loses what it carried: answers are asked for again,
    and of a frame under way nothing more is sent, so that whole frames are dropped.

    Parameters
    ----------
    write
        hands bytes to the link; may raise LinkTimeout and LinkLost.
    baud
        bits per second of the line, None where it is not the limit.
    faults, statistics
        a reset may come at any DATA packet; what is sent is counted.
    """

    def __init__(
        self, write: Callable[[bytes], None], *, baud: int | None, faults: DeviceFaults, statistics: DeviceStatistics
    ) -> None:
        self._write, self._faults, self._statistics = write, faults, statistics
        self._burst_bytes = BURST_BYTES if baud is None else max(LEAST_BURST_BYTES, min(BURST_BYTES, int(baud / 10 * BURST_S)))
        self._seq = 0
        self._frame: _Job | None = None
        self._resends: deque[_Job] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether a frame or a resend is under way."""
        return self._frame is not None or bool(self._resends)

    @property
    def has_frame(self) -> bool:
        """Whether a frame is under way."""
        return self._frame is not None

    def send(self, packet: Packet) -> bool:
        """Send one packet at once; whether the link took it."""
        self._statistics.count("packets_sent")
        return self._written(packet.encoded())

    def tell(self, message: Message) -> bool:
        """Send a message that answers no command, under the device's own seq."""
        return self.send(message.packet(seq=self._take_seq()))

    def begin_frame(self, frame: OutgoingFrame, payload_bytes: int) -> None:
        """Send a frame in the bursts to come. Raises ValueError while one is under way."""
        if self._frame is not None:
            raise ValueError("frame: one is under way; allowed is the next when its last packet is sent")
        whole = Resend(Resend.START | Resend.END, ((0, frame.start.total_bytes),))
        self._frame = self._job(frame, whole, payload_bytes, is_resent=False)

    def resend(self, frame: OutgoingFrame, wanted: Resend, payload_bytes: int) -> bool:
        """Send parts of a frame again in the bursts to come; False where too many wait, ValueError for parts beyond it."""
        if len(self._resends) >= MOST_RESENDS:
            return False
        self._resends.append(self._job(frame, wanted, payload_bytes, is_resent=True))
        return True

    def burst(self) -> None:
        """Send the next piece of what is under way. Raises DeviceReset where the reset line is pulled in the middle of it."""
        job = self._resends[0] if self._resends else self._frame
        if job is None:
            return
        piece = next(job.pieces, None)
        if piece is None:
            self._finish(job)
        elif not self._written(b"".join(self._encoded(job, piece))):
            self._statistics.count("frames_dropped_link", self.drop_all())

    def drop_all(self) -> int:
        """Forget what is under way, as the end of a session does; how many frames that were."""
        dropped = int(self._frame is not None)
        self._frame = None
        self._resends.clear()
        return dropped

    def _job(self, frame: OutgoingFrame, wanted: Resend, payload_bytes: int, *, is_resent: bool) -> _Job:
        pieces = frame.pieces(wanted, self._burst_bytes, payload_bytes=payload_bytes)
        return _Job(frame, pieces, payload_bytes, is_resent)

    def _encoded(self, job: _Job, piece: Resend) -> list[bytes]:
        encoded = job.frame.encoded(
            piece, first_seq=self._seq, payload_bytes=job.payload_bytes, is_resent=job.is_resent
        )  # fmt: skip
        if self._faults.is_on("reset"):
            self._reset_at_its_packet(piece, encoded)
        self._seq = self._seq + len(encoded) & 0xFFFFFFFF
        self._statistics.count("packets_sent", len(encoded))
        if job.is_resent:
            self._statistics.count("packets_resent", len(encoded))
        return encoded

    def _reset_at_its_packet(self, piece: Resend, encoded: list[bytes]) -> None:
        first = 1 if piece.parts & Resend.START else 0
        end = len(encoded) - (1 if piece.parts & Resend.END else 0)
        for number in range(first, end):
            if self._faults.due("reset"):
                self._written(b"".join(encoded[:number]))
                raise DeviceReset("power_on")

    def _finish(self, job: _Job) -> None:
        if job.is_resent:
            self._resends.popleft()
        else:
            self._frame = None
            self._statistics.count("frames_sent")

    def _written(self, data: bytes) -> bool:
        try:
            self._write(data)
        except (LinkTimeout, LinkLost):
            return False
        return True

    def _take_seq(self) -> int:
        seq, self._seq = self._seq, self._seq + 1 & 0xFFFFFFFF
        return seq
