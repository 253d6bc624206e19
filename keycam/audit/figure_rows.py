"""An audit's figures as rows of text, for the terminal and for the page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keycam.audit.explained import EXPLAINED, figure_label, figure_text
from keycam.audit.verdict import beyond_chance

_SWEPT = ("key_entries_recovered", "neighbours_recovered", "best_partner_within_2_px")


@dataclass(frozen=True)
class FigureRow:
    """One figure as text: its value (the median over keys), the interval of the mean over keys, chance, and chance's limit.

    What there is not is empty; `beyond` says that the value is beyond the limit.
    """

    label: str
    value: str
    interval: str = ""
    chance: str = ""
    limit: str = ""
    beyond: bool = False


@dataclass(frozen=True)
class Section:
    """The figures of one attack."""

    name: str
    frames: int
    rows: tuple[FigureRow, ...]


def figure_rows(result: dict[str, Any]) -> Iterator[Section]:
    """All figures, attack by attack: curves are a row for each of their points."""
    for name in EXPLAINED:
        parts = (
            {f"{name}, {kind}": part for kind, part in result[name].items()} if _has_kinds(result[name]) else {name: result[name]}
        )
        for title, part in parts.items():
            yield Section(title.replace("_", " "), part["frames"], tuple(_rows(part)))


def _has_kinds(part: dict[str, Any]) -> bool:
    """Whether a section is one part for each kind of order; one that does not apply is not."""
    return "frames" not in part


def _rows(part: dict[str, Any]) -> Iterator[FigureRow]:
    if "says" in part:
        yield FigureRow(part["says"], "")
    for name, value in part.items():
        if isinstance(value, float):
            yield _row(part, name, figure_label(name))
        elif name.endswith("_by_share"):
            yield from _curve(part, name)
    for swept in part.get("sweep", ()):
        for name in (name for name in _SWEPT if name in swept):
            yield _row(swept, name, f"{figure_label(name)} from {swept['frames']} frames")
    for share, frames in part.get("frames_to_break", {}).items():
        most = f"more than {part['frames']}"
        yield FigureRow(f"frames to {100 * float(share):.0f} % of the key", most if frames is None else str(frames))


def _row(part: dict[str, Any], name: str, label: str) -> FigureRow:
    over = part.get("over_keys", {}).get("figures", {}).get(name)
    chance, limit = (_text(name, part[levels].get(name)) for levels in ("chance", "chance_limit"))
    return FigureRow(label, figure_text(name, part[name]), _interval(name, over), chance, limit, beyond_chance(part, name))


def _curve(part: dict[str, Any], name: str) -> Iterator[FigureRow]:
    figure = name.removesuffix("_by_share")
    over = part.get("over_keys", {}).get("figures", {}).get(name, {})
    for share, value in part[name].items():
        label = f"{figure_label(figure)} with {100 * float(share):.0f} % of the key"
        interval = _interval(figure, over.get(share))
        yield FigureRow(label, figure_text(figure, value), interval, _text(figure, part["chance"][name]))


def _interval(name: str, over: dict[str, Any] | None) -> str:
    return "" if over is None else f"{figure_text(name, over['low'])} to {figure_text(name, over['high'])}"


def _text(name: str, level: float | None) -> str:
    return "" if level is None else figure_text(name, level)
