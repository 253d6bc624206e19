"""How the accuracy falls when the light does."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keycam.atomic_file import whole_file
from sensor_sim import SensorProfile

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_accuracy(points: Sequence[dict[str, float]], profile: SensorProfile, file: Path) -> Path:
    """Draw accuracies over "exposure_s" (one curve for each other name in `points`) into `file` (PNG) and return it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    exposures_ms = [1e3 * point["exposure_s"] for point in points]
    accuracy_curves(ax, exposures_ms, {name: [100 * p[name] for p in points] for name in points[0] if name != "exposure_s"})
    ax.axhline(10, color="#9aa5b1", linestyle=":", label="guessing")
    exposure_axis(ax, profile)
    ax.set_title(profile.name)
    ax.legend()
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished, format="png")
    return file


def accuracy_curves(ax: "Axes", x: Sequence[float], curves: Mapping[str, Sequence[float]]) -> None:
    """Draw a curve of accuracies, %, over `x` for each name."""
    for number, (name, accuracies) in enumerate(curves.items()):
        # The curves lie on one another: each is drawn with a smaller mark, so that all are seen.
        ax.plot(x, accuracies, "o-", markersize=11 - 4 * number, label=name.replace("_", " "))
    ax.set(ylim=(0, 100), ylabel="accuracy, %")
    ax.grid(True, color="#e5e8ec")


def exposure_axis(ax: "Axes", profile: SensorProfile) -> None:
    """Make x an exposure in ms, with the electrons that white makes in a photosite of the most sensitive colour above it."""
    ax.set(xscale="log", xlabel="exposure, ms")
    white_e_per_ms = max(profile.white_e_per_s) / 1e3
    top = ax.secondary_xaxis(
        "top", functions=(lambda ms: np.asarray(ms) * white_e_per_ms, lambda electrons: np.asarray(electrons) / white_e_per_ms)
    )
    top.set_xlabel("electrons that white makes in a photosite")
