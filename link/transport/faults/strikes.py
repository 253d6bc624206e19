"""Where faults strike a stream: drawn from a seed, or as they struck before."""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from link.transport.faults.plan import KINDS, Fault


@dataclass(frozen=True)
class Strike:
    """One fault at one place.

    Attributes
    ----------
    place
        the byte, or for faults of packets the packet, counted from 0 in the stream that the fault meets.
    fault
        what strikes.
    draw
        0 to 2^63 - 1: what is random about it, as which bit is flipped, follows from this.
    """

    place: int
    fault: Fault
    draw: int


class Strikes(Protocol):
    """The strikes of one stream, in the order of their places."""

    def before(self, place: int) -> list[Strike]:
        """Those before `place`, each of them once."""
        ...


class DrawnStrikes:
    """Strikes at random. They follow from the seed and the stream's length alone, not from how it is cut into pieces.

    Parameters
    ----------
    faults
        all of one unit's or of mixed bytes and bits.
    seed
        every fault has its own stream of random numbers, so that a fault more moves none of the others.
    """

    def __init__(self, faults: Sequence[Fault], seed: Sequence[int]) -> None:
        generators = [np.random.default_rng([*seed, index]) for index in range(len(faults))]
        self._coming = heapq.merge(
            *(_drawn(fault, rng) for fault, rng in zip(faults, generators, strict=True)), key=lambda strike: strike.place
        )
        self._next = next(self._coming, None)

    def before(self, place: int) -> list[Strike]:
        found = []
        while self._next is not None and self._next.place < place:
            found.append(self._next)
            self._next = next(self._coming, None)
        return found


class RecordedStrikes:
    """Strikes as they were written down."""

    def __init__(self, strikes: Iterable[Strike]) -> None:
        self._coming = deque(sorted(strikes, key=lambda strike: strike.place))

    def before(self, place: int) -> list[Strike]:
        found = []
        while self._coming and self._coming[0].place < place:
            found.append(self._coming.popleft())
        return found


def _drawn(fault: Fault, rng: np.random.Generator) -> Iterator[Strike]:
    place = -1
    while True:
        # The gap to the next success of trials that succeed at this rate.
        place += int(rng.geometric(fault.rate))
        draw = int(rng.integers(1 << 63))
        if KINDS[fault.kind].unit == "bit":
            yield Strike(place // 8, fault, draw - draw % 8 + place % 8)
        else:
            yield Strike(place, fault, draw)
