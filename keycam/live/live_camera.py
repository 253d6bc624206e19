"""What the live pipeline asks of a camera, wherever that is: sessions, frames, and to take the visitor's settings."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from adc import KeySchedule, RawFrame
from inference.receiver import Receiver
from keycam.live.settings import LiveSettings
from sensor_sim import SensorProfile

MOST_IN_FLIGHT = 100_000
"""Frames whose times are kept: an hour of them, so that only frames that were refused or dropped are forgotten."""


@dataclass(frozen=True, eq=False)
class Session:
    """Frames under one key and policy, from one change of either to the next.

    Attributes
    ----------
    schedule
        What the frames are made with.
    wrong
        Another master under the same names.
    receiver
        Lets the frames in.
    ended
        Set when the session is to end.
    in_flight
        Of the frames whose results have not come yet, the counter, and when what they show was there, by `time.perf_counter`.
    """

    schedule: KeySchedule
    wrong: KeySchedule
    receiver: Receiver
    ended: threading.Event = field(default_factory=threading.Event)
    in_flight: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=MOST_IN_FLIGHT))

    def seen_s(self, counter: int) -> float:
        """When what a frame shows was there; frames before it are forgotten, as they were refused or dropped."""
        while (frame := self.in_flight.popleft())[0] != counter:
            pass
        return frame[1]

    def end(self) -> None:
        """Let the frames end; `wipe` is for when they have."""
        self.ended.set()

    def wipe(self) -> None:
        """Overwrite the keys."""
        self.schedule.wipe()
        self.wrong.wipe()


class LiveCamera(Protocol):
    """A camera that is looked through.

    Attributes
    ----------
    name
        What it looks at or where it is, as it may be shown.
    profile
        Figures of its sensor.
    takes
        Which settings it takes, "rotate" among them where its key can be rotated.
    settings
        How it looks now.
    """

    name: str
    profile: SensorProfile
    takes: frozenset[str]

    @property
    def settings(self) -> LiveSettings: ...

    def set(self, settings: LiveSettings) -> None:
        """Look so from the next frame on; a new policy begins with the next session. Raises ValueError."""

    def rotate(self) -> None:
        """Begin the next epoch with the next session. Raises ValueError where it cannot."""

    def session(self) -> Session:
        """Begin a session."""

    def trial(self, schedule: KeySchedule) -> RawFrame:
        """A frame of darkness under a throw-away schedule: none of the camera's own, and none of its counters."""

    def frames(self, session: Session) -> Iterator[RawFrame]:
        """The frames of a session, until it ends or no more come."""

    def wake(self) -> None:
        """Let `frames` look whether its session has ended."""

    def standing(self) -> dict[str, Any]:
        """What may be said of it: how it stands, what was lost and why."""

    def close(self) -> None:
        """Let go of everything; harmless when repeated."""


Tap = Callable[[Iterator[RawFrame]], Iterator[RawFrame]]
"""What frames pass on their way from the camera, such as a recorder."""
