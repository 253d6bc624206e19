"""The demonstration's picture: scene, link, restored picture and answers, a row for each photograph."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adc import ReadoutPolicy
from keycam.answers import Answer
from keycam.atomic_file import whole_file
from keycam.policy import described
from sensor_sim import Scene
from sensor_sim.scene import srgb_from_linear

KEYED, WRONG, PLAIN = "#1a7f4b", "#b3261e", "#4a5568"


@dataclass(frozen=True, eq=False)
class Row:
    """One frame of the contact sheet.

    Attributes
    ----------
    scene
        Linear light, float32 (H, W, 3).
    link
        The emitted samples laid row by row, float32 (H, W), 0..1.
    restored
        What the key holder develops from the frame, float32 (H, W, 3), 0..1.
    plain, keyed, wrong
        Answers of the plain network, of the keyed one and of the keyed one under a wrong key.
    """

    name: str
    scene: Scene
    link: NDArray[np.float32]
    restored: NDArray[np.float32]
    plain: Answer
    keyed: Answer
    wrong: Answer


def draw_contact_sheet(rows: list[Row], policy: ReadoutPolicy, file: Path) -> None:
    """Draw `rows` into `file` (PNG), whole or not at all."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 0.7 + 1.95 * len(rows)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), 4, squeeze=False, width_ratios=(1, 1, 1, 1.5))
    titles = ("scene", "what the link carries", "restored by the key holder", "answers")
    for title, ax in zip(titles, axes[0], strict=True):
        ax.set_title(title, fontsize=11)
    for row, (scene, link, restored, answers) in zip(rows, axes, strict=True):
        scene.imshow(srgb_from_linear(row.scene), interpolation="nearest")
        scene.set_ylabel(row.name, fontsize=10)
        link.imshow(row.link, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        restored.imshow(row.restored, interpolation="nearest")
        for picture in (scene, link, restored):
            picture.set(xticks=[], yticks=[])
        _draw_answers(answers, row)
    figure.suptitle(f"keycam: {described(policy)}", fontsize=12)
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished, format="png")


def _draw_answers(ax: Any, row: Row) -> None:
    lines = (("plain", row.plain, PLAIN), ("keyed", row.keyed, KEYED), ("wrong key", row.wrong, WRONG))
    for place, (label, answer, colour) in enumerate(lines):
        height = 2 - place
        ax.barh(height, 1, color="#edf0f3", height=0.42)
        ax.barh(height, answer.probability, color=colour, height=0.42)
        ax.text(0, height + 0.27, f"{label}: {answer.name}", fontsize=10, color=colour, va="bottom")
        ax.text(1, height + 0.27, f"{answer.probability:.0%}", fontsize=9, color=colour, va="bottom", ha="right")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.4, 2.75))
    ax.axis("off")
