"""A stage of a long experiment: what it found stays on disk, so that the same line run again goes on behind it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keycam.atomic_file import whole_file


def stage(file: Path, settings: dict[str, Any], found: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `found` finds, and `wall_s`, the seconds that it took; taken from `file` where it is there with equal `settings`.

    Both are what JSON can hold. A file that is damaged or has other settings is written anew.
    """
    try:
        stored = json.loads(file.read_text())
        if stored["settings"] == settings:
            kept: dict[str, Any] = stored["found"]
            return kept
    except (OSError, ValueError, KeyError, TypeError):
        pass
    began_s = time.monotonic()
    result = found()
    result["wall_s"] = round(time.monotonic() - began_s, 1)
    with whole_file(file, "out") as unfinished:
        unfinished.write_text(json.dumps({"settings": settings, "found": result}, indent=2) + "\n")
    return result
