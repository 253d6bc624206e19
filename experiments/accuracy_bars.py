"""Accuracies of networks beside what chance gives: their columns in a record, and their figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from scipy.stats import binomtest

from experiments.record import Record
from inference.datasets import LabelledImages
from keycam.atomic_file import whole_file
from privacy.scoring.chance import CONFIDENCE

ACCURACY, LOW, HIGH, CHANCE = "test accuracy", "95 % interval, from", "to", "by chance"


def accuracy_columns(percents: Mapping[str, float], test: LabelledImages) -> dict[str, dict[str, float]]:
    """Accuracies on `test` in %, by kind, as columns of a record, with their intervals and the level of chance."""
    intervals = {kind: interval(percent, len(test)) for kind, percent in percents.items()}
    return {
        ACCURACY: dict(percents),
        LOW: {kind: low for kind, (low, _) in intervals.items()},
        HIGH: {kind: high for kind, (_, high) in intervals.items()},
        CHANCE: dict.fromkeys(percents, chance_percent(test)),
    }


def interval(percent: float, pictures: int) -> tuple[float, float]:
    """The confidence interval of a share of right answers, % (Clopper, Pearson 1934: exact for the binomial distribution)."""
    found = binomtest(round(percent / 100 * pictures), pictures).proportion_ci(CONFIDENCE, "exact")
    return 100 * float(found.low), 100 * float(found.high)


def chance_percent(test: LabelledImages) -> float:
    """How often the best answer without a look at the picture is right, %: that of the most frequent class."""
    classes = test.labels.tolist()
    return 100 * max(classes.count(each) for each in set(classes)) / len(classes)


def draw_bars(record: Record, xlabel: str, file: Path) -> Path:
    """Draw a bar with its interval for each kind in the record's columns into `file` (PNG) and return it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kinds = list(record.figures[ACCURACY])
    figure = Figure(figsize=(6.4, 1.5 + 0.5 * len(kinds)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    percents, lows, highs = (_values(record, name, kinds) for name in (ACCURACY, LOW, HIGH))
    below, above = ([abs(p - edge) for p, edge in zip(percents, edges, strict=True)] for edges in (lows, highs))
    ax.barh(kinds, percents, xerr=[below, above], height=0.55, color="#3b82d6", error_kw={"capsize": 3})
    for place, (percent, high) in enumerate(zip(percents, highs, strict=True)):
        ax.text(high + 1, place, f"{percent:.1f} %", va="center", fontsize=9)
    ax.axvline(record.figures[CHANCE][kinds[0]], color="#5b6672", linestyle=":", label="by chance")
    ax.invert_yaxis()
    ax.set(xlim=(0, 100), xlabel=xlabel)
    ax.grid(True, axis="x", color="#e5e8ec")
    ax.set_axisbelow(True)
    ax.legend(loc="lower right")
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished, format="png")
    return file


def _values(record: Record, column: str, rows: Sequence[str]) -> list[float]:
    return [record.figures[column][row] for row in rows]
