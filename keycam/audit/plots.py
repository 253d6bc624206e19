"""An audit's figures as pictures: SVG that takes the colours of the page that it stands in."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from keycam.audit.explained import figure_text
from keycam.audit.histogram import SampleHistogram
from keycam.svg_figure import BLUE, GREEN, INK, ORANGE, PURPLE, Plot, as_svg, axes, legend
from privacy.scoring.partial_key import SHARES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHANCE: dict[str, Any] = {"color": INK, "linestyle": (0, (4, 3)), "linewidth": 1}

_BARS = (
    ("frames alone: key entries", "ciphertext_only", "key_entries_recovered"),
    ("frames alone: neighbours", "ciphertext_only", "neighbours_recovered"),
    ("frames alone: SSIM", "ciphertext_only", "ssim"),
    ("frames alone: partners", "ciphertext_only", "best_partner_within_2_px"),
    ("known scenes: key entries", "known_plaintext", "key_entries_recovered"),
    ("chosen scenes: key entries", "chosen_plaintext", "key_entries_recovered"),
    ("values: scene found again", "histogram", "recaptured_found"),
    ("values: previous frame found", "histogram", "previous_frame_found"),
    ("values: class told", "histogram", "classifier_accuracy"),
    ("rows and columns: neighbours", "row-column", "neighbours_recovered"),
    ("blocks: neighbours", "block", "neighbours_recovered"),
    ("tables: key entries", "tables", "key_entries_recovered"),
)
_SWEPT = (
    ("best_partner_within_2_px", "best partner within 2 pixels", PURPLE, "^"),
    ("best_partner_is_neighbour", "best partner is a neighbour", PURPLE, "^"),
    ("neighbours_recovered", "neighbours", GREEN, "s"),
    ("ssim", "SSIM", ORANGE, "D"),
    ("key_entries_recovered", "key entries", BLUE, "o"),
)
_BESIDE_CHANCE = ("best_partner_within_2_px", "neighbours_recovered")


def plots(result: dict[str, Any], samples: SampleHistogram) -> Iterator[Plot]:
    """All plots that the result has figures for."""
    drawn = [
        ("What each attack finds (bars), and what guessing gives (dashes).", "attacks", _attack_bars(result)),
        ("How often a large scene's samples take each value, before and on the link.", "samples", _samples(samples)),
        ("What a partly right key is worth. Dashes: by chance.", "partial", _partial(result["partial_key"])),
    ]
    if "sweep" in result["ciphertext_only"]:
        caption = "Frames alone: what is recovered from how many of them. Dashes: by chance."
        drawn.insert(1, (caption, "sweep", _sweep(result["ciphertext_only"]["sweep"])))
    for caption, name, figure in drawn:
        yield caption, as_svg(caption, name, figure)


def _attack_bars(result: dict[str, Any]) -> "Figure":
    sections = {**result, **result.get("single_frame", {})}
    bars = [(label, sections[section], name) for label, section, name in _BARS if name in sections.get(section, {})]
    figure, ax = axes(0.9 + 0.3 * len(bars))
    for place, (_, section, name) in enumerate(reversed(bars)):
        value, chance = section[name], section["chance"][name]
        ax.barh(place, max(value, 0), height=0.55, color=BLUE)
        ax.plot([chance, chance], [place - 0.42, place + 0.42], **_CHANCE)
        end = value
        if "over_keys" in section:
            over = section["over_keys"]["figures"][name]
            ax.errorbar(
                over["mean"], place, xerr=[[over["mean"] - over["low"]], [over["high"] - over["mean"]]], color=INK, capsize=3
            )
            end = max(value, over["high"])
        says = f"{figure_text(name, value)} ({figure_text(name, chance)})"
        ax.text(max(end, chance) + 0.02, place, says, va="center", fontsize=9, color=INK)
    ax.set_yticks(range(len(bars)), [label for label, _, _ in reversed(bars)])
    ax.set(xlim=(0, 1.5), xticks=[0, 0.25, 0.5, 0.75, 1], xlabel="share, or SSIM (in brackets: by chance)")
    ax.grid(axis="y", visible=False)
    return figure


def _sweep(sweep: list[dict[str, Any]]) -> "Figure":
    figure, ax = axes(3.3)
    frames = [part["frames"] for part in sweep]
    for name, label, colour, mark in _SWEPT:
        if name not in sweep[0]:
            continue
        ax.plot(frames, [part[name] for part in sweep], marker=mark, markersize=5, color=colour, label=label)
        if "over_keys" in sweep[0]:
            over = [part["over_keys"]["figures"][name] for part in sweep]
            ax.fill_between(frames, [o["low"] for o in over], [o["high"] for o in over], color=colour, alpha=0.2, linewidth=0)
        if name in _BESIDE_CHANCE:
            ax.plot(frames, [part["chance"][name] for part in sweep], **_CHANCE)
    ax.set(xscale="log", ylim=(-0.03, 1.05), xlabel="frames", ylabel="share recovered, or SSIM")
    ax.set_xticks(frames, [str(count) for count in frames], minor=False)
    ax.set_xticks([], minor=True)
    legend(ax)
    return figure


def _samples(samples: SampleHistogram) -> "Figure":
    figure, ax = axes(2.9)
    part = np.arange(samples.scene.size)
    scene, link = (counts / counts.mean() for counts in (samples.scene, samples.link))
    ax.fill_between(part, scene, step="mid", color=ORANGE, alpha=0.45, linewidth=0, label="scene")
    ax.step(part, link, where="mid", color=BLUE, linewidth=1.2, label="link")
    ax.axhline(1, **_CHANCE, label="all values equally frequent")
    top = 1.1 * float(np.percentile(np.concatenate([scene, link]), 99.5))
    ax.set(xlim=(0, part[-1]), ylim=(0, max(2.0, top)), xlabel="sample, 256 parts of its range", ylabel="frequency / mean")
    legend(ax)
    return figure


def _partial(part: dict[str, Any]) -> "Figure":
    figure, ax = axes(3.1)
    lines = (
        ("ssim_by_share", "SSIM of the picture", ORANGE, "D"),
        ("accuracy_by_share", "accuracy of the network", BLUE, "o"),
    )
    for name, label, colour, mark in lines:
        if name in part:
            curve = [part[name][f"{share:g}"] for share in SHARES]
            ax.plot(SHARES, curve, marker=mark, markersize=5, color=colour, label=label)
            ax.axhline(part["chance"][name], color=colour, linestyle=(0, (4, 3)), linewidth=1)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.05), xlabel="share of right key entries", ylabel="accuracy, or SSIM")
    legend(ax)
    return figure
