"""The audit's picture: original, link and what the attacker recovered, a row for each frame, with scores."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from keycam.audit.case import MOST_PSNR_DB, Row
from privacy.seen import Samples

TITLES = ("original", "on the link", "recovered by the attacker")


def draw_contact_sheet(rows: Sequence[Row], title: str, file: Path) -> None:
    """Draw `rows` into `file` (PNG)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shapes = [row.original.shape[0] / row.original.shape[1] for row in rows]
    figure = Figure(figsize=(7.2, 0.6 + sum(2.3 * shape + 0.35 for shape in shapes)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), len(TITLES), squeeze=False, height_ratios=shapes)
    for heading, ax in zip(TITLES, axes[0], strict=True):
        ax.set_title(heading, fontsize=12)
    for row, of_row in zip(rows, axes, strict=True):
        pictures = ((row.original, row.name), (row.link, _score(row.link_ssim, row.link_psnr_db)))
        for ax, (picture, below) in zip(of_row, (*pictures, (row.recovered, _score(row.ssim, row.psnr_db))), strict=True):
            ax.imshow(_shown(picture, row.bits), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            ax.set_xlabel(below, fontsize=10)
    figure.suptitle(title, fontsize=13)
    figure.savefig(file, format="png")


def _score(ssim: float, psnr_db: float) -> str:
    if psnr_db >= MOST_PSNR_DB:
        return "identical"
    return f"SSIM {round(ssim, 2) + 0.0:.2f}, PSNR {psnr_db:.1f} dB"  # never -0.00


def _shown(picture: Samples, bits: int) -> NDArray[np.float64]:
    """Samples (H, W, C) on a scale of 0 to 1; a single channel as (H, W)."""
    scaled: NDArray[np.float64] = picture / (2**bits - 1)
    if bits > 8:  # a sensor's codes are linear in light and would look too dark; 8 bits are sRGB already
        scaled **= 1 / 2.2
    return scaled[..., 0] if picture.shape[2] == 1 else scaled
