"""The annotated picture of a frame: what the network says, drawn on black, or on the restored picture for who asked for it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.datasets import CAMVID_PALETTE
from keycam.batch.rows import named_shares

LEAST_HEIGHT, LEAST_WIDTH = 288, 384
MOST_SIDE = 1280
MOST_BARS = 11
LINE_PX, LEFT_PX, BAR_PX = 20, 8, 90
"""Of the panel: from line to line, its margin, and the bar of a share of 1."""
INK, FAINT, GROUND = (235, 235, 235), (140, 140, 140), (18, 18, 18)


def canvas_size(array: tuple[int, int]) -> tuple[int, int]:
    """Size (height, width) of the annotated picture of an array: even, large enough to be read and no larger than a screen."""
    scale = max(LEAST_HEIGHT / array[0], LEAST_WIDTH / array[1])
    scale = scale if scale > 1 else min(1.0, MOST_SIDE / max(array))
    return max(2, round(array[0] * scale / 2) * 2), max(2, round(array[1] * scale / 2) * 2)


def colours_of(classes: Sequence[str]) -> NDArray[np.uint8]:
    """A colour for each class, uint8 (classes, 3): CamVid's where they are its classes, else evenly spread hues."""
    import cv2

    if len(classes) == len(CAMVID_PALETTE) - 1:
        return CAMVID_PALETTE[: len(classes)]
    hues = np.arange(len(classes)) * 180 // max(1, len(classes))
    hsv = np.stack([hues, np.full_like(hues, 150), np.full_like(hues, 230)], axis=-1).astype(np.uint8)
    colours: NDArray[np.uint8] = np.asarray(cv2.cvtColor(hsv[None], cv2.COLOR_HSV2RGB)[0], np.uint8)
    return colours


def annotated(
    size: tuple[int, int],
    row: dict[str, Any],
    colours: dict[str, tuple[int, int, int]],
    picture: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Draw the row on black of `size` (height, width), or on a `picture` uint8 (h, w, 3) brought to it; uint8 (*size, 3)."""
    import cv2

    canvas: NDArray[np.uint8] = np.zeros((*size, 3), np.uint8)
    if picture is not None:
        cv2.resize(picture, size[::-1], dst=canvas, interpolation=cv2.INTER_LINEAR)
    shares = sorted(named_shares(row).items(), key=lambda named: -named[1])
    bars = [named for named in shares if named[1] >= 0.005][:MOST_BARS]
    bottom, right = LINE_PX * (len(bars) + 1) + 12, min(size[1], 2 * LEFT_PX + BAR_PX + 190)
    canvas[:bottom, :right] = canvas[:bottom, :right] // 4 + np.array(GROUND, np.uint8)

    def write(text: str, x: int, line: int, colour: tuple[int, int, int]) -> None:
        cv2.putText(canvas, text, (x, LINE_PX * (line + 1)), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)

    minutes, seconds = divmod(row["time_s"], 60)
    write(f"{row['class'][:18]}", LEFT_PX, 0, INK)
    write(f"{int(minutes)}:{seconds:05.2f}  #{row['frame']}", LEFT_PX + BAR_PX + 60, 0, FAINT)
    for line, (name, share) in enumerate(bars, 1):
        y = LINE_PX * (line + 1)
        cv2.rectangle(canvas, (LEFT_PX, y - 10), (LEFT_PX + max(1, round(BAR_PX * share)), y), colours[name], -1)
        write(f"{name[:16]} {share:.0%}", LEFT_PX + BAR_PX + 8, line, INK)
    return canvas


def overlaid(picture: NDArray[np.float32], mask: NDArray[np.uint8] | None, colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A restored picture, float32 (3, h, w) in 0..1, half covered by the colours of a mask where there is one."""
    import cv2

    shown = np.rint(255 * picture.transpose(1, 2, 0)).astype(np.uint8)
    if shown.shape[2] == 1:
        shown = np.repeat(shown, 3, axis=2)
    if mask is None:
        return shown
    colour = cv2.resize(colours[mask], shown.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.addWeighted(shown, 0.55, colour, 0.45, 0), np.uint8)
