"""How well pictures were recovered: a box plot of their peak signal-to-noise ratios."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keycam.atomic_file import whole_file


def draw_psnr(psnr_db: Mapping[str, NDArray[np.float64]], file: Path) -> Path:
    """Draw a box for each group of ratios, dB, by its name, and say where the figure is. Raises `OutputError`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.5 + 1.5 * len(psnr_db), 4), layout="constrained")
    FigureCanvasAgg(figure)
    boxes(figure.add_subplot(), psnr_db)
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished)
    return file


def boxes(axes: Any, psnr_db: Mapping[str, NDArray[np.float64]]) -> None:
    """Draw a box for each group of ratios, dB, into `axes` of Matplotlib."""
    axes.boxplot(list(psnr_db.values()), whis=(0, 100))
    axes.set_xticks(range(1, 1 + len(psnr_db)), list(psnr_db))
    axes.set_ylabel("PSNR to the picture, dB")
    axes.set_title(f"{len(next(iter(psnr_db.values()))):,} pictures;\nwhiskers reach the extremes", fontsize=9)
