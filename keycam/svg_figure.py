"""Figures of a report as SVG that takes the colours of the page that it stands in."""

import io
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Matplotlib has no notion of the page's colours: these stand for them until the SVG is written.
INK, GRID = "#010203", "#040506"
BLUE, ORANGE, GREEN, PURPLE = "#3b82d6", "#e07b1a", "#2c9c62", "#a05bd1"

Plot = tuple[str, str]
"""A caption and an SVG element."""


def axes(height_in: float) -> tuple["Figure", "Axes"]:
    """A figure as wide as a column of the page, and its axes, in the page's ink."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, height_in), layout="constrained")
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    ax = figure.subplots()
    ax.patch.set_visible(False)
    ax.tick_params(colors=INK, labelsize=10)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(INK)
    ax.xaxis.label.set_color(INK)
    ax.yaxis.label.set_color(INK)
    ax.set_axisbelow(True)
    ax.grid(color=GRID, linewidth=0.7)
    return figure, ax


def legend(ax: "Axes") -> None:
    """Above the axes, where no curve runs."""
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, labelcolor=INK, fontsize=10, borderaxespad=0.2)


def as_svg(caption: str, name: str, figure: "Figure") -> str:
    """The figure as an element of HTML, as wide as there is room, in the page's ink; its parts are called after `name`."""
    from matplotlib import rc_context

    written = io.StringIO()
    # Text as text, for readers and search; what identifies the parts of a plot differs from plot to plot and not from run to run.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif"}):
        figure.savefig(written, format="svg", metadata={"Date": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor").replace(GRID, "var(--grid)")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(caption)}"', 1)
