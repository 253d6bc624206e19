"""A run's files besides those of its tests: a page to read, and the figures for programs."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hil.artefacts import CAPTURE, FAULTS, LOG, STATISTICS
from hil.outcome import Outcome
from hil.plots import plots
from hil.run import JUNIT, HilRun
from keycam.atomic_file import whole_file
from keycam.page.rendering import rendered

PAGE, RESULT = "report.html", "hil.json"
_FILES = {CAPTURE: "bytes", LOG: "packets", FAULTS: "faults", STATISTICS: "figures"}


def write_report(run: HilRun, folder: Path) -> Path:
    """Write `report.html` and `hil.json` into the folder of a run, each whole; the page's path.

    The page needs no network; it leads to the files of each test beside it. Raises OutputError where one cannot be written.
    """
    with ExitStack() as stack:
        page, result = (stack.enter_context(whole_file(folder / name, "out")) for name in (PAGE, RESULT))
        result.write_text(json.dumps(run.as_json(), indent=2) + "\n")
        page.write_text(_page(run, folder), encoding="utf-8")
    return folder / PAGE


def _page(run: HilRun, folder: Path) -> str:
    result = run.as_json()
    statistics = {outcome.test: _statistics(outcome) for outcome in run.outcomes if outcome.folder}
    return rendered(
        "hil",
        PAGE,
        result=result,
        junit=JUNIT,
        failed=run.has_failed,
        plots=list(plots(statistics)),
        figures={name.replace("_", " "): f"{value:.4g}" for name, value in result["figures"].items()},
        parts=_parts(run, folder),
        troubles=[outcome for outcome in run.outcomes if outcome.result in ("failed", "error")],
    )  # fmt: skip


def _statistics(outcome: Outcome) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads((Path(outcome.folder) / STATISTICS).read_text())
    except (OSError, ValueError):
        return {}
    return read


def _parts(run: HilRun, folder: Path) -> dict[str, list[dict[str, Any]]]:
    parts: dict[str, list[dict[str, Any]]] = {}
    for outcome in run.outcomes:
        module, _, name = outcome.test.partition("::")
        parts.setdefault(module.removeprefix("test_").replace("_", " "), []).append(
            {
                "name": name.removeprefix("test_").replace("_", " "),
                "result": outcome.result,
                "message": outcome.message,
                "duration_s": f"{outcome.duration_s:.2f}",
                "files": _files(outcome, folder),
            }
        )
    return parts


def _files(outcome: Outcome, folder: Path) -> dict[str, str]:
    if not outcome.folder:
        return {}
    own = Path(outcome.folder)
    return {_FILES[name]: (own / name).relative_to(folder).as_posix() for name in _FILES if (own / name).is_file()}
