"""Deadlines in the time that this process was awake: what a stopped or starved machine slept through is not the board's."""

import threading
import time
from collections.abc import Callable

MOST_STEP_S = 0.5
_TICK_S = 0.05


class AwakeClock:
    """Counts from 0, in s; between two looks at it no more than MOST_STEP_S passes. One thread looks, and often."""

    def __init__(self) -> None:
        self._looked_s = time.monotonic()
        self._awake_s = 0.0

    def now_s(self) -> float:
        """How long this process was awake since the clock was made."""
        now_s = time.monotonic()
        self._awake_s += min(now_s - self._looked_s, MOST_STEP_S)
        self._looked_s = now_s
        return self._awake_s


class AwakeTimer:
    """Does something once, after so many s awake, unless it is cancelled before.

    Parameters
    ----------
    after_s, work
        when, and what; it is done in a thread of its own.
    """

    def __init__(self, after_s: float, work: Callable[[], None]) -> None:
        self._after_s, self._work = after_s, work
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hil-timer", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Do not do it, and wait for the thread's end; harmless when repeated."""
        self._cancelled.set()
        self._thread.join()

    def _run(self) -> None:
        clock = AwakeClock()
        while not self._cancelled.wait(_TICK_S):
            if clock.now_s() >= self._after_s:
                self._work()
                return
