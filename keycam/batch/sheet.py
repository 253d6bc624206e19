"""The contact sheet of a batch: a line for each footage with what was seen over time, and some of its annotated pictures."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keycam.batch.panel import colours_of
from keycam.batch.rows import named_shares
from keycam.batch.seeing import ANNOTATED
from keycam.batch.summary import rows_in

SHEET = "contact-sheet.png"
MOST_LINES = 24
PICTURES = 3
MOST_POINTS = 400
"""Of a line over time; of more rows, means."""
MOST_LAYERS = 11


def draw_sheet(folders: list[Path], frames: list[int], classes: tuple[str, ...], title: str, file: Path) -> None:
    """Draw the first lines of the sheet into `file` (PNG): it shows of each frame what its annotated video shows, no more."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = list(zip(folders, frames, strict=True))[:MOST_LINES]
    figure = Figure(figsize=(12, 0.7 + 1.8 * len(shown)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(shown), 1 + PICTURES, squeeze=False, width_ratios=(2, *(1,) * PICTURES))
    colours = dict(zip(classes, colours_of(classes) / 255, strict=True))
    for (folder, count), (timeline, *panes) in zip(shown, axes, strict=True):
        _draw_shares(timeline, folder, count, colours)
        for pane in panes:
            pane.axis("off")
        numbers = sorted({(2 * place + 1) * count // (2 * PICTURES) for place in range(PICTURES)})
        for number, picture, pane in zip(numbers, _pictures(folder / ANNOTATED, numbers), panes, strict=False):
            pane.imshow(picture, interpolation="antialiased")
            pane.set_title(f"frame {number}", fontsize=8)
    left_out = f", the first {len(shown)} of {len(folders)}" if len(shown) < len(folders) else ""
    figure.suptitle(title + left_out, fontsize=11)
    figure.savefig(file, format="png")


def _draw_shares(ax: Any, folder: Path, count: int, colours: dict[str, Any]) -> None:
    points = min(count, MOST_POINTS)
    names = list(colours)
    index = {name: number for number, name in enumerate(names)}
    sums = np.zeros((points, len(names)))
    in_point, times_s = np.zeros(points), np.zeros(points)
    for row in rows_in(folder):
        point = row["frame"] * points // count
        in_point[point] += 1
        times_s[point] = row["time_s"]
        for name, share in named_shares(row).items():
            sums[point, index[name]] += share
    means = sums / in_point[:, None]
    chosen = np.sort(np.argsort(-means.mean(0), kind="stable")[:MOST_LAYERS])
    if points == 1:
        means, times_s = np.repeat(means, 2, axis=0), np.array([0.0, 1.0])
    ax.stackplot(times_s, means[:, chosen].T, colors=[colours[names[number]] for number in chosen], linewidth=0)
    largest = [number for number in chosen if means[:, number].mean() > 0.03]
    for number in sorted(largest, key=lambda number: -means[:, number].mean())[:6]:
        ax.plot([], [], color=colours[names[number]], linewidth=5, label=names[number])
    ax.legend(fontsize=6, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    ax.set(ylim=(0, 1), xlim=(times_s[0], max(times_s[-1], times_s[0] + 1e-3)))
    ax.set_title(folder.name, fontsize=9, loc="left")
    ax.tick_params(labelsize=7)
    ax.set_xlabel("s", fontsize=7)


def _pictures(video: Path, numbers: list[int]) -> list[NDArray[np.uint8]]:
    """The pictures with these numbers of a video that we wrote."""
    import av

    if not video.exists():
        return []
    wanted: set[int] = set(numbers)
    found: list[NDArray[np.uint8]] = []
    with av.open(str(video)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for number, frame in enumerate(container.decode(video=0)):
            if number in wanted:
                found.append(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
                if len(found) == len(wanted):
                    break
    return found
