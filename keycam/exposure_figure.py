"""How the accuracy falls when the light does."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from keycam.atomic_file import whole_file
from sensor_sim import SensorProfile


def draw_accuracy(points: Sequence[dict[str, float]], profile: SensorProfile, file: Path) -> Path:
    """Draw accuracies over "exposure_s" (one curve for each other name in `points`) into `file` (PNG) and return it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    exposures_ms = [1e3 * point["exposure_s"] for point in points]
    names = [name for name in points[0] if name != "exposure_s"]
    for number, name in enumerate(names):
        accuracies = [100 * point[name] for point in points]
        # The curves lie on one another: each is drawn with a smaller mark, so that all are seen.
        ax.plot(exposures_ms, accuracies, "o-", markersize=11 - 4 * number, label=name.replace("_", " "))
    ax.axhline(10, color="#9aa5b1", linestyle=":", label="guessing")
    ax.set(xscale="log", ylim=(0, 100), xlabel="exposure, ms", ylabel="accuracy, %", title=profile.name)
    white_e_per_ms = max(profile.white_e_per_s) / 1e3
    top = ax.secondary_xaxis(
        "top", functions=(lambda ms: np.asarray(ms) * white_e_per_ms, lambda electrons: np.asarray(electrons) / white_e_per_ms)
    )
    top.set_xlabel("electrons that white makes in a photosite")
    ax.grid(True, color="#e5e8ec")
    ax.legend()
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished, format="png")
    return file
