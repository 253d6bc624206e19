"""How the report's figures look: one size, one grid, a colour for each colour plane."""

import io
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLANE_COLOURS = {
    "mono": "#222222",
    "red": "#c0392b",
    "green": "#2e8b57",
    "green beside red": "#2e8b57",
    "green beside blue": "#8fbf5a",
    "blue": "#2c6fbb",
}
GREY = "#9aa5b1"


def new_figure(panels: int = 1, height_in: float = 3.6) -> tuple["Figure", list["Axes"]]:
    """A figure as wide as the page with so many panels side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Margins that hold every figure's labels: a layout engine, which draws all of it once more, takes most of a report's time.
    figure = Figure(figsize=(9.2, height_in), dpi=110)
    FigureCanvasAgg(figure)
    figure.subplots_adjust(0.085, 0.14, 0.985, 0.91, wspace=0.24)
    axes = figure.subplots(1, panels, squeeze=False)[0]
    for ax in axes:
        ax.grid(True, color="#e5e8ec", linewidth=0.6)
        ax.set_axisbelow(True)
    return figure, list(axes)


def legend_above(ax: "Axes", columns: int = 2) -> None:
    """A legend over the curves, in height that is made free for it: nothing is covered, wherever the curves are."""
    entries = len(ax.get_legend_handles_labels()[0])
    room = 0.04 + 0.08 * math.ceil(entries / columns)
    low, high = ax.get_ylim()
    # The same share of the height on either scale.
    top = high * (high / low) ** room if ax.get_yscale() == "log" else high + (high - low) * room
    ax.set_ylim(low, top)
    ax.legend(loc="upper left", ncols=columns, fontsize=8)


def as_png(figure: Any) -> bytes:
    """The figure as a PNG file."""
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
