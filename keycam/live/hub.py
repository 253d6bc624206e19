"""Who watches: each page has a credit of frames, so that a slow one gets fewer frames and never older ones."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from time import perf_counter

from keycam.live.meters import Latency

CREDIT = 2
"""So many frames a page may have that it has not drawn: one on its way while the other is drawn."""
SLOW_S, QUICK_S = 0.2, 0.1
"""A page that draws frames older than this has only one, which then waits for no other; one that is so quick again has two."""
MOST_NOTICES = 16
MOST_VIEWERS = 16


class Viewer:
    """One page, on the server's side; only the event loop's thread touches it, but for what `Hub` says.

    Attributes
    ----------
    age
        From the scene to the page's word that it is drawn.
    skipped
        Frames that it was not sent for want of credit.
    """

    def __init__(self) -> None:
        self.age = Latency()
        self.skipped = 0
        self.sent = 0
        self._credit = CREDIT
        self._unacknowledged: dict[int, float] = {}
        self._frames: deque[bytes] = deque()
        self._notices: deque[str] = deque(maxlen=MOST_NOTICES)
        self._state: str | None = None
        self._something = asyncio.Event()
        self.is_leaving = False

    @property
    def has_credit(self) -> bool:
        """Whether it may be sent a frame."""
        return len(self._unacknowledged) < self._credit

    def offer(self, counter: int, seen_s: float, message: bytes) -> None:
        """A frame for it, if it has credit."""
        if not self.has_credit:
            self.skipped += 1
            return
        self._unacknowledged[counter] = seen_s
        self.sent += 1
        self._frames.append(message)
        self._something.set()

    def acknowledged(self, counter: int) -> None:
        """It has drawn a frame; of one that it was not sent nothing is noted."""
        seen_s = self._unacknowledged.pop(counter, None)
        if seen_s is None:
            return
        age_s = perf_counter() - seen_s
        self.age.add(age_s)
        if age_s > SLOW_S:
            self._credit = 1
        elif age_s < QUICK_S:
            self._credit = CREDIT

    def tell(self, state: str) -> None:
        """How things stand: takes the place of what was not sent yet."""
        self._state = state
        self._something.set()

    def notify(self, notice: str | bytes) -> None:
        """Something that happened once."""
        if isinstance(notice, bytes):
            self._frames.append(notice)
        else:
            self._notices.append(notice)
        self._something.set()

    def leave(self) -> None:
        """Let `next` end."""
        self.is_leaving = True
        self._something.set()

    async def next(self) -> str | bytes | None:
        """What it is to be sent next, as soon as there is something; None when it is to leave."""
        while not self.is_leaving:
            if self._notices:
                return self._notices.popleft()
            if self._state is not None:
                state, self._state = self._state, None
                return state
            if self._frames:
                return self._frames.popleft()
            self._something.clear()
            await self._something.wait()
        return None


class Hub:
    """All pages. `wants_frame`, `publish`, `announce` and `close` may be called from any thread, the others from the loop's."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def viewers(self) -> frozenset[Viewer]:
        """The pages that are open."""
        return frozenset(self._viewers)

    def wants_frame(self) -> bool:
        """Whether some page would be sent a frame now; otherwise none need be made, and each page has skipped one."""
        wanted = any(viewer.has_credit for viewer in self._viewers)
        if self._viewers and not wanted:
            self._from_outside(self._skip)
        return wanted

    def join(self) -> Viewer | None:
        """A page more; None where there are as many as there may be."""
        if len(self._viewers) >= MOST_VIEWERS:
            return None
        self._loop = asyncio.get_running_loop()
        viewer = Viewer()
        self._viewers = {*self._viewers, viewer}  # a new set, as other threads look at the old one
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """A page less."""
        self._viewers = self._viewers - {viewer}

    def publish(self, counter: int, seen_s: float, message: bytes) -> None:
        """Send a frame to all who have credit."""
        self._from_outside(self._offer, counter, seen_s, message)

    def announce(self, notice: str | bytes) -> None:
        """Tell all of something that happened once."""
        self._from_outside(self._announce, notice)

    def tell(self, state: str) -> None:
        """Tell all how things stand."""
        for viewer in self._viewers:
            viewer.tell(state)

    def close(self) -> None:
        """Let all leave."""
        self._from_outside(self._close)

    def _from_outside(self, work: Callable[..., None], *arguments: object) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                loop.call_soon_threadsafe(work, *arguments)

    def _offer(self, counter: int, seen_s: float, message: bytes) -> None:
        for viewer in self._viewers:
            viewer.offer(counter, seen_s, message)

    def _announce(self, notice: str | bytes) -> None:
        for viewer in self._viewers:
            viewer.notify(notice)

    def _skip(self) -> None:
        for viewer in self._viewers:
            viewer.skipped += 1

    def _close(self) -> None:
        for viewer in self._viewers:
            viewer.leave()
