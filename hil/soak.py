"""The soak: full rate with random faults for as long as wanted; memory stays flat, no counter comes twice, no thread is left."""

import itertools
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hil.board import Board
from hil.features import features_of
from hil.options import HilOptions
from hil.targets import open_target
from hil.watched_stream import FRAME, SESSION_ENDS, WatchedStream, resident_mb
from keycam.atomic_file import whole_file
from link.assembly import FRAME_TYPES
from link.host import VERDICTS, CameraLink
from link.transport.faults import FaultPlan, LinkFaults, fault_plan

RESULT, SCHEDULE = "soak.json", "soak-faults.jsonl"
PLAN = "everything"
SAMPLES = 40
"""So often memory and threads are looked at."""
MOST_GROWTH_MB = 32.0
FRAME_S = 60.0


def run_soak(options: HilOptions, duration_s: float, folder: Path) -> dict[str, Any]:
    """Stream for `duration_s` at full rate under the link faults of the options, or else all there are; what came of it.

    Raises what the target, its key and its link refuse.
    """
    plan = sparing_credit(fault_plan(PLAN if options.faults == "none" else options.faults))
    (folder / SCHEDULE).unlink(missing_ok=True)
    threads = {each.ident for each in threading.enumerate()}
    with open_target(options) as target:
        board = Board(target, options, features_of(options))
        key = board.keys.client
        if key is None:
            raise ValueError("key: a soak takes frames; allowed is a board whose client's key is known, with --key")
        board.reset()
        faults = LinkFaults(plan, options.seed, file=folder / SCHEDULE)
        looks: list[tuple[float, float, int]] = []
        began_s = time.monotonic()
        with CameraLink(faults.opener(board.connect), key, patience=board.patience) as link:
            stream = WatchedStream(link, key, board.scaled_s(FRAME_S))
            stream.begin()
            while (now_s := time.monotonic() - began_s) < duration_s and not stream.hangs:
                stream.next()
                if now_s >= len(looks) * duration_s / SAMPLES:
                    looks.append((now_s, resident_mb(), threading.active_count()))
            stream.end()
            counted = link.statistics
            result: dict[str, Any] = {
                "target": board.name, "link": board.url, "firmware": board.identity.firmware_hash.hex(),
                "seed": options.seed, "plan": plan.name, "duration_s": round(time.monotonic() - began_s, 1),
                "faults": faults.schedule.counts.total(), "verified": stream.verified,
                "frames_per_s": stream.verified / (time.monotonic() - began_s),
                "payload_mb": stream.verified * int(FRAME["height"]) * int(FRAME["width"]) * 1.5 / 1e6,
                "false": stream.false_frames, "repeated": stream.repeated,
                "refused": sum(counted[verdict] for verdict in VERDICTS), "given_up": counted["frames_lost"],
                "silent": max(stream.missed - stream.explained, 0), "hangs": stream.hangs,
                "sessions_lost": sum(counted[end] for end in SESSION_ENDS),
                "memory_begin_mb": round(looks[len(looks) // 4][1], 1), "memory_end_mb": round(looks[-1][1], 1),
                "memory_growth_mb": round(_growth_mb(looks), 1), "most_threads": max(count for *_, count in looks),
                "host": link.statistics.as_json(),
            }  # fmt: skip
        faults.close()
    left = [each.name for each in threading.enumerate() if each.ident not in threads]
    result["threads_left"] = left
    result["trouble"] = [f"{name}: {result[name]}" for name in ("false", "repeated", "silent", "hangs") if result[name]]
    result["trouble"] += [f"threads left: {', '.join(left)}"] if left else []
    if result["memory_growth_mb"] > MOST_GROWTH_MB:
        result["trouble"].append(f"memory grew by {result['memory_growth_mb']} MB; allowed is {MOST_GROWTH_MB:g}")
    with whole_file(folder / RESULT, "out") as file:
        file.write_text(json.dumps(result, indent=2) + "\n")
    return result


def sparing_credit(plan: FaultPlan) -> FaultPlan:
    """The plan with forgeries of nothing but frames.

    Credit and heartbeats are in clear: whoever forges them takes the stream away, and alters no frame (docs/protocol.md). The
    camera then sends frames to nobody where the link vanishes, and no cause at the host can say how many.
    """
    faults = (
        [replace(fault, packet_type=kind, direction="to-host") for kind in sorted(FRAME_TYPES)]
        if fault.kind == "packet-forge"
        else [fault]
        for fault in plan.faults
    )
    return replace(plan, faults=tuple(itertools.chain.from_iterable(faults)))


def _growth_mb(looks: list[tuple[float, float, int]]) -> float:
    """By how much the line fitted through the last three quarters rises over them: what one-off buffers took is before."""
    late = np.array([look[:2] for look in looks[len(looks) // 4 :]])
    if len(late) < 3:
        return 0.0
    slope_mb_per_s = np.polyfit(late[:, 0], late[:, 1], 1)[0]
    return float(slope_mb_per_s * (late[-1, 0] - late[0, 0]))
