"""The faults that struck, written down so that each can be counted, and made again."""

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from link.transport.faults.plan import DIRECTIONS, Direction, Fault, FaultKind, FaultPlan
from link.transport.faults.strikes import Strike

_TITLE = "keycam faults 1"
MOST_SHOWN_BYTES = 256


@dataclass(frozen=True)
class FaultRecord:
    """One fault that struck.

    Attributes
    ----------
    time_s
        since the faults began.
    direction
        of the bytes that it struck.
    strike
        what it was and where.
    before, after
        the bytes that it took away and those that it put in their place, up to MOST_SHOWN_BYTES of each.
    before_bytes, after_bytes
        how many those were.
    """

    time_s: float
    direction: Direction
    strike: Strike
    before: bytes
    after: bytes
    before_bytes: int
    after_bytes: int

    def as_json(self) -> dict[str, Any]:
        fault = asdict(self.strike.fault)
        del fault["direction"]  # the one that was struck counts
        shown = {
            "before": self.before.hex(),
            "before_bytes": self.before_bytes,
            "after": self.after.hex(),
            "after_bytes": self.after_bytes,
        }
        return {
            "time_s": round(self.time_s, 6),
            "direction": self.direction,
            "place": self.strike.place,
            "draw": self.strike.draw,
            **fault,
            **shown,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The record that `as_json` wrote. Raises KeyError, TypeError or ValueError where it is none."""
        parameters = {name: value[name] for name in ("kind", "rate", "size_bytes", "duration_s", "packet_type")}
        strike = Strike(int(value["place"]), Fault(**parameters), int(value["draw"]))
        if value["direction"] not in DIRECTIONS:
            raise ValueError(f"direction = {value['direction']!r}: allowed is {', '.join(DIRECTIONS)}")
        shown = bytes.fromhex(value["before"]), bytes.fromhex(value["after"])
        return cls(
            float(value["time_s"]), value["direction"], strike, *shown, int(value["before_bytes"]), int(value["after_bytes"])
        )


class FaultSchedule:
    """Counts the faults of a link and keeps what they did, in memory or line by line in a file.

    A file has JSON in each line, first what was planned and then the faults; each is whole in it as soon as it struck. What
    goes into a file is not kept in memory, so that long runs stay small.

    Parameters
    ----------
    plan, seed
        what was planned.
    file
        must not exist yet; None keeps the records in memory.

    Attributes
    ----------
    records
        the faults in the order in which they struck; empty where they go into a file.
    counts
        how many, by direction and kind.
    """

    def __init__(self, plan: FaultPlan, seed: int, file: Path | None = None) -> None:
        self.plan, self.seed = plan, seed
        self.records: list[FaultRecord] = []
        self.counts: Counter[tuple[Direction, FaultKind]] = Counter()
        self._begin_s = time.monotonic()
        self._noting = threading.Lock()
        self._file = None if file is None else file.open("xb", buffering=0)
        self._write({"title": _TITLE, "seed": seed, "plan": plan.as_json()})

    def note(
        self, direction: Direction, strike: Strike, before: bytes, after: bytes, sizes: tuple[int, int] | None = None
    ) -> None:
        """Write down a fault; `sizes` are those of before and after where not all of these are given. Any thread may call it."""
        sizes = (len(before), len(after)) if sizes is None else sizes
        shown = before[:MOST_SHOWN_BYTES], after[:MOST_SHOWN_BYTES]
        with self._noting:
            record = FaultRecord(time.monotonic() - self._begin_s, direction, strike, *shown, *sizes)
            self.counts[direction, strike.fault.kind] += 1
            if self._file is None:
                self.records.append(record)
            else:
                self._write(record.as_json())

    def as_json(self) -> dict[str, Any]:
        """What was planned, how many faults of each kind struck in each direction, and what is kept of them."""
        counts: dict[str, dict[str, int]] = {direction: {} for direction in DIRECTIONS}
        for (direction, kind), count in sorted(self.counts.items()):
            counts[direction][kind] = count
        return {
            "seed": self.seed, "plan": self.plan.as_json(), "counts": counts, "total": self.counts.total(),
            "records": [record.as_json() for record in self.records],
        }  # fmt: skip

    def save(self, path: Path) -> None:
        """Write the records in memory into a file as it would have been written all along. It must not exist yet."""
        with path.open("x") as file:
            file.write(json.dumps({"title": _TITLE, "seed": self.seed, "plan": self.plan.as_json()}) + "\n")
            file.writelines(json.dumps(record.as_json()) + "\n" for record in self.records)

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        if self._file is not None:
            self._file.close()

    def _write(self, value: dict[str, Any]) -> None:
        if self._file is not None and not self._file.closed:
            self._file.write((json.dumps(value) + "\n").encode())


def load_schedule(path: Path) -> tuple[FaultPlan, int, Sequence[FaultRecord]]:
    """The plan, the seed and the faults of a file; a last line that a crash cut off is left out.

    Raises ValueError where it is no such file.
    """
    try:
        lines = path.read_text().split("\n")
        head = json.loads(lines[0])
        if head["title"] != _TITLE:
            raise ValueError(head["title"])
        plan, seed = FaultPlan.from_json(head["plan"]), int(head["seed"])
        records = [FaultRecord.from_json(json.loads(line)) for line in lines[1:-1]]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"schedule = {path}: it is damaged ({error}); allowed is a file of faults that keycam wrote") from error
    return plan, seed, records
