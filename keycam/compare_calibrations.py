"""`keycam calibrate compare`: two calibrations side by side, and which figures differ by more than their intervals allow."""

from pathlib import Path
from typing import Any

from calibration.measured import NORMAL_95, Measured
from keycam.calibration_files import CalibrationError, load_figures


def compare_calibrations(first: Path, second: Path) -> dict[str, Any]:
    """Every figure of both, plane by plane, with the difference in % and whether the two agree within their 95 % intervals.

    Raises CalibrationError for files that are no calibrations, or whose colour planes are not the same.
    """
    a, b = load_figures(first), load_figures(second)
    if set(a["planes"]) != set(b["planes"]):
        planes = f"its planes are {', '.join(b['planes'])} and not {', '.join(a['planes'])}"
        raise CalibrationError(f"calibration = {second}: {planes}; allowed is a camera of the same colours")
    rows = []
    for plane in a["planes"]:
        ours, theirs = a["planes"][plane]["measured"], b["planes"][plane]["measured"]
        rows += [_row(plane, name, ours[name], theirs[name]) for name in ours if name in theirs]
    return {"a": str(first), "b": str(second), "rows": rows, "differ": sum(row["agree"] is False for row in rows)}


def _row(plane: str, name: str, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    difference = agree = None
    if a["value"] is not None and b["value"] is not None:
        difference = 100 * (b["value"] / a["value"] - 1) if a["value"] else None
        agree = _measured(a).agrees_with(_measured(b))
    return {
        "plane": plane, "figure": name, "unit": a["unit"], "a": a["value"], "b": b["value"], "difference_percent": difference,
        "agree": agree,
    }  # fmt: skip


def _measured(entry: dict[str, Any]) -> Measured:
    low, high = entry["interval"]
    return Measured(entry["value"], entry["unit"], (high - low) / 2 / NORMAL_95)
