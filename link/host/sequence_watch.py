"""Losses that the camera's own numbering of its packets shows."""

from link.host.statistics import LinkStatistics

_U32 = 1 << 32
MOST_STEPS = 1 << 16
"""A jump further than that is another numbering, and says nothing of losses."""
MOST_REMEMBERED = 4096


class SequenceWatch:
    """Follows the seq of packets that answer no command, and counts those that are missing or overtaken.

    One that comes twice says nothing here: whoever takes it knows whether it brings anything.
    """

    def __init__(self, statistics: LinkStatistics) -> None:
        self._statistics = statistics
        self._next: int | None = None
        self._missing: dict[int, None] = {}

    def restart(self) -> None:
        """Another numbering may begin: a reset, or a link that was closed for a while."""
        self._next = None
        self._missing.clear()

    def see(self, seq: int) -> None:
        """A packet with this seq came."""
        if self._next is None or MOST_STEPS < (seq - self._next) % _U32 < _U32 - MOST_STEPS:
            self._next = (seq + 1) % _U32
            self._missing.clear()
            return
        ahead = (seq - self._next) % _U32
        if ahead <= MOST_STEPS:
            if ahead:
                self._statistics.count("packets_missing", ahead)
                self._remember(ahead)
            self._next = (seq + 1) % _U32
        elif seq in self._missing:
            del self._missing[seq]
            self._statistics.count("packets_missing", -1)
            self._statistics.count("packets_overtaken")

    def _remember(self, ahead: int) -> None:
        for step in range(max(0, ahead - MOST_REMEMBERED), ahead):
            self._missing[(self._next or 0) + step & _U32 - 1] = None
        while len(self._missing) > MOST_REMEMBERED:
            del self._missing[next(iter(self._missing))]
