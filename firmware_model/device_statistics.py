"""What a device counts from its reset on: frames, packets, refusals, each cause by itself."""

import threading
from collections import Counter
from collections.abc import Mapping

from link.registers import COUNTERS


class DeviceStatistics:
    """The counters of `link.registers.COUNTERS`; any thread may count."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
        self._lock = threading.Lock()

    def count(self, name: str, times: int = 1) -> None:
        """Add to a counter. Raises KeyError where there is none of this name."""
        if name not in self._counts:
            raise KeyError(name)
        with self._lock:
            self._counts[name] += times

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    def as_dict(self) -> Mapping[str, int]:
        """All counters by name."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Begin at zero, as a reset does."""
        with self._lock:
            for name in self._counts:
                self._counts[name] = 0
