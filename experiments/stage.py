"""A stage of a long experiment: what it found stays on disk, so that the same line run again goes on behind it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.provenance import commit, hardware, versions
from keycam.atomic_file import whole_file


def stage(file: Path, settings: dict[str, Any], found: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `found` finds, and `wall_s`, the seconds that it took; taken from `file` where it is `kept` there.

    Both are what JSON can hold. A file that is damaged, or of other settings, is written anew.
    """
    result = kept(file, settings)
    if result is None:
        began_s = time.monotonic()
        result = found()
        result["wall_s"] = round(time.monotonic() - began_s, 1)
        with whole_file(file, "out") as unfinished:
            unfinished.write_text(json.dumps({"settings": _with_origin(settings), "found": result}, indent=2) + "\n")
    return result


def kept(file: Path, settings: dict[str, Any]) -> dict[str, Any] | None:
    """What a stage with equal `settings` left in `file`, of this commit, machine and versions: a record claims one of each."""
    try:
        stored = json.loads(file.read_text())
        if stored["settings"] == _with_origin(settings):
            found: dict[str, Any] = stored["found"]
            return found
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _with_origin(settings: dict[str, Any]) -> dict[str, Any]:
    return {**settings, "commit": commit(), "hardware": hardware(), "versions": versions()}
