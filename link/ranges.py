"""Which bytes of something are there."""

from bisect import bisect_left, bisect_right


class ByteRanges:
    """A set of bytes as ranges that neither touch nor overlap; `held_bytes` is how many bytes are in it."""

    def __init__(self) -> None:
        self.held_bytes = 0
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> int:
        """Put bytes start to end - 1 in, and return how many of them were not there; end is above start."""
        first = bisect_left(self._ends, start)  # the first range that ends at `start` or later: it touches, or lies behind
        last = bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        before = sum(self._ends[k] - self._starts[k] for k in range(first, last))
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
        fresh = end - start - before
        self.held_bytes += fresh
        return fresh

    @property
    def count(self) -> int:
        """How many ranges it takes."""
        return len(self._starts)

    @property
    def end(self) -> int:
        """Behind the last byte that is there."""
        return self._ends[-1] if self._ends else 0

    def missing(self, total_bytes: int) -> list[tuple[int, int]]:
        """Offset and length of what is not there of bytes 0 to total_bytes - 1, rising."""
        edges = [0, *(edge for pair in zip(self._starts, self._ends, strict=True) for edge in pair), total_bytes]
        return [(start, end - start) for start, end in zip(edges[::2], edges[1::2], strict=True) if end > start]
