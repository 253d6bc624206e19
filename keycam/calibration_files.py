"""The files that `keycam calibrate` writes into its folder, and the figures read back from there."""

import json
from pathlib import Path
from typing import Any

from calibration.written import FORMAT, VERSION

REPORT, FIGURES, SHEET, CORRECTIONS = "report.html", "measured.json", "sheet.toml", "corrections.toml"


class CalibrationError(ValueError):
    """A calibration cannot be read: one sentence that names the file and what is allowed."""


def load_figures(folder: Path) -> dict[str, Any]:
    """What a calibration wrote, from its folder or its JSON file. Raises CalibrationError for anything else."""
    file = folder / FIGURES if folder.is_dir() else folder
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalibrationError(
            f"calibration = {file}: it cannot be opened ({error.strerror}); allowed is a folder of keycam calibrate"
        ) from error
    except ValueError as error:
        raise CalibrationError(f"calibration = {file}: this is not JSON; allowed is {FIGURES} of keycam calibrate") from error
    if not isinstance(written, dict) or (written.get("format"), written.get("version")) != (FORMAT, VERSION):
        raise CalibrationError(f"calibration = {file}: this is no calibration; allowed is format {FORMAT!r}, version {VERSION}")
    return written
