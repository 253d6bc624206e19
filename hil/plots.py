"""A run's figures as pictures: how fast, how quick to answer, and what went wrong how often."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from keycam.svg_figure import BLUE, GREEN, INK, ORANGE, PURPLE, Plot, as_svg, axes, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Statistics = Mapping[str, Mapping[str, Any]]
"""What each test left in its `statistics.json`, by test."""
MOST_BARS = 16


def plots(statistics: Statistics) -> Iterator[Plot]:
    """All plots that the tests left figures for."""
    drawn = (
        ("Samples that arrived, verified, while nothing went wrong on purpose.", "throughput", _throughput(statistics)),
        ("How long a command, and a triggered frame until its last packet, took.", "latency", _latency(statistics)),
        ("What the host counted in all tests together, by cause. Most of it was asked for.", "errors", _errors(statistics)),
        ("Faults that struck the link, by kind.", "struck", _struck(statistics)),
    )
    for caption, name, figure in drawn:
        if figure is not None:
            yield caption, as_svg(caption, name, figure)


def _throughput(statistics: Statistics) -> "Figure | None":
    runs = [(test, each["throughput"]) for test, each in statistics.items() if "throughput" in each]
    if not runs:
        return None
    figure, ax = axes(2.8)
    for (test, curve), colour in zip(runs, (BLUE, ORANGE, GREEN, PURPLE), strict=False):
        ax.plot(curve["time_s"], np.asarray(curve["bytes"]) / 1e6, color=colour, marker="o", markersize=3, label=_short(test))
    ax.set(xlabel="time, s", ylabel="verified samples, MB", xlim=(0, None), ylim=(0, None))
    legend(ax)
    return figure


def _latency(statistics: Statistics) -> "Figure | None":
    lines = (("command_ms", "command", BLUE), ("trigger_to_frame_ms", "trigger to frame", ORANGE))
    found = [
        (label, colour, np.sort(each[name])) for name, label, colour in lines for each in statistics.values() if each.get(name)
    ]
    if not found:
        return None
    figure, ax = axes(2.8)
    for label, colour, times_ms in found:
        share = np.arange(1, times_ms.size + 1) / times_ms.size
        ax.step(times_ms, share, where="post", color=colour, label=label)
    ax.set(xlim=(0, None), xlabel="time, ms", ylabel="share that took no longer", ylim=(0, 1.03))
    legend(ax)
    return figure


def _errors(statistics: Statistics) -> "Figure | None":
    total: Counter[str] = Counter()
    for each in statistics.values():
        total.update(each.get("host", {}).get("faults", {}))
    return _bars(total, "times", BLUE)


def _struck(statistics: Statistics) -> "Figure | None":
    total: Counter[str] = Counter()
    for each in statistics.values():
        for name, times in each.get("link_faults", {}).items():
            total[name.rpartition(" ")[2]] += times
    return _bars(total, "faults", PURPLE)


def _bars(total: Counter[str], unit: str, colour: str) -> "Figure | None":
    if not total:
        return None
    shown = list(reversed(total.most_common(MOST_BARS)))
    figure, ax = axes(0.8 + 0.24 * len(shown))
    ax.barh(range(len(shown)), [times for _, times in shown], height=0.6, color=colour)
    for place, (_, times) in enumerate(shown):
        ax.text(times * 1.08, place, str(times), va="center", fontsize=9, color=INK)
    ax.set_yticks(range(len(shown)), [cause.replace("_", " ") for cause, _ in shown])
    ax.set(xscale="log", xlabel=unit, xlim=(0.8, 4 * shown[-1][1]))
    ax.grid(axis="y", visible=False)
    return figure


def _short(test: str) -> str:
    return test.rpartition("::")[2].removeprefix("test_").replace("_", " ")
