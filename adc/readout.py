"""Read the array out: gather in keyed order, convert, mask and emit, in one pass over the frame."""

import threading
from typing import Protocol

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from adc.converter import Converter
from adc.frame import FrameHeader, RawFrame, sealed
from adc.keys import FrameKey
from adc.shuffle import Within


class Exposure(Protocol):
    """What the array holds when it is read out."""

    @property
    def signal_v(self) -> NDArray[np.float32]:
        """Signal of every photosite, float32 (H, W, C), V."""

    @property
    def exposure_s(self) -> float:
        """Exposure time, s."""

    @property
    def temperature_k(self) -> float:
        """Temperature of the sensor, K."""


def readout(exposure: Exposure, converter: Converter, frame_key: FrameKey) -> RawFrame:
    """Read one exposure out under one frame key.

    Samples are (code + mask) modulo 2**bits, uint16 (P, C) in emission order; over-range is clipped before the mask is
    added, as a counting converter does that presets its counter with the mask and lets it wrap. A key must never read
    out a second exposure.

    Raises ValueError where the signal is not float32 of the key's geometry or holds a value that is not a number, or
    the converter has another depth.
    """
    geometry = frame_key.geometry
    signal_v = exposure.signal_v
    if signal_v.dtype != np.float32 or signal_v.shape != geometry.shape:
        raise ValueError(f"signal_v = {signal_v.dtype} {signal_v.shape}: allowed is float32 {geometry.shape}")
    if converter.bits != geometry.bits:
        raise ValueError(f"bits = {converter.bits}: allowed is {geometry.bits}, the depth of the key's geometry")
    samples = emitted(signal_v, converter, frame_key)
    header = FrameHeader(
        device=frame_key.device,
        counter=frame_key.counter,
        epoch=frame_key.epoch,
        geometry=geometry,
        policy=frame_key.policy,
        black_level_dn=converter.black_level_dn,
        exposure_s=exposure.exposure_s,
        analog_gain=converter.analog_gain,
        temperature_k=exposure.temperature_k,
    )
    return sealed(header, samples, frame_key)


def emitted(signal_v: NDArray[np.float32], converter: Converter, frame_key: FrameKey) -> NDArray[np.uint16]:
    """The samples of signal_v, float32 (H, W, C) in V, as they leave the camera: uint16 (P, C) in emission order.

    Raises ValueError for a signal that is not a number.
    """
    geometry = frame_key.geometry
    samples = np.empty((geometry.pixels, geometry.channels), np.uint16)
    signal = np.ascontiguousarray(signal_v).reshape(-1)
    steps = (converter.lsb_v, converter.black_level_dn, converter.top_dn, _frame_store(samples.size))
    mask = None if frame_key.mask is None else frame_key.mask.reshape(-1)
    shuffle = frame_key.shuffle
    if shuffle is None or geometry.channels > 1:
        unreadable = _emit(signal, *steps, frame_key.order, mask, samples.reshape(-1))
    else:
        parts = (shuffle.bucket, shuffle.first, shuffle.edges, shuffle.within)
        unreadable = _emit_in_steps(signal, *steps, *parts, mask, samples.reshape(-1))
    if unreadable:
        raise ValueError(f"signal_v = nan in {unreadable} samples: allowed is a voltage at every photosite")
    return samples


_stores = threading.local()


def _frame_store(size: int) -> NDArray[np.uint16]:
    # Each thread keeps its frame store from frame to frame: fresh pages cost more than the conversion that fills them.
    store: NDArray[np.uint16] | None = getattr(_stores, "frame_store", None)
    if store is None or store.size != size:
        store = _stores.frame_store = np.empty(size, np.uint16)
    return store


@njit(cache=True, nogil=True, parallel=True)
def _emit(
    signal_v: NDArray[np.float32], lsb_v: float, black_level_dn: float, top_dn: int, store: NDArray[np.uint16],
    order: NDArray[np.uint32], mask: NDArray[np.uint16] | None, samples: NDArray[np.uint16],
) -> int:  # fmt: skip
    # As a column-parallel array works: row by row into a frame store, then out of it in order.
    unreadable = 0
    for site in prange(signal_v.size):
        unreadable += np.isnan(signal_v[site])
        level = np.floor(signal_v[site] / lsb_v + black_level_dn + 0.5)
        store[site] = np.uint16(min(max(level, 0.0), np.float64(top_dn)))
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
    return unreadable


@njit(cache=True, nogil=True, parallel=True)
def _emit_in_steps(
    signal_v: NDArray[np.float32], lsb_v: float, black_level_dn: float, top_dn: int, store: NDArray[np.uint16],
    bucket: NDArray[np.uint8], first: NDArray[np.uint32], edges: NDArray[np.int64], within: Within,
    mask: NDArray[np.uint16] | None, samples: NDArray[np.uint16],
) -> int:  # fmt: skip
    # The frame store is kept bucket by bucket: reads and writes then stay in the cache, where an 8 megapixel frame in
    # one step waits for memory at almost every sample.
    unreadable = 0
    chunks = first.shape[0]
    for chunk in prange(chunks):
        place = first[chunk].copy()
        begin, end = bucket.size * chunk // chunks, bucket.size * (chunk + 1) // chunks
        for site in range(np.uint64(begin), np.uint64(end)):
            chosen = bucket[site]
            at = place[chosen]
            place[chosen] = at + np.uint32(1)
            unreadable += np.isnan(signal_v[site])
            level = np.floor(signal_v[site] / lsb_v + black_level_dn + 0.5)
            store[at] = np.uint16(min(max(level, 0.0), np.float64(top_dn)))
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
    return unreadable
