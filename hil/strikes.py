"""What a sweep strikes with: kinds of link faults with a size each, and the device's own faults, in numbers that add up."""

from dataclasses import dataclass

from firmware_model.device_faults import FaultName
from link.transport.faults import KINDS, Fault, FaultRecord
from link.transport.faults.schedule import MOST_SHOWN_BYTES

SIZES = {"burst": 256, "overrun": 64, "flood": 1 << 15, "wrong-baud": 256, "packet-oversize": 1 << 14, "packet-replay": 4096}
DURATIONS_S = {"stall": 0.05, "vanish": 0.05, "packet-delay": 0.01}
SLOW = ("stall", "vanish", "packet-delay")
"""Kinds that cost time each, so that there are fewer of them."""
TIMELY = ("stall", "packet-delay")
"""Kinds that change neither bytes nor state, but when they come."""
DEVICE_FAULTS: tuple[tuple[FaultName, float], ...] = (("reset", 0.004), ("brown_out", 0.001), ("stuck", 0.0002))
"""The device's own faults that a stream goes on through, each with its share of all."""


@dataclass(frozen=True)
class Row:
    """One row of the sweep: a link fault, or one of the device's own, and how many of it."""

    name: str
    count: int
    link_fault: Fault | None = None
    device_fault: FaultName | None = None


def rows_for(count: int, *, with_device: bool) -> list[Row]:
    """Rows of at least `count` faults that change bytes or state, in all."""
    device = [Row(name, max(round(share * count), 1), device_fault=name) for name, share in DEVICE_FAULTS] if with_device else []
    slow = max(count // 200, 2)
    quick_kinds = [kind for kind in KINDS if kind not in SLOW]
    left = count - sum(row.count for row in device) - slow  # of the slow ones only vanishing changes the link's state
    each = max(-(-left // len(quick_kinds)), 1)
    rows = [
        Row(
            kind,
            slow if kind in SLOW else each,
            Fault(kind, size_bytes=SIZES.get(kind, 0), duration_s=DURATIONS_S.get(kind, 0.0)),
        )
        for kind in KINDS
    ]
    return rows + device


def has_changed(record: FaultRecord) -> bool:
    """Whether a fault that struck changed bytes, their sequence, or the state of the link."""
    kind = record.strike.fault.kind
    if kind in TIMELY:
        return False
    is_shown_whole = max(record.before_bytes, record.after_bytes) <= MOST_SHOWN_BYTES
    return kind in ("vanish", "packet-reorder") or not is_shown_whole or record.before != record.after
