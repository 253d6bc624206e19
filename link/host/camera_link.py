"""A camera behind a link, as a host uses it: registers, frames, and what happened on the way."""

import weakref
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self, TypeVar

from adc import RawFrame
from link.host.dialogue import Dialogue
from link.host.driver import Driver
from link.host.failures import CommandLost, LinkFailure, SessionEnded
from link.host.frame_queue import FrameQueue
from link.host.frame_stream import FrameStream
from link.host.host_state import HostState
from link.host.link_key import LinkKey
from link.host.patience import Patience
from link.host.settings import register_named, register_read, register_written, registers_read
from link.host.statistics import VERDICTS, LinkStatistics
from link.messages import Event, HelloAck, KeyState, KeyStateReply, Slot
from link.register import Value
from link.registers import COUNTERS
from link.transport import LinkLost, Transport

MOST_SESSIONS = 3
"""In so many sessions a command that may be repeated is tried."""
QUEUE_FRAMES = 4
Result = TypeVar("Result")


class CameraLink:
    """A camera on the other end of a link, found and kept by a thread of its own.

    The constructor returns when the camera has answered and proved its key. What is lost later - the port, the session, the
    camera's settings with a reset - is had back without a word, and counted. It is an iterable of frames, as the link within
    a process is. Use it as a context manager, or call `close`.

    Parameters
    ----------
    open_link
        opens the transport, such as `lambda: link.transport.open_transport(url)`; called again after a loss.
    key
        what opens the session; None for a host that only reads registers.
    patience
        how long it waits for what.
    queue_frames
        how many frames may be under way or wait for the application: what bounds the memory.

    Raises
    ------
    PortError, LinkLost
        where the link cannot be opened.
    LinkFailure
        CameraSilent where no camera answers, KeyRefused where it has another key or none, CameraRefused where it refuses.
    """

    def __init__(
        self,
        open_link: Callable[[], Transport],
        key: LinkKey | None = None,
        *,
        patience: Patience | None = None,
        queue_frames: int = QUEUE_FRAMES,
    ) -> None:
        self._queue_frames = FrameQueue(queue_frames).most_frames
        self.statistics = LinkStatistics()
        self._key = key
        self._last_verdict: str | None = None
        self._unjudged = 0
        self._stream: FrameStream | None = None
        self._driver = Driver(open_link, key, Patience() if patience is None else patience, self.statistics)
        # The thread does not hold this object, so a link that is simply forgotten is closed as well.
        self._closed = weakref.finalize(self, self._driver.close)
        try:
            self._driver.dialogue()
        except BaseException:
            self._closed()
            raise

    @property
    def camera(self) -> HelloAck:
        """What the camera said of itself in the present session; what was proved only where there is a key."""
        ack = self._driver.dialogue().connection.ack
        assert ack is not None
        return ack

    @property
    def name(self) -> str:
        """Of the link: a device path or a URL."""
        return self._driver.dialogue().connection.name

    @property
    def events(self) -> tuple[Event, ...]:
        """The last 64 events that the camera told of."""
        return tuple(self._driver.events)

    @property
    def state(self) -> HostState:
        """Where this host stands."""
        supply = self._driver.supply
        if not self._driver.is_ready:
            return HostState.HUNT
        if self._unjudged:
            return HostState.COMPLETE
        if supply is not None and supply.has_open_frames:
            return HostState.FRAME_OPEN
        return HostState.VERIFIED if self._last_verdict == "" else HostState.SYNCED

    def read(self, name: str) -> Value:
        """What a register holds. Raises ValueError for one that cannot be read, LinkFailure."""
        register_named(name)
        return self._repeated(lambda dialogue: register_read(dialogue, name))

    def counters(self) -> dict[str, Value]:
        """The camera's own statistics, since its reset, by name."""
        return self._repeated(lambda dialogue: registers_read(dialogue, COUNTERS))

    def write(self, name: str, value: Value) -> None:
        """Write a register. Raises ValueError for what it does not take, LinkFailure.

        CameraRefused says why the camera does not take it. CommandLost where a register that does something
        (`software_trigger`, `device_reset`, …) was written and nobody knows whether it was done; values are written again.
        """
        register = register_named(name)

        def write(dialogue: Dialogue) -> None:
            register_written(dialogue, name, value)

        if register.kind == "command":
            self.once(write)
        else:
            self._repeated(write)
        self._driver.settings.keep(name, value)

    def slots(self) -> tuple[KeyStateReply, KeyStateReply]:
        """What the key slots A and B hold."""

        def ask(dialogue: Dialogue) -> tuple[KeyStateReply, KeyStateReply]:
            return dialogue.ask(KeyState(Slot.A), KeyStateReply), dialogue.ask(KeyState(Slot.B), KeyStateReply)

        return self._repeated(ask)

    def frames(self, most_frames: int | None = None) -> FrameStream:
        """Let the camera stream, and take its frames: without an end, or so many. One stream at a time.

        Settings are applied first. An iteration raises LinkFailure where the camera refuses to stream or does not come back.
        """
        queue = FrameQueue(self._queue_frames, most_frames)
        stream = FrameStream(queue, most_frames, self._taken, self._stop_stream)
        self._last_verdict, self._unjudged = None, 0
        try:
            self._driver.begin_stream(queue)
        except BaseException:
            self._driver.end_stream(queue)
            raise
        self._stream = stream
        return stream

    def __iter__(self) -> Iterator[RawFrame]:
        return self.frames()

    def judged(self, refused: str | None = None) -> None:
        """Count what the receiver said of a frame: None where it was verified, else the cause (`inference.receiver.Cause`).

        Raises ValueError for another cause.
        """
        if refused is not None and refused not in VERDICTS:
            raise ValueError(f"refused = {refused!r}: allowed is {', '.join(VERDICTS)} or None")
        self.statistics.count("frames_verified" if refused is None else refused)
        self._last_verdict = "" if refused is None else refused
        self._unjudged = max(self._unjudged - 1, 0)

    def once(self, work: Callable[[Dialogue], Result]) -> Result:
        """Do something in the present session. Raises CommandLost where that ends meanwhile, and LinkFailure."""
        dialogue = self._driver.dialogue()
        try:
            return work(dialogue)
        except SessionEnded as error:
            self._driver.ended(dialogue)
            text = f"link = {dialogue.connection.name}: the session ended before the camera answered ({error})"
            raise CommandLost(f"{text}; allowed is to look what it did, and to repeat it") from error

    def renew_session(self) -> None:
        """Say HELLO again, as is to be done where the camera is known to have ended the session."""
        self._driver.ended(self._driver.dialogue())

    def _repeated(self, work: Callable[[Dialogue], Result]) -> Result:
        for _ in range(MOST_SESSIONS - 1):
            try:
                return self.once(work)
            except CommandLost:
                continue
        return self.once(work)

    def _taken(self) -> None:
        self._unjudged += 1
        self._driver.frame_taken()

    def _stop_stream(self, queue: FrameQueue) -> None:
        self._driver.end_stream(queue)
        self.statistics.count("frames_unused", queue.close())
        if self._driver.is_ready:
            try:
                self._repeated(lambda dialogue: register_written(dialogue, "stream_enable", "off"))
            except (LinkFailure, LinkLost):
                return  # a camera that is not told stops by itself, once this host is silent

    def close(self) -> None:
        """Let the camera stop, end the thread and close the link; harmless when repeated, from any thread."""
        if self._stream is not None:
            self._stream.stop()
        self._closed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
