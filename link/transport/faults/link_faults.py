"""All that goes wrong on a link, from its first connection to its last."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from link.transport.faults.faulty_transport import FaultyTransport
from link.transport.faults.packet_stage import Chooses
from link.transport.faults.plan import DIRECTIONS, KINDS, Direction, Fault, FaultPlan
from link.transport.faults.schedule import FaultRecord, FaultSchedule
from link.transport.faults.way import Way
from link.transport.transport import PortError, Transport


class LinkFaults:
    """The faults of one link over all of its connections.

    Parameters
    ----------
    plan
        what strikes by itself; what else is wanted can be asked for by `inject`.
    seed
        0 or more. The same plan, seed and bytes give the same faults.
    file
        where what strikes is written down; by default it is kept in memory.
    again
        faults of a schedule, to be made once more at the same bytes and packets, instead of drawing those of the plan.

    Attributes
    ----------
    schedule
        what has struck so far.
    ways
        the two directions, for bytes that pass without a transport, as those of a capture.

    Raises ValueError for a negative seed, and FileExistsError for a file that is there.
    """

    def __init__(
        self, plan: FaultPlan, seed: int, *, file: Path | None = None, again: Iterable[FaultRecord] | None = None
    ) -> None:
        if not isinstance(seed, int) or seed < 0:
            raise ValueError(f"seed = {seed}: allowed is 0 or more")
        self.schedule = FaultSchedule(plan, seed, file)
        self._asking = np.random.default_rng([seed, len(DIRECTIONS)])
        self._gone_until_s = 0.0
        self._name = "faulty"
        records = None if again is None else list(again)
        self.ways = {
            direction: Way(plan, [seed, index], direction, self.schedule, records) for index, direction in enumerate(DIRECTIONS)
        }

    def around(self, transport: Transport) -> FaultyTransport:
        """The transport with these faults on it; one at a time."""
        self._name = transport.name
        for way in self.ways.values():
            way.restart()
        return FaultyTransport(transport, self.ways["to-host"], self.ways["to-device"], self._vanish)

    def opener(self, open_transport: Callable[[], Transport]) -> Callable[[], "FaultyTransport"]:
        """What a host calls to open its link, and again after a loss. Raises PortError while a port has vanished."""

        def opened() -> FaultyTransport:
            if time.monotonic() < self._gone_until_s:
                trouble = "the port has vanished, as planned"
                raise PortError(f"link = {self._name}: {trouble}; allowed is to try again a little later")
            return self.around(open_transport())

        return opened

    def inject(self, fault: Fault, direction: Direction, *, where: Chooses | None = None, times: int = 1) -> None:
        """Let `fault` strike the next byte, or the next packets, of a direction, whatever its rate.

        Parameters
        ----------
        where
            for faults of packets: is asked about the bytes between two zeros.
        times
            how many packets; those that it has no way to strike, as forging one without payload, do not count.

        Raises ValueError for a number or a choice of bytes.
        """
        if KINDS[fault.kind].unit != "packet" and (where is not None or times != 1):
            raise ValueError(f"kind = {fault.kind}: allowed with where or times is a fault of packets")
        if times < 1:
            raise ValueError(f"times = {times}: allowed is 1 or more")
        self.ways[direction].ask(fault, int(self._asking.integers(1 << 63)), where, times)

    def _vanish(self, duration_s: float) -> None:
        self._gone_until_s = time.monotonic() + duration_s

    def close(self) -> None:
        """Write down what is still going on, and close the schedule."""
        for way in self.ways.values():
            way.restart()
        self.schedule.close()
