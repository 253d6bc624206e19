"""Keys from the tables of a keyed network: whoever holds them holds the key.

The published operators are handed offsets (Perez, Lopez, Arguello, ICASSP 2024, equation 2). At one output cell, two taps side
by side say which two emitted positions are neighbours on the sensor; all of them together say all of the order.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.keyed.reference import Window
from inference.keyed.tables import TABLES
from privacy.seen import Order


@dataclass(frozen=True, eq=False)
class ChainedOrders:
    """The two orders that a layer's offsets say.

    Attributes
    ----------
    order_in, order_out
        int64 (P,) and (P',): K, the frame's order, and K1, the order of the layer's output. No symmetry is left open.
    chance
        Share of right entries of K in an order drawn at random, 1 / P.
    """

    order_in: Order
    order_out: Order
    chance: float


def orders_from_offsets(offsets: NDArray[np.float32], window: Window, height: int, width: int) -> ChainedOrders:
    """Chain the taps of one layer's offsets, float32 (2 kh kw, H', W'), over an input of `height` x `width`.

    Raises ValueError where the windows leave pixels out or do not overlap, so that some places are in no chain.
    """
    source = _sources(offsets, window, height, width)
    taps = source.reshape(*window.kernel, -1)
    dilation = window.dilation
    if max(dilation) > 1 or min(window.kernel) < 2:
        raise ValueError(f"window = {window}: allowed is a kernel of 2 x 2 or more without dilation, whose taps touch")
    right = _links(taps[:, :-1], taps[:, 1:], height * width)
    below = _links(taps[:-1], taps[1:], height * width)
    # The corner is nobody's right or lower neighbour.
    everything = np.arange(height * width)
    corner = np.setdiff1d(np.setdiff1d(everything, right), below)
    if corner.size != 1:
        raise ValueError(f"window = {window}: its taps leave {corner.size} chains; allowed is windows that overlap")
    order_in = np.full(height * width, -1, np.int64)
    first = int(corner[0])
    for row in range(height):
        place = first
        for column in range(width):
            if place < 0:
                raise ValueError(f"window = {window}: its chains break at row {row}; allowed is windows that overlap")
            order_in[place] = row * width + column
            place = int(right[place])
        first = int(below[first])
    return ChainedOrders(order_in, _output_order(source, order_in, window, width, offsets.shape[2]), 1 / (height * width))


def orders_in_tables(network: nn.Module) -> dict[str, Order]:
    """The secret orders that lie in the tables of a keyed network, int64 (P,) by the layer's name: nothing is to be attacked.

    The frame's own order is not among them, since it comes with each frame; whoever watches that argument has it too.
    """
    tables = network.get_submodule(f"graph_module.{TABLES}") if hasattr(network, "graph_module") else None
    if tables is None:
        raise ValueError(f"network = {type(network).__name__}: allowed is a KeyedNetwork, as convert makes it")
    found: dict[str, Order] = {}
    for name, table in tables.named_buffers():
        derived = name.startswith("inverse_of_") or "_to_" in name
        if not derived and table.ndim == 1 and table.dtype == torch.int64:
            found[name] = table.cpu().numpy().copy()
    return found


def _sources(offsets: NDArray[np.float32], window: Window, height: int, width: int) -> NDArray[np.int64]:
    """Which emitted place each tap reads, int64 (kh kw, P'); -1 outside the raster."""
    rows_out, columns_out = offsets.shape[1:]
    source = np.empty((offsets.shape[0] // 2, rows_out * columns_out), np.int64)
    row_out, column_out = np.divmod(np.arange(rows_out * columns_out), columns_out)
    for tap in range(len(source)):
        down, across = divmod(tap, window.kernel[1])
        row = np.rint(offsets[2 * tap].ravel()).astype(np.int64) + row_out * window.stride[0] - window.padding[0]
        column = np.rint(offsets[2 * tap + 1].ravel()).astype(np.int64) + column_out * window.stride[1] - window.padding[1]
        row, column = row + down * window.dilation[0], column + across * window.dilation[1]
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        source[tap] = np.where(inside, row * width + column, -1)
    return source


def _links(before: NDArray[np.int64], after: NDArray[np.int64], places: int) -> NDArray[np.int64]:
    """The neighbour of each place, int64 (places,), -1 where none is seen."""
    both = (before >= 0) & (after >= 0)
    link = np.full(places, -1, np.int64)
    link[before[both]] = after[both]
    return link


def _output_order(source: NDArray[np.int64], order_in: Order, window: Window, width: int, columns_out: int) -> Order:
    """K1: from the first tap inside the raster, where the window of each output cell stands."""
    tap = np.argmax(source >= 0, axis=0)
    pixel = order_in[source[tap, np.arange(source.shape[1])]]
    down, across = np.divmod(tap, window.kernel[1])
    row = (pixel // width + window.padding[0] - down) // window.stride[0]
    column = (pixel % width + window.padding[1] - across) // window.stride[1]
    order_out: Order = row * columns_out + column
    return order_out
