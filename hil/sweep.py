"""The sweep: thousands of faults, one volley after another, and after each the stream must be as well as before."""

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from firmware_model.device_faults import FaultName
from hil.board import Board
from hil.features import features_of
from hil.options import HilOptions
from hil.strikes import Row, has_changed, rows_for
from hil.targets import open_target
from hil.watched_stream import IN_FLIGHT, SESSION_ENDS, WatchedStream, resident_mb
from keycam.atomic_file import whole_file
from keycam.progress import progress
from link.assembly import FRAME_TYPES
from link.host import VERDICTS, CameraLink
from link.packet import decoded
from link.transport.faults import KINDS, Fault, FaultPlan, LinkFaults
from link.transport.faults.plan import DIRECTIONS

RESULT = "sweep.json"
VOLLEY = 20
"""Faults between two looks at how the stream recovers."""
CLEAN_FRAMES = 6
MOST_RECOVERY_FRAMES = 2
MOST_GROWTH_MB = 64.0
FRAME_S = 60.0
TO_HOST = (0.8, 0.2)
"""Most faults strike what comes to the host, where most bytes are."""
MOST_IN_A_ROW = 3
MOST_FRAMES_BETWEEN = 40
"""So many frames bring enough bytes, each way, for every fault to strike."""
MOST_STEPS: Mapping[FaultName, int] = {"reset": 6, "brown_out": 5, "stuck": 1}
"""At which DATA packet, or which step of the flash, a fault of the device comes."""
_DRAWS = 997  # a number of its own beside the seeds of plans


def run_sweep(options: HilOptions, count: int, folder: Path) -> dict[str, Any]:
    """Strike a stream with at least `count` faults that change bytes or state, seeded; the table, and what is wrong.

    Every frame that is let in is compared with the model's. Raises what the target, its key and its link refuse.
    """
    began_s = time.monotonic()
    with open_target(options) as target:
        board = Board(target, options, features_of(options))
        if board.keys.client is None:
            raise ValueError("key: a sweep takes frames; allowed is a board whose client's key is known, with --key")
        board.reset()
        rows = rows_for(count, with_device="device-faults" in board.features)
        begin_mb = 0.0
        table = []
        for number, row in enumerate(progress(rows, "sweeping", len(rows))):
            table.append(_swept(board, row, [options.seed, _DRAWS, number]))
            # What the first row brings in, kernels and buffers, stays.
            begin_mb = begin_mb or resident_mb()
        board.clear_faults()
        growth_mb = resident_mb() - begin_mb
    total = {name: sum(each[name] for each in table) for name in table[0] if name not in ("fault", "recovery_frames")}
    result = {
        "target": board.name, "link": board.url, "firmware": board.identity.firmware_hash.hex(), "seed": options.seed,
        "sweep": table, **total, "worst_recovery_frames": max(each["recovery_frames"] for each in table),
        "memory_growth_mb": round(growth_mb, 1), "duration_s": round(time.monotonic() - began_s, 1),
    }  # fmt: skip
    result["trouble"] = list(_trouble(result, count))
    with whole_file(folder / RESULT, "out") as file:
        file.write_text(json.dumps(result, indent=2) + "\n")
    return result


def _trouble(result: dict[str, Any], count: int) -> Iterable[str]:
    if result["changed"] < count:
        yield f"{result['changed']} faults changed something; wanted are {count}"
    for name in ("false", "repeated", "silent", "hangs"):
        if result[name]:
            yield f"{name}: {result[name]}"
    if result["worst_recovery_frames"] > MOST_RECOVERY_FRAMES:
        yield f"recovery took {result['worst_recovery_frames']} frames; allowed is {MOST_RECOVERY_FRAMES}"
    if result["memory_growth_mb"] > MOST_GROWTH_MB:
        yield f"memory grew by {result['memory_growth_mb']} MB; allowed is {MOST_GROWTH_MB:g}"


