"""A published table and our record of it in one table: for the terminal, and in Markdown for the documentation."""

from rich.console import Console
from rich.table import Table

from experiments.published import PublishedTable
from experiments.record import Record

NOT_MEASURED = "not measured"
NO_FIGURE = "-"


def headings(record: Record) -> list[str]:
    """The headings of `cells`."""
    ours = [part for column in record.figures for part in (column, "difference")]
    return ["", "published", *ours]


def cells(table: PublishedTable, record: Record) -> list[list[str]]:
    """A line for each row of the table: its label, the published figure, and for each of our columns figure and difference."""
    lines = []
    for row in table.rows:
        line = [row.label, NO_FIGURE if row.value is None else f"{row.value:.2f}"]
        for figures in record.figures.values():
            ours = figures.get(row.name)
            line.append(NOT_MEASURED if ours is None else figure_text(ours))
            line.append(NO_FIGURE if ours is None or row.value is None else f"{ours - row.value:+.2f}")
        lines.append(line)
    return lines


def print_side_by_side(table: PublishedTable, record: Record, model: str) -> None:
    """Print both on standard output, ours of `model`, and how our figures came about."""
    shown = Table(title=f"{table.title}, {table.unit}; ours: {model}")
    for number, heading in enumerate(headings(record)):
        shown.add_column(heading, justify="right" if number else "left")
    for line in cells(table, record):
        shown.add_row(*line)
    console = Console(width=160)
    console.print(shown)
    for what, remark in record.remarks.items():
        console.print(f"{what}: {remark}", soft_wrap=True, highlight=False)


def markdown(table: PublishedTable, record: Record) -> str:
    """Both as a table in Markdown."""
    first = headings(record)
    lines = [first, ["---"] + ["---:"] * (len(first) - 1), *cells(table, record)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def published_only(table: PublishedTable) -> str:
    """The published figures alone as a table in Markdown."""
    lines = ["|  | published |", "| --- | ---: |"]
    lines += [f"| {row.label} | {NO_FIGURE if row.value is None else f'{row.value:.2f}'} |" for row in table.rows]
    return "\n".join(lines) + "\n"


def figure_text(value: float) -> str:
    """A figure of a record: counts whole, all others with two digits."""
    return str(value) if isinstance(value, int) else f"{value:.2f}"
