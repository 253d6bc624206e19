"""The host's thread of one link: it takes every packet, keeps the session alive and the frames coming."""

import threading
import time
from collections import deque
from collections.abc import Callable

from link.assembly import FRAME_TYPES
from link.host.connection import Connection
from link.host.dialogue import Dialogue
from link.host.failures import LinkFailure, SessionEnded
from link.host.frame_queue import FrameQueue
from link.host.frame_supply import FrameSupply
from link.host.hunt import Hunt
from link.host.link_key import LinkKey
from link.host.patience import Patience
from link.host.reconnection import Reconnection
from link.host.sequence_watch import SequenceWatch
from link.host.settings import KeptSettings, register_read
from link.host.statistics import LinkStatistics
from link.host.vital_signs import VitalSigns
from link.messages import Event, Heartbeat, MessageError, Nack, message_of
from link.packet import Packet, PacketType
from link.transport import LinkClosed, LinkLost, Transport

NAP_S = 0.05
STREAMING_NAP_S = 0.01
MOST_EVENTS = 64
_OWN_SEQ = FRAME_TYPES | {PacketType.HEARTBEAT, PacketType.EVENT}


class Driver:
    """Everything that goes on while nobody asks anything; `CameraLink` is what people use.

    Parameters
    ----------
    open_link, key, patience, statistics
        as those of `CameraLink`.
    """

    def __init__(
        self, open_link: Callable[[], Transport], key: LinkKey | None, patience: Patience, statistics: LinkStatistics
    ) -> None:
        self._key, self._patience, self._statistics = key, patience, statistics
        self.events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self.settings = KeptSettings()
        self.boot_id: int | None = None
        self._closing = threading.Event()
        self._news = threading.Condition()
        self._link = Reconnection(open_link, patience, statistics, self._closing)
        self._sequence = SequenceWatch(statistics)
        self._dialogue: Dialogue | None = None
        self._is_ready = False
        self._failure: Exception | None = None
        self._trouble: str | None = None
        self._queue: FrameQueue | None = None
        self._supply: FrameSupply | None = None
        self._signs: VitalSigns | None = None
        self._thread = threading.Thread(target=self._run, name="keycam-host", daemon=True)
        self._thread.start()

    # What other threads call

    def dialogue(self) -> Dialogue:
        """The dialogue of the present session, as soon as there is one. Raises what ended the link."""
        with self._news:
            self._news.wait_for(lambda: self._is_ready or self._failure is not None or self._closing.is_set())
            if self._failure is not None:
                raise self._failure
            if self._closing.is_set():
                raise LinkClosed("link: it has been closed; allowed is a link that is open")
            assert self._dialogue is not None
            return self._dialogue

    def ended(self, dialogue: Dialogue) -> None:
        """A session turned out to be over: begin another, unless that was done."""
        with self._news:
            if self._dialogue is dialogue:
                self._leave_session()

    def begin_stream(self, queue: FrameQueue) -> None:
        """Let frames come into a queue, in a session of their own. Raises what the camera refuses it with."""
        with self._news:
            if self._queue is not None:
                raise ValueError("frames: they are being taken already; allowed is one stream on a link")
            self._queue = queue
            self._leave_session()
        self.dialogue()
        queue.raise_failure()

    def end_stream(self, queue: FrameQueue) -> None:
        """Let no more frames come into a queue; harmless when repeated. The camera is still to be told."""
        with self._news:
            if self._queue is queue:
                self._queue = None

    def frame_taken(self) -> None:
        """The application took a frame: there is room for another."""
        supply = self._supply
        if supply is not None:
            try:
                supply.grant()
            except LinkLost:
                return  # the driver sees it too, and begins again

    @property
    def supply(self) -> FrameSupply | None:
        """What makes frames of packets, while a stream runs."""
        return self._supply

    @property
    def is_ready(self) -> bool:
        """Whether there is a session."""
        return self._is_ready

    def close(self) -> None:
        """End the thread and close the link; harmless when repeated, from any thread."""
        self._closing.set()
        with self._news:
            self._news.notify_all()
        connection = self._link.connection
        if connection is not None:
            connection.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    # What the thread does

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._link.get(self._begin_session)
                self._serve()
        except Exception as error:  # whatever it is, whoever waits is told
            self._fail(error)
        finally:
            self._over()
            self._link.drop()

    def _begin_session(self, connection: Connection) -> None:
        """HUNT, then everything that makes a session of use. Raises LinkLost, LinkFailure, SessionEnded."""
        self._drop_supply()
        Hunt(connection, self._key, self._patience, self._statistics).run(self._closing.is_set)
        ack = connection.ack
        if ack is None:
            raise SessionEnded("the link is being closed")
        dialogue = Dialogue(connection, self._wait, self._patience, self._statistics)
        self._signs = VitalSigns(connection, self._patience, time.monotonic())
        self._sequence.restart()
        self._dialogue = dialogue
        # The first sealed command is what begins the session at the camera, and its answer what ends doubts about it.
        register_read(dialogue, "boot_id")
        if self.boot_id is not None and ack.boot_id != self.boot_id:
            self._trouble = "device_reset"  # which is why the session was lost, or nothing came
            self.settings.restore(dialogue)
        self._count_trouble()
        self.boot_id = ack.boot_id
        queue = self._queue
        if queue is not None:
            self._begin_supply(dialogue, queue)
        with self._news:
            # What was asked for meanwhile needs another session.
            self._is_ready = queue is self._queue
            self._news.notify_all()

    def _begin_supply(self, dialogue: Dialogue, queue: FrameQueue) -> None:
        self._supply = FrameSupply(dialogue, queue, self._patience, self._statistics)
        try:
            self._supply.begin()
        except LinkFailure as error:  # the link itself can still be used
            self._drop_supply()
            queue.fail(error)

    def _serve(self) -> None:
        try:
            while self._is_ready and not self._closing.is_set():
                self._pump(NAP_S if self._supply is None else STREAMING_NAP_S)
                self._look(time.monotonic())
        except LinkLost:
            if not self._closing.is_set():
                self._statistics.count("link_lost")
            self._link.drop()
        except SessionEnded:
            pass
        finally:
            with self._news:
                self._leave_session()
            self._drop_supply()

    def _look(self, now_s: float) -> None:
        assert self._signs is not None and self._dialogue is not None
        trouble = self._signs.look(now_s, self._supply is not None and self._queue is not None)
        if trouble == "silence":
            self._link.drop()
        if trouble is not None and trouble != "fault":
            self._trouble = None if trouble == "session_lost" and self._dialogue.is_to_end else trouble
            raise SessionEnded(trouble)
        if self._supply is not None and self._queue is None:
            self._drop_supply()
        if self._supply is not None:
            if trouble == "fault":
                self._supply.fail_by_fault()
            self._supply.look(now_s)

    def _wait(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """Wait in any thread until something is so; in the driver's own, packets are taken meanwhile."""
        deadline_s = time.monotonic() + timeout_s
        if threading.current_thread() is not self._thread:
            with self._news:
                return self._news.wait_for(is_so, timeout_s)
        while not is_so():
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return False
            if self._closing.is_set():
                raise SessionEnded("the link is being closed")
            self._pump(min(left_s, NAP_S))
        return True

    def _pump(self, timeout_s: float) -> None:
        connection = self._link.connection
        assert connection is not None
        packets = connection.packets(timeout_s)
        if packets:
            now_s = time.monotonic()
            if self._signs is not None:
                self._signs.heard(now_s)
            for packet in packets:
                self._take(packet, now_s)
            if self._supply is not None:
                self._supply.deliver()

    def _take(self, packet: Packet, now_s: float) -> None:
        if packet.type in _OWN_SEQ:
            self._sequence.see(packet.seq)
        if packet.type in FRAME_TYPES:
            if self._supply is None:
                self._statistics.count("packets_unused")
            else:
                self._supply.take(packet, now_s)
        elif packet.type in (PacketType.HEARTBEAT, PacketType.EVENT):
            self._hear(packet)
        elif self._dialogue is not None and self._dialogue.take(packet):
            with self._news:
                self._news.notify_all()
        elif not self._is_refused_request(packet):
            known = packet.type in set(PacketType)
            self._statistics.count("stray" if known else "unknown")

    def _is_refused_request(self, packet: Packet) -> bool:
        return packet.type == PacketType.NACK and self._supply is not None and self._supply.request_refused(packet.seq)

    def _hear(self, packet: Packet) -> None:
        try:
            message = message_of(packet)
        except MessageError:
            self._statistics.count("malformed")
            return
        assert not isinstance(message, Nack)
        if isinstance(message, Event):
            self.events.append(message)
            if self._signs is not None:
                self._signs.doubt()
        elif isinstance(message, Heartbeat) and self._signs is not None:
            self._signs.hear(message)

    def _leave_session(self) -> None:
        """The session is over; `_news` is held."""
        self._is_ready = False
        if self._dialogue is not None:
            self._dialogue.end()
        self._news.notify_all()

    def _drop_supply(self) -> None:
        supply, self._supply = self._supply, None
        if supply is not None:
            supply.end()

    def _count_trouble(self) -> None:
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            self._statistics.count(trouble)

    def _fail(self, error: Exception) -> None:
        with self._news:
            self._failure = error
            self._leave_session()

    def _over(self) -> None:
        self._drop_supply()
        self._count_trouble()
        queue = self._queue
        if queue is not None and self._failure is not None:
            queue.fail(self._failure)
        elif queue is not None:
            self._statistics.count("frames_unused", queue.close())
