"""What goes out on the link: answers at once, then parts that are asked for again, then frames, in short bursts."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from firmware_model.device_faults import DeviceFaults
from firmware_model.device_state import DeviceReset
from firmware_model.device_statistics import DeviceStatistics
from link.messages import Message, Resend
from link.outgoing import OutgoingFrame
from link.packet import Packet, PacketType
from link.transport import LinkLost, LinkTimeout

MOST_RESENDS = 32
"""RESENDs that may wait; a host repeats what it does not get."""
BURST_S = 0.01
"""Line time of a burst: so long a command may wait for its answer behind frames."""
BURST_BYTES = 1 << 16
"""A burst where the line is not the limit."""
LEAST_BURST_BYTES = 1024


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
        self._frame: Iterator[Packet] | None = None
        self._resends: deque[Iterator[Packet]] = deque()

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
        self._frame = frame.packets(first_seq=0, payload_bytes=payload_bytes)

    def resend(self, frame: OutgoingFrame, wanted: Resend, payload_bytes: int) -> bool:
        """Send parts of a frame again in the bursts to come; False where too many wait, ValueError for parts beyond it."""
        if len(self._resends) >= MOST_RESENDS:
            return False
        self._resends.append(frame.resent(wanted, first_seq=0, payload_bytes=payload_bytes))
        return True

    def burst(self) -> None:
        """Send the next packets of what is under way."""
        encoded: list[bytes] = []
        size = 0
        while self.is_busy and size < self._burst_bytes:
            is_resend = bool(self._resends)
            packet = next(self._resends[0] if is_resend else self._frame, None)  # type: ignore[arg-type]
            if packet is None:
                self._finish(is_resend, encoded)
                encoded, size = [], 0
                continue
            if packet.type == PacketType.DATA and self._faults.due("reset"):
                self._written(b"".join(encoded))
                raise DeviceReset("power_on")
            encoded.append(replace(packet, seq=self._take_seq()).encoded())
            size += len(encoded[-1])
            self._statistics.count("packets_sent")
            if is_resend:
                self._statistics.count("packets_resent")
        if encoded:
            self._frame_bytes_written(encoded)

    def drop_all(self) -> int:
        """Forget what is under way, as the end of a session does; how many frames that were."""
        dropped = int(self._frame is not None)
        self._frame = None
        self._resends.clear()
        return dropped

    def _finish(self, is_resend: bool, encoded: list[bytes]) -> None:
        if is_resend:
            self._resends.popleft()
            self._frame_bytes_written(encoded)
        elif self._frame_bytes_written(encoded):
            self._frame = None
            self._statistics.count("frames_sent")

    def _frame_bytes_written(self, encoded: list[bytes]) -> bool:
        if self._written(b"".join(encoded)):
            return True
        self._statistics.count("frames_dropped_link", self.drop_all())
        return False

    def _written(self, data: bytes) -> bool:
        try:
            self._write(data)
        except (LinkTimeout, LinkLost):
            return False
        return True

    def _take_seq(self) -> int:
        seq, self._seq = self._seq, self._seq + 1 & 0xFFFFFFFF
        return seq
