"""Kernels that move the pixels of a channels-last feature map on the CPU, all channels of a pixel as one row.

The rows are read (or written) in a random order, which neither cache lines nor hardware prefetchers are made for: asking for
a row some steps ahead makes them up to three times as fast as `torch.index_select` over flat rows.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

_ROWS_AHEAD = 16
_BLOCK = 8192
"""Numbers, of as many rows, that a thread moves at a time: small enough that both threads of a small map have work."""


@intrinsic
def _prefetch(typing_context: Any, rows: Any, frame: Any, row: Any) -> Any:
    """Ask the cache for the beginning of rows[frame, row]; a hint, which cannot fail."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        places = [context.cast(builder, a, t, types.intp) for a, t in zip(arguments[1:], signature.args[1:], strict=True)]
        places.append(context.get_constant(types.intp, 0))
        item = cgutils.get_item_pointer(context, builder, signature.args[0], array, places, wraparound=False)
        address = builder.bitcast(item, ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        prefetch = builder.module.declare_intrinsic(
            "llvm.prefetch", [address.type], ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        )
        builder.call(prefetch, [address, number(0), number(3), number(1)])  # to read, in all caches, as data
        return context.get_dummy_value()

    return types.void(rows, frame, row), generate


NOTHING, CLAMP, HARDSWISH = 0, 1, 2
"""What the kernels do to each number on its way."""


@njit(cache=True, nogil=True)
def _activated(value: Any, activation: int, low: Any, high: Any) -> Any:
    # The compiler takes these branches out of the loops. Not a number stays what it is.
    if activation == NOTHING:
        return value
    bounded = value + np.float32(3) if activation == HARDSWISH else value
    bounded = low if bounded < low else bounded
    bounded = high if bounded > high else bounded
    return value * bounded / np.float32(6) if activation == HARDSWISH else bounded


@njit(cache=True, nogil=True, parallel=True)
def take_rows(rows: Any, order: Any, added: Any, activation: int, lowest: float, highest: float, out: Any) -> bool:
    """out[n, q] = activation(rows[n, order[n, q]] + added[n, q]), float32 (N, P, C), to the bit as torch would.

    order is int64 (N, P) or (1, P); an empty `added` adds nothing. False where an order leaves 0..P-1.
    """
    frames, count, channels = rows.shape
    block = max(1, _BLOCK // max(1, channels))
    blocks = (count + block - 1) // block
    low, high = np.float32(lowest), np.float32(highest)
    outside = 0
    for task in prange(frames * blocks):
        frame, begin = task // blocks, task % blocks * block
        of = frame if len(order) > 1 else 0
        for q in range(begin, min(count, begin + block)):
            if q + _ROWS_AHEAD < count:
                _prefetch(rows, frame, order[of, q + _ROWS_AHEAD])  # type: ignore[call-arg]
            source = order[of, q]
            if source < 0 or source >= count:
                outside += 1
                continue
            if len(added):
                for c in range(channels):
                    out[frame, q, c] = _activated(rows[frame, source, c] + added[frame, q, c], activation, low, high)
            else:
                for c in range(channels):
                    out[frame, q, c] = _activated(rows[frame, source, c], activation, low, high)
    return outside == 0


@njit(cache=True, nogil=True, parallel=True)
def put_rows(rows: Any, order: Any, activation: int, lowest: float, highest: float, out: Any) -> bool:
    """out[n, order[n, q]] = activation(rows[n, q]); as `take_rows`."""
    frames, count, channels = rows.shape
    block = max(1, _BLOCK // max(1, channels))
    blocks = (count + block - 1) // block
    low, high = np.float32(lowest), np.float32(highest)
    outside = 0
    for task in prange(frames * blocks):
        frame, begin = task // blocks, task % blocks * block
        of = frame if len(order) > 1 else 0
        for q in range(begin, min(count, begin + block)):
            if q + _ROWS_AHEAD < count:
                _prefetch(out, frame, order[of, q + _ROWS_AHEAD])  # type: ignore[call-arg]
            target = order[of, q]
            if target < 0 or target >= count:
                outside += 1
                continue
            for c in range(channels):
                out[frame, target, c] = _activated(rows[frame, q, c], activation, low, high)
    return outside == 0


@njit(cache=True, nogil=True, parallel=True)
def are_permutations(orders: Any) -> bool:
    """Whether each row of orders, int64 (N, P), holds every number in 0..P-1 once."""
    frames, count = orders.shape
    blocks = (count + _BLOCK - 1) // _BLOCK
    seen = np.zeros((frames, count), np.uint8)
    wrong = 0
    for task in prange(frames * blocks):
        frame, begin = task // blocks, task % blocks * _BLOCK
        for q in range(begin, min(count, begin + _BLOCK)):
            place = orders[frame, q]
            if place < 0 or place >= count:
                wrong += 1
            else:
                seen[frame, place] = 1  # two threads may write the same here, and only the same
    for frame in prange(frames):
        for place in range(count):
            wrong += 1 - seen[frame, place]
    return wrong == 0
