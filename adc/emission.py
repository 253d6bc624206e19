"""Out of the frame store in keyed order: the second half of every readout, whatever converter filled the store."""

import threading

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from adc.frame_key import FrameKey
from adc.shuffle import Shuffle, Within

_stores = threading.local()


def frame_store(size: int) -> NDArray[np.uint16]:
    """This thread's frame store, uint16 (size,), with whatever was in it.

    Each thread keeps its own from frame to frame: fresh pages cost more than the conversion that fills them.
    """
    store: NDArray[np.uint16] | None = getattr(_stores, "frame_store", None)
    if store is None or store.size != size:
        store = _stores.frame_store = np.empty(size, np.uint16)
    return store


def store_steps(frame_key: FrameKey) -> Shuffle | None:
    """The buckets by which the frame store is kept, or None where it is kept row by row.

    Reads and writes then stay in the cache, where an 8 megapixel frame in one step waits for memory at almost every sample.
    """
    return frame_key.shuffle if frame_key.geometry.channels == 1 else None


def emitted_from(store: NDArray[np.uint16], top_dn: int, frame_key: FrameKey) -> NDArray[np.uint16]:
    """The codes of a frame store, uint16 (P C,) kept as `store_steps` says, in the key's order and masked: uint16 (P, C)."""
    samples = np.empty((frame_key.geometry.pixels, frame_key.geometry.channels), np.uint16)
    mask = None if frame_key.mask is None else frame_key.mask.reshape(-1)
    steps = store_steps(frame_key)
    if steps is None:
        _emit(store, frame_key.order, mask, top_dn, samples.reshape(-1))
    else:
        _emit_in_steps(store, steps.edges, steps.within, mask, top_dn, samples.reshape(-1))
    return samples


@njit(cache=True, nogil=True, parallel=True)
def _emit(
    store: NDArray[np.uint16], order: NDArray[np.uint32], mask: NDArray[np.uint16] | None, top_dn: int,
    samples: NDArray[np.uint16],
) -> None:  # fmt: skip
    channels = samples.size // order.size
    if channels == 1:
        for q in prange(order.size):
            if mask is None:
                samples[q] = store[order[q]]
            else:
                samples[q] = (store[order[q]] + mask[q]) & top_dn
    else:
        for q in prange(order.size):
            for channel in range(channels):
                code = store[order[q] * channels + channel]
                if mask is not None:
                    code = (code + mask[q * channels + channel]) & top_dn
                samples[q * channels + channel] = code


@njit(cache=True, nogil=True, parallel=True)
def _emit_in_steps(
    store: NDArray[np.uint16], edges: NDArray[np.int64], within: Within, mask: NDArray[np.uint16] | None, top_dn: int,
    samples: NDArray[np.uint16],
) -> None:  # fmt: skip
    for which in prange(edges.size - 1):
        own_store, own_within = store[edges[which] : edges[which + 1]], within[edges[which] : edges[which + 1]]
        own_samples = samples[edges[which] : edges[which + 1]]
        if mask is None:
            for q in range(own_within.size):
                own_samples[q] = own_store[own_within[q]]
        else:
            own_mask = mask[edges[which] : edges[which + 1]]
            for q in range(own_within.size):
                own_samples[q] = (own_store[own_within[q]] + own_mask[q]) & top_dn
