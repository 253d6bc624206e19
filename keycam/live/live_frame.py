"""One frame of the live camera with all that is known of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adc import RawFrame
from keycam.live.networks import LiveAnswer


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """A frame, and the answers on it.

    Attributes
    ----------
    raw
        What the link carried.
    answer, wrong, plain
        Of the keyed network with the right key, with a wrong key, and of the plain network; the last one only where it was
        asked for.
    restored
        float32 (3, h, w) in 0..1, only where it was asked for.
    seen_s
        When what it shows was there, by `time.perf_counter`.
    latency_s
        From then to the answer.
    timings_s
        Of each stage on the host.
    """

    raw: RawFrame
    answer: LiveAnswer
    wrong: LiveAnswer
    plain: LiveAnswer | None
    restored: NDArray[np.float32] | None
    seen_s: float
    latency_s: float
    timings_s: dict[str, float]

    @property
    def counter(self) -> int:
        """Of the frame."""
        return self.raw.header.counter
