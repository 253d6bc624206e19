"""What a live run measures: latencies without a limit to how long it lasts, and the rate of the last seconds."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

BIN_S = 1e-4
LONGEST_S = 10.0
RECENT = 300
RATE_S = 2.0


class Latency:
    """Percentiles of durations: of all of them, to a tenth of a millisecond in memory that does not grow, and of the last 300."""

    def __init__(self) -> None:
        self._bins: NDArray[np.int64] = np.zeros(round(LONGEST_S / BIN_S) + 1, np.int64)
        self._recent: deque[float] = deque(maxlen=RECENT)
        self.count = 0

    def add(self, seconds: float) -> None:
        """Count a duration; one of more than 10 s counts as 10 s."""
        self._bins[min(max(int(seconds / BIN_S), 0), self._bins.size - 1)] += 1
        self._recent.append(seconds)
        self.count += 1

    def percentiles_ms(self) -> dict[str, float] | None:
        """p50, p95 and p99 of all, in ms, each at most a tenth above the truth; None before the first."""
        if not self.count:
            return None
        up_to = np.cumsum(self._bins)
        at = {name: int(np.searchsorted(up_to, np.ceil(share * self.count))) for name, share in _SHARES.items()}
        return {name: round(1e3 * BIN_S * (index + 1), 1) for name, index in at.items()}

    def recent_ms(self) -> dict[str, float] | None:
        """p50, p95 and p99 of the last ones, in ms; None before the first."""
        recent = list(self._recent)  # as another thread may add to it
        if not recent:
            return None
        found = np.percentile(recent, [100 * share for share in _SHARES.values()])
        return {name: round(1e3 * float(value), 1) for name, value in zip(_SHARES, found, strict=True)}


_SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


class Rate:
    """Events a second over the last two seconds."""

    def __init__(self) -> None:
        self._times_s: deque[float] = deque()

    def add(self, now_s: float) -> None:
        """An event happened."""
        self._times_s.append(now_s)
        while self._times_s[0] < now_s - RATE_S:
            self._times_s.popleft()

    def per_second(self, now_s: float) -> float:
        """How many there were in each of the last two seconds; from the first one on where that is less long ago."""
        times_s = [time_s for time_s in list(self._times_s) if time_s >= now_s - RATE_S]
        if len(times_s) < 2:
            return 0.0
        # Before a pause the events count for the time until now, or a camera that stopped would seem to run on.
        return (len(times_s) - 1) / max(now_s - times_s[0], 1e-9)
