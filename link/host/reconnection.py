"""From a link's opener to a connection on which the camera answered, again and again after losses."""

import threading
import time
from collections.abc import Callable

from link.host.connection import Connection
from link.host.failures import CameraSilent, SessionEnded
from link.host.patience import Patience
from link.host.statistics import LinkStatistics
from link.transport import LinkLost, PortError, Transport

FIRST_PAUSE_S = 0.05
MOST_PAUSE_S = 1.0


class Reconnection:
    """Keeps the connection, and gets another where it is lost.

    Parameters
    ----------
    open_link
        opens the transport, and is called again after a loss.
    patience, statistics
        how long it is tried; what happened.
    closing
        set when nobody wants the link any more.
    """

    def __init__(
        self, open_link: Callable[[], Transport], patience: Patience, statistics: LinkStatistics, closing: threading.Event
    ) -> None:
        self._open_link, self._patience, self._statistics, self._closing = open_link, patience, statistics, closing
        self._had_camera = False
        self._name = "?"
        self.connection: Connection | None = None

    def get(self, begin: Callable[[Connection], None]) -> None:
        """Have a connection on which `begin` succeeds.

        The first time nothing is tried twice. Raises PortError, LinkLost and LinkFailure.
        """
        # A camera that answers HELLO and then nothing is tried as long as one that is silent.
        deadline_s = time.monotonic() + (self._patience.reconnect_s if self._had_camera else self._patience.hunt_s)
        pause_s = FIRST_PAUSE_S
        while not self._closing.is_set():
            try:
                if self.connection is None:
                    self.connection = Connection(self._open_link(), self._statistics)
                    self._name = self.connection.name
                begin(self.connection)
                self._had_camera = True
                return
            except SessionEnded as error:
                self._refuse_late(deadline_s, error)
            except (LinkLost, PortError, CameraSilent) as error:
                if self._had_camera and self.connection is not None and isinstance(error, LinkLost):
                    self._statistics.count("link_lost")  # gone again, before the session was of use
                self.drop()
                if self._closing.is_set():
                    return
                if not self._had_camera:
                    raise
                self._refuse_late(deadline_s, error)
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, MOST_PAUSE_S)

    def _refuse_late(self, deadline_s: float, error: Exception) -> None:
        if time.monotonic() < deadline_s:
            return
        trouble = f"link = {self._name}: it did not come back ({error})" if self._had_camera else f"link = {self._name}: {error}"
        raise CameraSilent(f"{trouble}; allowed is a camera that stays connected and answers") from error

    def drop(self) -> None:
        """Close the connection, where there is one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
