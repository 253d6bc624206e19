"""The paper's figure 2, from a real key: the key, the offsets of one tap, and where a 3x3 window samples."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from adc import Geometry, KeySchedule
from inference.keyed.positions import invert
from inference.keyed.reference import Window, keyed_offsets
from keycam.atomic_file import whole_file
from keycam.key import new_key
from keycam.keyfile import open_key
from keycam.passphrase import known_passphrase

WINDOW = Window(kernel=(3, 3), stride=(1, 1), padding=(1, 1), dilation=(1, 1))
CENTRE_TAP = 4


def draw_key(key: Path | None, passphrase_file: Path | None, file: Path, size: int) -> dict[str, Any]:
    """Draw the order of frame 0 on a raster of `size` x `size` pixels, and what it makes of a 3x3 convolution, into `file`.

    The figure shows the key of one frame of its own label ("figure"), not of any frame that a camera emits.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with (
        new_key("figure", ["host"])
        if key is None
        else open_key(key, lambda: known_passphrase(passphrase_file, str(key))) as shown,
        KeySchedule(shown.secret, device="figure") as schedule,
    ):
        order = schedule.frame_key(0, Geometry(size, size)).order.astype(np.int64)
        order_out = schedule.layer_orders().order("figure", size * size).astype(np.int64)
    fingerprint = shown.card.fingerprint
    offsets = keyed_offsets(invert(torch.from_numpy(order)), torch.from_numpy(order_out), WINDOW, (size, size), (size, size))[0]

    figure = Figure(figsize=(13, 4.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    shades = left.imshow(order.reshape(size, size), cmap="viridis", interpolation="nearest")
    left.set_title("key: which pixel each cell of the frame holds")
    figure.colorbar(shades, ax=left, shrink=0.8, label="pixel number in the raster")
    _draw_offsets(middle, offsets.numpy(), size)
    _draw_window(right, offsets.numpy(), order_out, size)
    for ax in (left, middle, right):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(xlim=(-1.5, size - 0.5), ylim=(size - 0.5, -1.5), xlabel="column", ylabel="row", aspect="equal")
    figure.suptitle(f"key {fingerprint}, {size}x{size} pixels, one frame's order")
    with whole_file(file, "figure") as unfinished:
        figure.savefig(unfinished, format="png")
    return {"figure": str(file), "fingerprint": fingerprint, "size": size}


def _draw_offsets(ax: Any, offsets: NDArray[np.float32], size: int) -> None:
    rows, columns = np.mgrid[:size, :size]
    down, right = offsets[2 * CENTRE_TAP], offsets[2 * CENTRE_TAP + 1]
    ax.quiver(
        columns, rows, right, down, np.hypot(down, right), angles="xy", scale_units="xy", scale=1, width=0.002, cmap="plasma"
    )
    ax.set_title("offsets of the centre tap")


def _draw_window(ax: Any, offsets: NDArray[np.float32], order_out: NDArray[np.int64], size: int) -> None:
    # The output cell that holds the middle pixel of the output raster: all nine of its taps lie inside.
    middle = int(np.flatnonzero(order_out == size // 2 * size + size // 2)[0])
    row, column = divmod(middle, size)
    ax.set_title("where one 3x3 window samples")
    ax.plot(column, row, "s", markersize=10, markerfacecolor="none", markeredgecolor="black", label="output cell")
    for tap in range(9):
        u, v = divmod(tap, 3)
        sample_row = row - 1 + u + offsets[2 * tap, row, column]
        sample_column = column - 1 + v + offsets[2 * tap + 1, row, column]
        ax.plot([column, sample_column], [row, sample_row], "-", color="#9aa5b1", linewidth=0.8)
        ax.plot(sample_column, sample_row, "o", color=f"C{tap}")
        ax.annotate(
            f"({u - 1:+d}, {v - 1:+d})", (sample_column, sample_row), fontsize=8, xytext=(4, 4), textcoords="offset points"
        )
    ax.grid(True, color="#e5e8ec")
    ax.set_axisbelow(True)
    ax.legend(loc="upper left", fontsize=8)
