"""`keycam calibrate compare`: two calibrations side by side, and which figures differ by more than their intervals allow."""

import math
from pathlib import Path
from typing import Any

from calibration.bench import is_number
from calibration.dark_current import TAKEN_OFF
from calibration.measured import Measured
from keycam.calibration_files import CalibrationError, load_conditions, load_figures

SAME_K, SAME_SHARE = 0.5, 1e-3
"""Temperatures and other figures that differ by no more are the same conditions."""


def compare_calibrations(first: Path, second: Path) -> dict[str, Any]:
    """Every figure of both, plane by plane, with the difference in % and whether the two agree within their 95 % intervals.

    `conditions` names what was not the same when they were measured, with both values. `agree` is None where there is nothing to
    compare, and then `note` says why. Raises CalibrationError for files that are no calibrations, or whose colour planes are
    not the same.
    """
    a, b = load_figures(first), load_figures(second)
    if set(a) != set(b):
        planes = f"its planes are {', '.join(b)} and not {', '.join(a)}"
        raise CalibrationError(f"calibration = {second}: {planes}; allowed is a camera of the same colours")
    rows = []
    for plane, ours in a.items():
        theirs = b[plane]
        for name in dict.fromkeys([*ours, *theirs]):
            lacking = [side for side, figures in (("A", ours), ("B", theirs)) if name not in figures]
            note = f"not in {lacking[0]}" if lacking else ""
            rows.append({"plane": plane, "figure": name, **_compared(ours.get(name), theirs.get(name), note)})
    return {
        "a": str(first),
        "b": str(second),
        "conditions": _conditions(load_conditions(first), load_conditions(second)),
        "rows": rows,
        "differ": sum(row["agree"] is False for row in rows),
        "not_compared": sum(row["agree"] is None for row in rows),
    }


def _conditions(a: dict[str, Any], b: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The conditions that differ; of one that a side does not say, None."""
    names = dict.fromkeys([*a, *b])
    return {name: {"a": a.get(name), "b": b.get(name)} for name in names if not _alike(name, a.get(name), b.get(name))}


def _alike(name: str, a: object, b: object) -> bool:
    if not (is_number(a) and is_number(b)):
        return a == b
    return abs(a - b) <= SAME_K if name == "temperature_k" else math.isclose(a, b, rel_tol=SAME_SHARE)


def _compared(a: Measured | None, b: Measured | None, note: str) -> dict[str, Any]:
    difference = agree = None
    note = note or _incomparable(a, b)
    if a is not None and b is not None and not note:
        difference = 100 * (b.value / a.value - 1) if a.value else None
        if difference is not None and not math.isfinite(difference):
            difference = None  # of a figure that is next to nothing
        agree = a.agrees_with(b)
    known = a or b
    return {
        "unit": "" if known is None else known.unit,
        "a": None if a is None else a.value,
        "b": None if b is None else b.value,
        "difference_percent": difference,
        "agree": agree,
        "note": note,
    }


def _incomparable(a: Measured | None, b: Measured | None) -> str:
    """Why two figures cannot be compared; "" where they can."""
    if a is None or b is None:
        return f"not measured in {' and '.join(side for side, figure in (('A', a), ('B', b)) if figure is None)}"
    if a.unit != b.unit:
        return f"other units: {a.unit or 'none'} in A, {b.unit or 'none'} in B"
    return TAKEN_OFF if TAKEN_OFF in (a.note, b.note) else ""