def _swept(board: Board, row: Row, seed: list[int]) -> dict[str, Any]:
    """One row of the table: its faults in volleys, on a link of its own."""
    key = board.keys.client
    assert key is not None
    rng = np.random.default_rng(seed)
    faults = LinkFaults(FaultPlan(row.name), int(rng.integers(1 << 32)))
    struck, worst = 0, 0
    with CameraLink(faults.opener(board.connect), key, patience=board.patience) as link:
        stream = WatchedStream(link, key, board.scaled_s(FRAME_S))
        stream.begin()
        stream.next()
        if row.device_fault is not None:
            struck, worst = _break_device(board, row.device_fault, row.count, stream, rng)
        else:
            worst = _strike_link(faults, row, stream, rng)
        stream.end()
        counted = link.statistics
        records = faults.schedule.records
        return {
            "fault": row.name,
            "faults": struck + len(records),
            "changed": struck + sum(map(has_changed, records)),
            "verified": stream.verified,
            "false": stream.false_frames,
            "repeated": stream.repeated,
            "refused": sum(counted[verdict] for verdict in VERDICTS),
            "given_up": counted["frames_lost"],
            "silent": max(stream.missed - stream.explained, 0),
            "resends": counted["resends_asked"],
            "sessions_lost": sum(counted[end] for end in SESSION_ENDS),
            "hangs": stream.hangs,
            "recovery_frames": worst,
        }


def _strike_link(faults: LinkFaults, row: Row, stream: WatchedStream, rng: np.random.Generator) -> int:
    """Volleys of one kind of link fault, in both directions; how many frames at most suffered after one was over."""
    assert row.link_fault is not None
    kind, worst = row.link_fault.kind, 0
    is_of_packets = KINDS[kind].unit == "packet"
    left = row.count
    while left > 0 and not stream.hangs:
        volley = min(left, VOLLEY if kind != "vanish" else 1)
        left -= volley
        while volley > 0 and not stream.hangs:
            times = min(int(rng.integers(1, MOST_IN_A_ROW + 1)), volley) if is_of_packets else 1
            volley -= times
            _strike(faults, row.link_fault, times, stream, rng)
        worst = max(worst, _recovery_frames(stream))
    return worst


def _strike(faults: LinkFaults, fault: Fault, times: int, stream: WatchedStream, rng: np.random.Generator) -> None:
    """Strike so many packets in a row, or one byte, and take frames until that is done."""
    done = faults.schedule.counts.total() + times
    if fault.kind == "packet-forge":
        # Credit and heartbeats are in clear: whoever forges them takes the stream away, and alters no frame (docs/protocol.md).
        faults.inject(fault, "to-host", where=_is_of_frame, times=times)
    elif KINDS[fault.kind].unit == "packet":
        faults.inject(fault, str(rng.choice(DIRECTIONS, p=TO_HOST)), times=times)  # type: ignore[arg-type]
    else:
        faults.inject(fault, str(rng.choice(DIRECTIONS, p=TO_HOST)))  # type: ignore[arg-type]
    for _ in range(MOST_FRAMES_BETWEEN):
        if faults.schedule.counts.total() >= done or stream.hangs:
            return
        stream.next()


def _is_of_frame(between_zeros: bytes) -> bool:
    return decoded(between_zeros).type in FRAME_TYPES


def _break_device(board: Board, name: FaultName, count: int, stream: WatchedStream, rng: np.random.Generator) -> tuple[int, int]:
    """The device's own faults, one after another; how many took effect, and how many frames suffered after one at most."""
    before, worst = board.happened(name), 0
    for _ in range(count):
        boots = stream.boots
        after = int(rng.integers(0, MOST_STEPS[name]))
        board.inject(name, after)
        if name == "brown_out":  # it strikes a step of the flash: a stream takes none, and the boot after a reset does
            board.inject("reset")
        while stream.boots == boots and not stream.hangs:
            stream.next()
        counters = list(stream.counters(CLEAN_FRAMES))
        worst = max(worst, _missing(counters))
    return board.happened(name) - before, worst


def _recovery_frames(stream: WatchedStream) -> int:
    """How many frames that were exposed after the last fault were lost nevertheless."""
    for _ in stream.counters(IN_FLIGHT):  # those that were on their way before are passed over
        pass
    return _missing(list(stream.counters(CLEAN_FRAMES)))


def _missing(counters: list[int]) -> int:
    return counters[-1] - counters[0] + 1 - len(counters) if counters else CLEAN_FRAMES
