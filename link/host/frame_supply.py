"""The frames of one session on their way from packets to the application: requests, credit and what goes astray."""

import threading
import time

from link.host.credit import CreditGrant
from link.host.dialogue import Dialogue
from link.host.failures import CameraRefused
from link.host.frame_queue import FrameQueue
from link.host.patience import Patience
from link.host.reception import Reception
from link.host.settings import register_read, register_written
from link.host.statistics import LinkStatistics
from link.messages import Read, ReadReply
from link.packet import Packet
from link.registers import BY_NAME
from link.status import Status

MOST_DOUBTS = 2
"""One CREDIT may be lost as well: so often in a row the camera is seen to have too little of it."""
STALL_S = 1.0
"""After so long without a packet of a frame the host looks whether credit went astray."""


class FrameSupply:
    """One stream of frames within one session.

    Parameters
    ----------
    dialogue
        of the session.
    queue
        takes the frames.
    patience, statistics
        when to ask again; what happened.
    """

    def __init__(self, dialogue: Dialogue, queue: FrameQueue, patience: Patience, statistics: LinkStatistics) -> None:
        assert dialogue.connection.ack is not None
        self._dialogue, self._queue, self._statistics = dialogue, queue, statistics
        self._connection, ack = dialogue.connection, dialogue.connection.ack
        self._session = ack.session
        self._reception = Reception(ack, patience, statistics)
        self._credit: CreditGrant | None = None
        self._granting = threading.Lock()
        self._taken_before = queue.taken
        self._looked_s = self._said_s = time.monotonic()
        self._heartbeat_s = patience.heartbeat_s
        self._dropped: int | None = None
        self._doubts = 0

    @property
    def has_open_frames(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return self._reception.has_open_frames

    def begin(self) -> None:
        """Let the camera stream. Raises CameraRefused and SessionEnded."""
        if self._session == 0:
            text = f"link = {self._connection.name}: frames need a key; allowed is a link that is opened with a client's key"
            raise CameraRefused(text, Status.NEEDS_SESSION)
        register_written(self._dialogue, "settings_apply", 1)
        frame_bytes = register_read(self._dialogue, "frame_bytes")
        assert isinstance(frame_bytes, int)
        with self._granting:
            room = self._queue.most_frames - self._queue.waiting
            self._taken_before = self._queue.taken
            self._credit = CreditGrant(self._session, frame_bytes, room, self._queue.still_wanted)
            self._connection.tell(self._credit.message)
        register_written(self._dialogue, "stream_enable", "on")
        self._looked_s = time.monotonic()

    def take(self, packet: Packet, now_s: float) -> None:
        """Use a packet of a frame."""
        self._reception.take(packet, now_s)

    def request_refused(self, seq: int) -> bool:
        """Whether the packet that the camera refused was a request for parts of a frame."""
        return self._reception.request_refused(seq)

    def deliver(self) -> None:
        """Hand whole frames to the application."""
        for raw in self._reception.ready():
            if not self._queue.put(raw):
                # Its credit was given twice; as it is not given back, that evens out.
                self._statistics.count("frames_unused" if self._queue.is_closed else "overrun")
        self.grant()

    def grant(self) -> None:
        """Tell the camera of the room that there is now; from any thread."""
        with self._granting:
            if self._credit is not None:
                taken = self._queue.taken - self._taken_before
                credit = self._credit.of(taken, self._reception.lost)
                if credit is not None:
                    self._connection.tell(credit)

    def look(self, now_s: float) -> None:
        """Ask for what is missing, and see that credit does not stay away."""
        for frame_id, wanted in self._reception.requests(now_s):
            self._reception.asked(frame_id, self._connection.tell(wanted, frame_id=frame_id))
        self.deliver()
        if now_s - self._said_s > self._heartbeat_s and self._credit is not None:
            self._said_s = now_s
            with self._granting:
                self._connection.tell(self._credit.message)
        last_s = self._reception.last_s
        if self.has_open_frames or self._queue.waiting or (last_s is not None and last_s > self._looked_s):
            self._looked_s, self._dropped, self._doubts = now_s, None, 0
        elif now_s - self._looked_s > STALL_S:
            self._looked_s = now_s
            self._renew()

    def fail_by_fault(self) -> None:
        """The camera is in its fault state: nothing more will come."""
        fault = register_read(self._dialogue, "fault")
        text = f"link = {self._connection.name}: the camera is in its fault state ({fault!s})"
        self._queue.fail(CameraRefused(f"{text}; allowed is to write fault_clear once its cause is gone", Status.FAULT))

    def end(self) -> None:
        """The session or the stream is over."""
        self._reception.end(is_wanted=not self._queue.is_closed)
        for raw in self._reception.ready():
            if not self._queue.put(raw):
                self._statistics.count("frames_unused")

    def _renew(self) -> None:
        """Where the camera drops frames for want of credit though all of it is free, those it was for have vanished."""
        assert self._credit is not None
        register = BY_NAME["frames_dropped_credit"]
        with self._granting:
            self._connection.tell(self._credit.message)
        reply = self._dialogue.ask_if_idle(Read(register.address, register.size_bytes), ReadReply)
        if reply is None:
            return
        before, self._dropped = self._dropped, int.from_bytes(reply.data, "big")
        self._doubts = self._doubts + 1 if before is not None and self._dropped > before else 0
        if self._doubts == MOST_DOUBTS and self._queue.still_wanted != 0:
            self._doubts = 0
            self._statistics.count("credit_renewed")
            with self._granting:
                self._connection.tell(self._credit.renew())
