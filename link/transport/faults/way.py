"""One direction of a link, through all the faults that strike it."""

import threading
from collections.abc import Sequence
from functools import partial

from link.transport.faults.byte_stage import ByteStage
from link.transport.faults.interruption import Passed
from link.transport.faults.packet_stage import REMEMBERED_BYTES, Chooses, PacketStage
from link.transport.faults.plan import KINDS, Direction, Fault, FaultPlan
from link.transport.faults.schedule import FaultRecord, FaultSchedule
from link.transport.faults.strikes import DrawnStrikes, RecordedStrikes, Strikes


class Way:
    """One direction: packets are struck first, while they are whole, and then bytes."""

    def __init__(
        self,
        plan: FaultPlan,
        seed: Sequence[int],
        direction: Direction,
        schedule: FaultSchedule,
        records: list[FaultRecord] | None,
    ) -> None:
        def strikes(number: int, units: tuple[str, ...]) -> Strikes:
            if records is not None:
                here = (record.strike for record in records if record.direction == direction)
                return RecordedStrikes(strike for strike in here if KINDS[strike.fault.kind].unit in units)
            planned = [fault for fault in plan.faults if fault.strikes(direction) and KINDS[fault.kind].unit in units]
            return DrawnStrikes(planned, [*seed, number])

        note = partial(schedule.note, direction)
        remembered = max([REMEMBERED_BYTES, *(fault.size_bytes for fault in plan.faults if fault.kind == "packet-replay")])
        self._changing = threading.Lock()  # faults are asked for by other threads than those that read and write
        self._packets = PacketStage(strikes(0, ("packet",)), note, remembered_bytes=remembered)
        self._bytes = ByteStage(strikes(1, ("bit", "byte")), note)

    @property
    def holds_late(self) -> bool:
        return self._packets.holds_late

    def feed(self, data: bytes) -> Passed:
        with self._changing:
            return self._through_bytes(self._packets.feed(data))

    def release(self) -> Passed:
        with self._changing:
            return self._through_bytes([self._packets.release()])

    def ask(self, fault: Fault, draw: int, where: Chooses | None, times: int) -> None:
        with self._changing:
            if KINDS[fault.kind].unit == "packet":
                self._packets.ask(fault, draw, where, times)
            else:
                self._bytes.ask(fault, draw)

    def restart(self) -> None:
        with self._changing:
            self._packets.restart()
            self._bytes.end()

    def _through_bytes(self, items: Passed) -> Passed:
        out: Passed = []
        for item in items:
            out.extend(self._bytes.feed(item) if isinstance(item, bytes) else [item])
        return out
