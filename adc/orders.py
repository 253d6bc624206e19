"""The readout orders: emitted[q] = pixel[order[q]]."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from adc.geometry import Geometry
from adc.keystream import Keystream
from adc.policy import OrderName
from adc.shuffle import Shuffle, in_buckets, shuffled

BLOCK_SIDE = 8
_UNSET = np.uint32(0xFFFFFFFF)  # no position: the largest array has 65535**2 of them


def full_order(keystream: Keystream, positions: int) -> NDArray[np.uint32]:
    """Any permutation of the positions, all equally likely, uint32 (positions,)."""
    return shuffled(keystream, positions)


def row_column_order(keystream: Keystream, height: int, width: int) -> NDArray[np.uint32]:
    """Rows in one secret order and the columns of every row in another, uint32 (height * width,).

    Obfuscation only: both orders are reused all over the frame, so one frame gives them away.
    """
    rows = shuffled(keystream, height)
    columns = shuffled(keystream, width)
    return (rows[:, None] * np.uint32(width) + columns).ravel()


def block_order(keystream: Keystream, height: int, width: int) -> NDArray[np.uint32]:
    """Blocks of 8x8 pixels moved whole over the raster, uint32 (height * width,).

    Blocks that the right or the lower edge cuts change places among those of their own size. Obfuscation only: seven of
    eight neighbours stay neighbours.
    """
    across = -(-width // BLOCK_SIDE)
    source = np.arange(-(-height // BLOCK_SIDE) * across, dtype=np.uint32).reshape(-1, across)
    whole_rows, whole_columns = height // BLOCK_SIDE, width // BLOCK_SIDE
    for rows in (slice(0, whole_rows), slice(whole_rows, None)):
        for columns in (slice(0, whole_columns), slice(whole_columns, None)):
            blocks = source[rows, columns]
            if blocks.size:
                source[rows, columns] = blocks.ravel()[shuffled(keystream, blocks.size)].reshape(blocks.shape)
    row, column = np.arange(height, dtype=np.uint32), np.arange(width, dtype=np.uint32)
    side = np.uint32(BLOCK_SIDE)
    from_block = source[np.ix_(row // side, column // side)]
    from_row = from_block // np.uint32(across) * side + (row % side)[:, None]
    from_column = from_block % np.uint32(across) * side + column % side
    order: NDArray[np.uint32] = (from_row * np.uint32(width) + from_column).ravel()
    return order


def raster_order(positions: int) -> NDArray[np.uint32]:
    """The identity, uint32 (positions,): row by row, no secret."""
    return np.arange(positions, dtype=np.uint32)


def drawn_order(name: OrderName, keystream: Keystream, geometry: Geometry) -> NDArray[np.uint32] | Shuffle:
    """Draw the order that a policy names, over the P pixels of the geometry: uint32 (P,), or a large full one in steps.

    The steps make the same order as full_order does from the same keystream.
    """
    match name:
        case "full" if in_buckets(geometry.pixels):
            return Shuffle(keystream, geometry.pixels)
        case "full":
            return full_order(keystream, geometry.pixels)
        case "row-column":
            return row_column_order(keystream, geometry.height, geometry.width)
        case "block":
            return block_order(keystream, geometry.height, geometry.width)
        case "raster":
            return raster_order(geometry.pixels)


def invert_order(order: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Where each position was emitted: invert_order(order)[order[q]] = q, uint32 (P,) from uint32 (P,).

    Raises ValueError where order does not hold every position exactly once.
    """
    if order.ndim != 1 or order.dtype != np.uint32:
        raise ValueError(f"order = {order.dtype} {order.shape}: allowed is uint32 (P,)")
    inverse = np.full(order.size, _UNSET)
    if _invert(order, inverse) or np.any(inverse == _UNSET):
        raise ValueError(f"order = {order.size} positions with repeats: allowed is every position exactly once")
    return inverse


@njit(cache=True, nogil=True)
def _invert(order: NDArray[np.uint32], inverse: NDArray[np.uint32]) -> int:
    outside = 0
    for q in range(order.size):
        if order[q] < order.size:
            inverse[order[q]] = q
        else:
            outside += 1
    return outside
