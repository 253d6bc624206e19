"""The row of a frame: one line of JSON that says what the network saw in it."""

import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from inference.answers import ClassAnswer, MaskAnswer
from inference.stream import FrameResult
from keycam.answers import probabilities

MOST_NAMED = 20
"""Up to so many classes each have their probability in a row; of more, the five most probable ones have."""
TOP = 5
OF_THE_RUN = ("counter", "timings_ms")
"""What differs from run to run; all else in a row follows from footage and recipe."""


def row_of(number: int, time_s: float, seen: FrameResult, classes: Sequence[str]) -> dict[str, Any]:
    """The row of frame `number`, shown at `time_s` of its footage."""
    timings_ms = {stage: round(1e3 * seconds, 3) for stage, seconds in seen.timings_s.items()}
    said = {"frame": number, "time_s": round(time_s, 6), "counter": seen.counter}
    return said | _answer(seen.answer, classes) | {"timings_ms": timings_ms}


def line_of(row: dict[str, Any]) -> str:
    """The row as it is written, with its line end."""
    return json.dumps(row, separators=(",", ":")) + "\n"


def compared(row: dict[str, Any]) -> dict[str, Any]:
    """What of a row must be the same in every run."""
    return {name: value for name, value in row.items() if name not in OF_THE_RUN}


def named_shares(row: dict[str, Any]) -> dict[str, float]:
    """Of a row, the probability or the share of the frame of each class that it names."""
    shares: dict[str, float] = row.get("class_shares") or row["probabilities"]
    return shares


def _answer(answer: ClassAnswer | MaskAnswer, classes: Sequence[str]) -> dict[str, Any]:
    if isinstance(answer, MaskAnswer):
        largest = int(answer.class_shares.argmax())
        shares = {name: round(float(share), 6) for name, share in zip(classes, answer.class_shares, strict=True)}
        # A checksum says whether two masks are the same, and of the scene no more than the shares do.
        return {"class": classes[largest], "class_shares": shares, "mask_crc32": f"{zlib.crc32(answer.mask.tobytes()):08x}"}
    chances = probabilities(answer.scores)
    shown = range(len(classes)) if len(classes) <= MOST_NAMED else np.argsort(-chances, kind="stable")[:TOP].tolist()
    return {
        "class": classes[answer.class_index],
        "class_index": answer.class_index,
        "probability": round(float(chances[answer.class_index]), 6),
        "probabilities": {classes[index]: round(float(chances[index]), 6) for index in shown},
    }
