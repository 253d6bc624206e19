"""Figures 5 to 7 of Ito et al. in one: pictures, what is sent of them, what an inverse network recovers, and how well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keycam.atomic_file import whole_file
from keycam.inverse_attack import INVERSE_WEIGHTS
from keycam.psnr_figure import boxes
from keycam.transform import WEIGHTS, load_transformation
from privacy.transformation.inverse_network import Pictures, psnr_db, squared_errors, transformed

SHOWN = 8
"""So many of the test pictures."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is drawn.

    Attributes
    ----------
    lines
        Pictures, uint8 (`SHOWN`, H, W, 3), by what they are.
    psnr_db
        How near the recovered pictures come to all test pictures, (N,), by alpha.
    """

    lines: dict[str, Pictures]
    psnr_db: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def sheet(places: Mapping[float, Path], attacks: Mapping[float, Path], scenes: Pictures) -> Sheet:
    """What the transformation networks in `places` and the inverse networks in `attacks`, folders by alpha, make of `scenes`."""
    found = Sheet({"picture": scenes[:SHOWN]})
    for alpha, place in places.items():
        sent = transformed(load_transformation(place / WEIGHTS), scenes)
        found.lines[f"sent, alpha {alpha}"] = sent[:SHOWN]
        if alpha in attacks:
            inverse = load_transformation(attacks[alpha] / INVERSE_WEIGHTS)
            found.lines[f"recovered, alpha {alpha}"] = transformed(inverse, sent[:SHOWN])
            found.psnr_db[f"alpha {alpha}"] = psnr_db(squared_errors(inverse, sent, scenes))
    return found


def draw(drawn: Sheet, file: Path) -> Path:
    """Draw the pictures, a line for each kind, and the boxes of the ratios beside them into `file` (PNG), and return it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = 0.3 + 0.95 * len(drawn.lines)
    figure = Figure(figsize=(12 if drawn.psnr_db else 8.6, max(height, 4.0)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    widths = (2.6, 1) if drawn.psnr_db else (1,)
    panels = figure.subfigures(1, len(widths), squeeze=False, width_ratios=widths)[0]
    axes = panels[0].subplots(len(drawn.lines), SHOWN, squeeze=False)
    for (kind, pictures), panes in zip(drawn.lines.items(), axes, strict=True):
        for ax in panes:
            ax.set_axis_off()
        for picture, ax in zip(pictures, panes, strict=False):
            ax.imshow(picture, interpolation="nearest")
        panes[0].set_title(kind, fontsize=9, loc="left", pad=3)
    if drawn.psnr_db:
        boxes(panels[1].subplots(), drawn.psnr_db)
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished, format="png")
    return file
