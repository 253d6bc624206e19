"""The files that `keycam calibrate` writes into its folder, and the figures read back from there."""

import json
import math
from pathlib import Path
from typing import Any

from calibration.bench import is_number
from calibration.measured import NORMAL_95, Measured
from calibration.written import FORMAT, VERSION

REPORT, FIGURES, SHEET, CORRECTIONS = "report.html", "measured.json", "sheet.toml", "corrections.toml"

CONDITIONS = {
    "camera": ("device", "height", "width", "bits", "cfa", "analog_gain", "black_level_dn"),
    "conditions": ("exposure_s", "temperature_k", "steps", "stack_frames"),
}
"""What makes two calibrations of one camera differ, by the part of the file that says it; a quick plan has shorter stacks."""

MOST = 1e30
"""No gain, size, time or temperature is above that."""

Figures = dict[str, Measured | None]
"""The figures of a colour plane by name; None for one that could not be measured."""


class CalibrationError(ValueError):
    """A calibration cannot be read: one sentence that names the file and what is allowed."""


def load_figures(folder: Path) -> dict[str, Figures]:
    """The figures of each colour plane that a calibration wrote, from its folder or its JSON file.

    Raises CalibrationError for anything else, and for a body that is damaged.
    """
    file = folder / FIGURES if folder.is_dir() else folder
    written = _written(file)
    return {plane: _figures(file, plane, body) for plane, body in _filled(file, "planes", written.get("planes")).items()}


def load_conditions(folder: Path) -> dict[str, Any]:
    """Which camera was measured and how, by name, as far as the file says it. Raises CalibrationError as `load_figures` does."""
    file = folder / FIGURES if folder.is_dir() else folder
    written, found = _written(file), {}
    for part, names in CONDITIONS.items():
        said = written.get(part, {})
        if not isinstance(said, dict):
            raise _damaged(file, part, said, "an object")
        for name in (name for name in names if name in said):
            value = said[name]
            if not isinstance(value, str) and not (is_number(value) and abs(value) <= MOST):
                raise _damaged(file, f"{part}.{name}", value, "text or a finite number")
            found[name] = value
    return found


def _written(file: Path) -> dict[str, Any]:
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalibrationError(
            f"calibration = {file}: it cannot be opened ({error.strerror}); allowed is a folder of keycam calibrate"
        ) from error
    except (ValueError, RecursionError) as error:
        raise CalibrationError(f"calibration = {file}: this is not JSON; allowed is {FIGURES} of keycam calibrate") from error
    if not isinstance(written, dict) or (written.get("format"), written.get("version")) != (FORMAT, VERSION):
        raise CalibrationError(f"calibration = {file}: this is no calibration; allowed is format {FORMAT!r}, version {VERSION}")
    return written


def _figures(file: Path, plane: str, body: Any) -> Figures:
    place = f"planes.{plane}.measured"
    entries = _filled(file, place, body.get("measured") if isinstance(body, dict) else None)
    return {name: _figure(file, f"{place}.{name}", entry) for name, entry in entries.items()}


def _figure(file: Path, place: str, entry: Any) -> Measured | None:
    if not isinstance(entry, dict) or not {"value", "unit", "interval"} <= set(entry):
        raise _damaged(file, place, entry, "an object with value, unit and interval")
    value, unit, interval, note = entry["value"], entry["unit"], entry["interval"], entry.get("note", "")
    for name, text in (("unit", unit), ("note", note)):
        if not isinstance(text, str):
            raise _damaged(file, f"{place}.{name}", text, "text")
    if value is None and interval is None:
        return None
    if not is_number(value):
        raise _damaged(file, f"{place}.value", value, "a number, or null with an interval of null")
    if isinstance(value, float) and not math.isfinite(value):
        raise _damaged(file, f"{place}.value", value, "a finite number, or null with an interval of null")
    is_pair = isinstance(interval, list) and len(interval) == 2 and all(is_number(end) for end in interval)
    if not is_pair or not interval[0] <= value <= interval[1]:
        raise _damaged(file, f"{place}.interval", interval, "two numbers around the value")
    try:
        # The wider side: the low end of an interval may have been cut at 0.
        half = max(float(interval[1]) - float(value), float(value) - float(interval[0]))
        return Measured(float(value), unit, half / NORMAL_95, note)
    except (ValueError, OverflowError) as error:
        raise _damaged(file, place, [value, *interval], "finite numbers") from error


def _filled(file: Path, place: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise _damaged(file, place, value, "an object with one entry or more")
    return value


def _damaged(file: Path, place: str, value: Any, allowed: str) -> CalibrationError:
    given = "nothing" if value is None else str(value)[:40]
    return CalibrationError(f"calibration = {file}: {place[:120]} = {given}; allowed is {allowed}")
