"""Keys ahead of their frames: the next ones are made while this frame is read out."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import numba

from adc.frame_key import FrameKey
from adc.geometry import Geometry
from adc.keys import KeySchedule


class KeysAhead:
    """Iterator of frame keys for a sequence of counters, the next ones always in the making in the background.

    Never more than `ahead` keys wait, each made by a thread of its own. An error while making a key is raised by the
    call that would have returned it.

    Parameters
    ----------
    schedule, geometry
        Where the keys come from and what they are for.
    counters
        Frame counters; those of emitted frames come from a CounterStore. They are taken in order, `ahead` of use; one that
        does not rise is refused with ValueError where its key would be taken.
    ahead
        Keys in the making at once, 1 to 8. One hides the making of a key behind a slower frame; two use two cores.
    """

    def __init__(self, schedule: KeySchedule, geometry: Geometry, counters: Iterator[int], *, ahead: int = 1) -> None:
        if not isinstance(ahead, int) or not 1 <= ahead <= 8:
            raise ValueError(f"ahead = {ahead}: allowed is 1 to 8")
        self._schedule = schedule
        self._geometry = geometry
        self._counters = counters
        self._ahead = ahead
        self._last: int | None = None
        self._coming: deque[Future[FrameKey]] = deque()
        self._makers = ThreadPoolExecutor(ahead, "keys-ahead")
        for _ in range(ahead):
            self._start_next()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> FrameKey:
        if not self._coming:
            raise StopIteration
        frame_key = self._coming[0].result()  # left in place until it is there, so that close() finds it after Ctrl-C
        self._coming.popleft()
        self._start_next()
        return frame_key

    @contextmanager
    def leaving_cores(self) -> Iterator[None]:
        """Leave a core to each key in the making: until the end of the block this thread's kernels run on the others.

        With a key for each frame both sides are busy all the time, and two threads on one core hold each other up. A
        static key costs nothing, so no core is left for it.
        """
        before = numba.get_num_threads()
        busy = self._ahead if self._schedule.policy.refresh == "frame" and self._schedule.policy.order != "raster" else 0
        numba.set_num_threads(max(1, before - busy))
        try:
            yield
        finally:
            numba.set_num_threads(before)

    def close(self) -> None:
        """Stop the background threads and wipe the keys that nobody took; harmless when repeated."""
        self._makers.shutdown(wait=True, cancel_futures=True)
        while self._coming:
            coming = self._coming.popleft()
            if not coming.cancelled() and coming.exception() is None:
                coming.result().wipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _start_next(self) -> None:
        counter = next(self._counters, None)
        if counter is None:
            return
        if self._last is not None and not counter > self._last:
            # Two frames under one mask give away the difference of their pictures.
            refused: Future[FrameKey] = Future()
            refused.set_exception(ValueError(f"counter = {counter}: allowed is above the one before, {self._last}"))
            self._coming.append(refused)
            return
        self._last = counter
        self._coming.append(self._makers.submit(self._schedule.frame_key, counter, self._geometry))
