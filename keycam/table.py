"""Tables for people, whose cells are text as it is: no name in them is taken for rich's markup or for a terminal's orders."""

from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from keycam.printable import printable

Cell = str | Sequence[str]
"""A line, or some below one another."""


class Table:
    """A table that grows by columns and rows.

    Parameters
    ----------
    headings
        of its first columns.
    title
        what stands above it.
    show_header
        whether the headings are shown.
    """

    def __init__(self, *headings: str, title: str | None = None, show_header: bool = True) -> None:
        above = None if title is None else Text(printable(title), "table.title")
        self._table = RichTable(title=above, show_header=show_header)
        for heading in headings:
            self.add_column(heading)

    def add_column(
        self,
        heading: str,
        *,
        justify: Literal["left", "right"] = "left",
        no_wrap: bool = False,
        max_width: int | None = None,
    ) -> None:
        """One column more."""
        self._table.add_column(Text(printable(heading)), justify=justify, no_wrap=no_wrap, max_width=max_width)

    def add_row(self, *cells: Cell) -> None:
        """One row more."""
        self._table.add_row(*map(_shown, cells))

    def add_section(self) -> None:
        """A line below the last row."""
        self._table.add_section()

    def as_rich(self) -> RichTable:
        """What rich prints."""
        return self._table


def show(table: Table) -> None:
    """Print a table, as wide as it needs to be where nobody's terminal is the limit."""
    console, shown = Console(), table.as_rich()
    if not console.is_terminal:  # a file or a pipe has no width that a table must keep to
        console.width = max(console.width, Measurement.get(console, console.options.update(width=1000), shown).maximum)
    console.print(shown)


def _shown(cell: Cell) -> Text:
    lines = [cell] if isinstance(cell, str) else cell
    return Text("\n".join(map(printable, lines)))
