"""Whether the camera is still there, and still the one that the session began with."""

from typing import Literal

from link.host.connection import Connection
from link.host.patience import Patience
from link.messages import DeviceState, Heartbeat

Trouble = Literal["silence", "session_lost", "fault"]
MOST_DOUBTS = 2
"""Nobody vouches for a heartbeat: a strange one is asked for again before it is believed."""


class VitalSigns:
    """Heartbeats of one session, both ways.

    Parameters
    ----------
    connection
        on which the session is.
    patience
        how often, and how long silence may last.
    now_s
        when the session began, by the monotonic clock.
    """

    def __init__(self, connection: Connection, patience: Patience, now_s: float) -> None:
        assert connection.ack is not None
        self._connection, self._patience, self._ack = connection, patience, connection.ack
        self._began_s = self._heard_s = self._now_s = now_s
        self._due_s = now_s
        self._strange = self._idle = self._faulty = 0

    def heard(self, now_s: float) -> None:
        """Some packet came."""
        self._heard_s = now_s

    def doubt(self) -> None:
        """Something happened to the camera: ask at once."""
        self._due_s = min(self._due_s, self._now_s)

    def hear(self, heartbeat: Heartbeat) -> None:
        """The camera's heartbeat came."""
        ours = self._ack.session == 0 or heartbeat.session == self._ack.session
        if heartbeat.boot_id != self._ack.boot_id or not ours:
            self._strange += 1
            self.doubt()
            return
        self._strange = 0
        self._faulty = self._faulty + 1 if heartbeat.state is DeviceState.FAULT else 0
        self._idle = self._idle + 1 if heartbeat.state in (DeviceState.IDLE, DeviceState.CONFIGURED) else 0

    def look(self, now_s: float, is_streaming: bool) -> Trouble | None:
        """Say that this host lives, where it is time; what is wrong with the camera. Raises LinkLost."""
        asleep_s, self._now_s = now_s - self._now_s, now_s
        if asleep_s > self._patience.heartbeat_s:
            self._heard_s += asleep_s  # what this process slept through is not the camera's silence
        if now_s - self._heard_s > self._patience.silence_s:
            return "silence"
        if self._strange >= MOST_DOUBTS:
            return "session_lost"
        if now_s >= self._due_s:
            self._due_s = now_s + self._patience.heartbeat_s
            uptime_ns = int((now_s - self._began_s) * 1e9)
            self._connection.tell(Heartbeat(self._ack.boot_id, self._ack.session, uptime_ns, DeviceState.RESET))
        if is_streaming and self._faulty >= MOST_DOUBTS:
            self._faulty = 0
            return "fault"
        if is_streaming and self._idle >= MOST_DOUBTS:
            return "session_lost"
        return None
