"""Timing for all benchmarks: warm up, then the median."""

import time
from collections.abc import Callable, Sequence

import numpy as np

WARM_UP = 3


def median_ms(work: Callable[[], object], repeats: int, *, warm_up: int = WARM_UP) -> float:
    """Median time of `work` over `repeats` calls, ms, after `warm_up` calls that do not count."""
    return medians_ms([work], repeats, warm_up=warm_up)[0]


def medians_ms(works: Sequence[Callable[[], object]], repeats: int, *, warm_up: int = WARM_UP) -> list[float]:
    """The same for several works that take turns, so that whatever slows the machine slows all of them."""
    times_s: list[list[float]] = [[] for _ in works]
    for turn in range(warm_up + repeats):
        for work, times in zip(works, times_s, strict=True):
            begin = time.perf_counter()
            work()
            if turn >= warm_up:
                times.append(time.perf_counter() - begin)
    return [1000 * float(np.median(times)) for times in times_s]
