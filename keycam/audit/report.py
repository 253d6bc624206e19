"""An audit's three files: a page to read, a picture to look at, and the figures for programs."""

import base64
import json
import shlex
from contextlib import ExitStack
from pathlib import Path

from keycam.atomic_file import OutputError, make_folder, whole_file
from keycam.audit.contact_sheet import draw_contact_sheet
from keycam.audit.explained import EXPLAINED
from keycam.audit.figure_rows import figure_rows
from keycam.audit.plan import AuditPlan
from keycam.audit.plots import plots
from keycam.audit.run import Audit
from keycam.audit.verdict import verdict
from keycam.page.rendering import rendered
from keycam.policy import described

PAGE, SHEET, FIGURES = "report.html", "contact_sheet.png", "audit.json"


def make_report_folder(folder: Path) -> None:
    """Make `folder` and see that the files can be written in it: before the audit, not after it. Raises `OutputError`."""
    make_folder(folder, "out")
    for name in (PAGE, SHEET, FIGURES):
        if (folder / name).is_dir():
            raise OutputError(f"out = {folder}: {name} in it is a folder; allowed is a folder where {name} can be written")


def write_report(audit: Audit, folder: Path) -> Path:
    """Write `report.html`, `contact_sheet.png` and `audit.json` into `folder`, each whole; its other files stay.

    The page needs no other file and no network. Gives the page's path; raises `OutputError` where it cannot be written.
    """
    with ExitStack() as stack:
        page, sheet, figures = (stack.enter_context(whole_file(folder / name, "out")) for name in (PAGE, SHEET, FIGURES))
        draw_contact_sheet(audit.rows, f"keycam audit: {described(audit.policy)}", sheet)
        figures.write_text(json.dumps(audit.result, indent=2) + "\n")
        page.write_text(_page(audit, sheet.read_bytes()), encoding="utf-8")
    return folder / PAGE


def _page(audit: Audit, sheet: bytes) -> str:
    return rendered(
        "keycam",
        "audit/" + PAGE,
        result=audit.result,
        policy=described(audit.policy),
        verdict=verdict(audit.result),
        plots=list(plots(audit.result, audit.samples)),
        sheet=base64.b64encode(sheet).decode("ascii"),
        sections=figure_rows(audit.result),
        explained=EXPLAINED,
        command=command_line(audit.plan),
    )


def command_line(plan: AuditPlan) -> str:
    """The line that repeats an audit."""
    names = ("source", "data", "key", "frames", "policy", "order", "refresh", "keys", "seed")
    options = {**{name: getattr(plan, name) for name in names}, "size": plan.size_text}
    line = ["keycam", "audit"]
    for name, value in options.items():
        line += [] if value is None else [f"--{name}", str(value)]
    line += [] if plan.mask is None else ["--mask" if plan.mask else "--no-mask"]
    return shlex.join(line + (["--sweep"] if plan.sweep else []))
