"""The contact sheet of a batch: a line for each footage with what was seen over time, and what was seen in some of its frames."""

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
MOST_BARS = 5
MOST_LETTERS = 60
UNKNOWN = "\N{WHITE SQUARE}"
"""In the place of a letter that the sheet's font does not have."""


def draw_sheet(folders: list[Path], frames: list[int], classes: tuple[str, ...], title: str, reveal: bool, file: Path) -> None:
    """Draw the first lines of the sheet into `file` (PNG): what rows say, and with `reveal` pictures of the annotated videos."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = list(zip(folders, frames, strict=True))[:MOST_LINES]
    figure = Figure(figsize=(13, 0.7 + 1.79 * len(shown)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(shown), 1 + PICTURES, squeeze=False, width_ratios=(1.7, *(1,) * PICTURES))
    colours = dict(zip(classes, colours_of(classes) / 255, strict=True))
    for (folder, count), (timeline, *panes) in zip(shown, axes, strict=True):
        places = sorted({(2 * place + 1) * count // (2 * PICTURES) for place in range(PICTURES)})
        rows = _draw_shares(timeline, folder, count, colours, places)
        pictures = _pictures(folder / ANNOTATED, places) if reveal else []
        for pane in panes[len(rows) :]:
            pane.axis("off")
        for number, (row, pane) in enumerate(zip(rows, panes, strict=False)):
            share = named_shares(row)[row["class"]]
            pane.set_title(f"frame {row['frame']}: {row['class']} {share:.0%}", fontsize=9, parse_math=False)
            if number < len(pictures):
                pane.axis("off")
                pane.imshow(pictures[number], interpolation="antialiased")
            else:
                _draw_bars(pane, row, colours)
    left_out = f", the first {len(shown)} of {len(folders)}" if len(shown) < len(folders) else ""
    figure.suptitle(title + left_out, fontsize=11)
    figure.savefig(file, format="png")


def drawable(name: str) -> str:
    """A file's name as the sheet's font can draw it: what it has no letter for is a square, and what is too long is cut."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    letters = get_font(findfont(FontProperties())).get_charmap()
    shown = "".join(letter if letter.isprintable() and ord(letter) in letters else UNKNOWN for letter in name)
    return shown if len(shown) <= MOST_LETTERS else f"{shown[: MOST_LETTERS - 1]}…"


def _draw_shares(ax: Any, folder: Path, count: int, colours: dict[str, Any], places: list[int]) -> list[dict[str, Any]]:
    """Draw what was seen over time; the rows at some places of the footage."""
    points = min(count, MOST_POINTS)
    names = list(colours)
    index = {name: number for number, name in enumerate(names)}
    sums = np.zeros((points, len(names)))
    in_point, times_s = np.zeros(points), np.zeros(points)
    wanted = []
    for place, row in enumerate(rows_in(folder)):  # frames that were refused have no row: their numbers leave gaps
        point = place * points // count
        in_point[point] += 1
        times_s[point] = row["time_s"]
        for name, share in named_shares(row).items():
            sums[point, index[name]] += share
        if place in places:
            wanted.append(row)
    means = sums / in_point[:, None]
    chosen = np.sort(np.argsort(-means.mean(0), kind="stable")[:MOST_LAYERS])
    ax.set_title(drawable(folder.name), fontsize=9, loc="left", parse_math=False)
    ax.tick_params(labelsize=7)
    if points == 1:  # no stretch of time to draw it over
        means, times_s = np.repeat(means, 2, axis=0), np.array([0.0, 1.0])
        ax.set_xticks([])
        ax.set_xlabel("one frame", fontsize=7)
    else:
        ax.set_xlabel("s", fontsize=7)
    ax.stackplot(times_s, means[:, chosen].T, colors=[colours[names[number]] for number in chosen], linewidth=0)
    largest = [number for number in chosen if means[:, number].mean() > 0.03]
    for number in sorted(largest, key=lambda number: -means[:, number].mean())[:6]:
        ax.plot([], [], color=colours[names[number]], linewidth=5, label=names[number])
    ax.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    ax.set(ylim=(0, 1), xlim=(times_s[0], max(times_s[-1], times_s[0] + 1e-3)))
    return wanted


def _draw_bars(ax: Any, row: dict[str, Any], colours: dict[str, Any]) -> None:
    """The largest shares of a frame, each with its class and per cent."""
    largest = sorted(named_shares(row).items(), key=lambda named: -named[1])[:MOST_BARS]
    for place, (name, share) in enumerate(largest):
        ax.barh(place, share, color=colours[name], height=0.75)
        ax.text(share + 0.02, place, f"{share:.0%}", fontsize=8, va="center")
    ax.set_yticks(range(len(largest)), [name[:18] for name, _ in largest], fontsize=8)
    ax.set(xlim=(0, 1.18), ylim=(MOST_BARS - 0.5, -0.5), xticks=[])
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    ax.tick_params(length=0)


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
