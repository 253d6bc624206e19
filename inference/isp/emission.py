"""The last step: pixels are taken in the picture's secret order, and developed as they come."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from inference.isp.development import Development, develop_colour, develop_grey
from inference.isp.parts import BLOCK, PARTS

Within = NDArray[np.uint16] | NDArray[np.uint32]


@njit(cache=True, nogil=True, error_model="numpy")
def emit_pixels(pixels: NDArray[np.uint64], order: Within, d: Development, x: NDArray[np.float32], start: int, stop: int) -> None:
    """Develop staged `pixels` (n,) in `order` (stop - start,) into `x[:, start:stop]`, x (3 or 1, positions)."""
    red, green, blue = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    line, low_bits = np.empty(BLOCK, np.uint64), np.uint64(0xFFFF)
    for begin in range(start, stop, BLOCK):
        end = min(begin + BLOCK, stop)
        own = order[begin - start : end - start]
        for j in range(np.uint64(own.size)):
            line[j] = pixels[own[j]]
        for j in range(own.size):
            red[j] = np.float32(np.int32(line[j] & low_bits))
            green[j] = np.float32(np.int32(line[j] >> np.uint64(16) & low_bits))
            blue[j] = np.float32(np.int32(line[j] >> np.uint64(32)))
        if x.shape[0] == 1:
            develop_grey(red[: end - begin], d, x[0, begin:end])
        else:
            develop_colour(red[: end - begin], green[: end - begin], blue[: end - begin], d, x, begin, end)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def emit_pixels_parallel(pixels: NDArray[np.uint64], order: NDArray[np.uint32], d: Development, x: NDArray[np.float32]) -> None:
    """Do `emit_pixels` for the whole order on all threads."""
    for part in prange(PARTS):
        start, stop = order.size * part // PARTS, order.size * (part + 1) // PARTS
        emit_pixels(pixels, order[start:stop], d, x, start, stop)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def emit_in_steps(
    pixels: NDArray[np.uint64],
    positions: NDArray[np.uint32],
    edges: NDArray[np.int64],
    within: Within,
    d: Development,
    x: NDArray[np.float32],
    order: NDArray[np.uint32],
) -> None:
    """Develop `pixels`, staged by `stage_in_steps`, into `x` (3 or 1, P), and put the `order` (P,) itself together."""
    for which in prange(edges.size - 1):
        begin, end = edges[which], edges[which + 1]
        # Copied front to back: taken one by one in secret order, each would be waited for on its own.
        own_pixels, own_positions = pixels[begin:end].copy(), positions[begin:end].copy()
        own_within, own_order = within[begin:end], order[begin:end]
        for q in range(np.uint64(own_within.size)):
            own_order[q] = own_positions[own_within[q]]
        emit_pixels(own_pixels, own_within, d, x, begin, end)


@njit(cache=True, nogil=True, error_model="numpy")
def emit_samples(
    samples: NDArray[np.uint16],
    mask: NDArray[np.uint16] | None,
    up: int,
    d: Development,
    x: NDArray[np.float32],
    start: int,
    stop: int,
) -> None:
    """Develop `samples` (P * C,) that need no neighbour into `x` (C, P), in the order that they come in, `start` to `stop`.

    `mask` (P * C,) is taken off modulo 2**bits, `up` is 16 - bits.
    """
    channels = x.shape[0]
    lines = np.empty((3, BLOCK), np.float32)
    for begin in range(start, stop, BLOCK):
        end = min(begin + BLOCK, stop)
        for c in range(channels):
            for q in range(begin, end):
                code = samples[q * channels + c]
                if mask is not None:
                    code = code - mask[q * channels + c]
                lines[c, q - begin] = np.float32(np.uint16(code << up))
        if channels == 1:
            develop_grey(lines[0, : end - begin], d, x[0, begin:end])
        else:
            develop_colour(lines[0, : end - begin], lines[1, : end - begin], lines[2, : end - begin], d, x, begin, end)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def emit_samples_parallel(
    samples: NDArray[np.uint16], mask: NDArray[np.uint16] | None, up: int, d: Development, x: NDArray[np.float32]
) -> None:
    """Do `emit_samples` for all samples on all threads."""
    for part in prange(PARTS):
        emit_samples(samples, mask, up, d, x, x.shape[1] * part // PARTS, x.shape[1] * (part + 1) // PARTS)


@njit(cache=True, nogil=True)
def order_of_crop(order: NDArray[np.uint32], width: int, crop: tuple[int, int, int, int]) -> NDArray[np.uint32]:
    """The order (P,) of a frame with the photosites outside `crop` left out: positions in the crop, uint32 (h * w,)."""
    top, left, height, columns = crop
    kept = np.empty(height * columns, np.uint32)
    count = 0
    for position in order:
        row, column = np.int64(position) // width - top, np.int64(position) % width - left
        if 0 <= row < height and 0 <= column < columns:
            kept[count] = row * columns + column
            count += 1
    return kept
