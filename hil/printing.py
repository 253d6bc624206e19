"""A run of the harness as tables for people."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from keycam.table import Table, show

if TYPE_CHECKING:
    from hil.run import HilRun

MOST_SHOWN = 100
"""Characters of a message in a table; all of it is in the report."""


def print_contract(run: "HilRun", page: Path) -> None:
    """What became of the tests, why some did not pass, and what was measured."""
    result = run.as_json()
    table = Table(title=f"{result['target']}: {result['device']} at {result['link']}")
    for heading in ("part of the contract", "passed", "failed", "errors", "skipped", "time, s"):
        table.add_column(heading, justify="left" if heading.startswith("part") else "right")
    for part in dict.fromkeys(outcome.test.partition("::")[0] for outcome in run.outcomes):
        of_part = [outcome for outcome in run.outcomes if outcome.test.partition("::")[0] == part]
        counts = [sum(each.result == kind for each in of_part) for kind in ("passed", "failed", "error", "skipped")]
        table.add_row(
            part.removeprefix("test_").replace("_", " "), *map(str, counts), f"{sum(each.duration_s for each in of_part):.1f}"
        )
    show(table)
    if result["failures"]:
        failures = Table(title="what did not pass")
        for heading in ("test", "kind", "message"):
            failures.add_column(heading)
        for each in result["failures"]:
            failures.add_row(each["test"], each["kind"], each["message"][:MOST_SHOWN].splitlines())
        show(failures)
    reasons: dict[str, int] = {}
    for each in result["skipped"]:
        reasons[each["reason"]] = reasons.get(each["reason"], 0) + 1
    if reasons:
        skipped = Table(title="skipped")
        skipped.add_column("tests", justify="right")
        skipped.add_column("because")
        for reason, times in reasons.items():
            skipped.add_row(str(times), reason.splitlines())
        show(skipped)
    pairs = {name.replace("_", " "): f"{value:.4g}" for name, value in result["figures"].items()}
    print_table({"firmware": result["firmware"][:16], **pairs, "report": str(page)})


def print_table(result: dict[str, Any]) -> None:
    """Names and values; a value that is a list of rows becomes a table of its own."""
    table = Table(show_header=False)
    rows = {name: value for name, value in result.items() if isinstance(value, list) and value and isinstance(value[0], dict)}
    for name, value in rows.items():
        show(_of_rows(name.replace("_", " "), value))
    for name, value in result.items():
        if name not in rows:
            table.add_row(name.replace("_", " "), _cell(value).splitlines())
    show(table)


def _of_rows(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table(title=title)
    for heading, value in rows[0].items():
        table.add_column(heading.replace("_", " "), justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*(_cell(value).splitlines() for value in row.values()))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_cell(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list):
        return "\n".join(map(_cell, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
