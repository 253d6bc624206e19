"""Read the array out: convert, put in keyed order, mask and emit, in two passes over the frame."""

from typing import Protocol, runtime_checkable

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from adc.black_clamp import clamp_shift_dn
from adc.column_converter import ColumnConverter
from adc.converter import Converter
from adc.emission import emitted_from, frame_store, store_steps
from adc.frame import FrameHeader, RawFrame, sealed
from adc.frame_key import FrameKey
from adc.row_noise import lines_of_pixels


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


@runtime_checkable
class SeededExposure(Exposure, Protocol):
    """What column converters need to know besides."""

    @property
    def frame_seed(self) -> int:
        """What the frame's noise is drawn from, 0 to 2**64 - 1."""

    @property
    def optical_black_v(self) -> NDArray[np.float32] | None:
        """Signal of rows that no light reaches, read out before all others, float32 (rows, W, C), V; or None."""


def readout(exposure: Exposure, converter: Converter | ColumnConverter, frame_key: FrameKey) -> RawFrame:
    """Read one exposure out under one frame key.

    Samples are (code + mask) modulo 2**bits, uint16 (P, C) in emission order; over-range is clipped before the mask is
    added, as a counting converter does that presets its counter with the mask and lets it wrap. A key must never read
    out a second exposure. Column converters need a SeededExposure; the header names their nominal black level and gain.

    Raises ValueError where the signal is not float32 of the key's geometry or holds a value that is not a number, or
    the converter has another depth or width.
    """
    geometry = frame_key.geometry
    signal_v = exposure.signal_v
    if signal_v.dtype != np.float32 or signal_v.shape != geometry.shape:
        raise ValueError(f"signal_v = {signal_v.dtype} {signal_v.shape}: allowed is float32 {geometry.shape}")
    if converter.bits != geometry.bits:
        raise ValueError(f"bits = {converter.bits}: allowed is {geometry.bits}, the depth of the key's geometry")
    if isinstance(converter, Converter):
        samples = emitted(signal_v, converter, frame_key)
    elif isinstance(exposure, SeededExposure):
        samples = emitted_by_columns(exposure, converter, frame_key)
    else:
        raise ValueError(f"exposure = {type(exposure).__name__}: allowed is one with frame_seed and optical_black_v")
    header = FrameHeader(
        device=frame_key.device,
        client=frame_key.client,
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


def emitted(
    signal_v: NDArray[np.float32], converter: Converter, frame_key: FrameKey, black_shift_dn: float = 0.0
) -> NDArray[np.uint16]:
    """The samples of signal_v, float32 (H, W, C) in V, as they leave the camera: uint16 (P, C) in emission order.

    `black_shift_dn` is added to the level of every sample before it is rounded.
    Raises ValueError for a signal that is not a number.
    """
    signal = np.ascontiguousarray(signal_v).reshape(-1)
    store, steps = frame_store(signal.size), store_steps(frame_key)
    figures = (converter.lsb_v, converter.black_level_dn + black_shift_dn, converter.top_dn)
    if steps is None:
        unreadable = _convert(signal, *figures, store)
    else:
        unreadable = _convert_in_steps(signal, *figures, steps.bucket, steps.first, store)
    if unreadable:
        raise ValueError(f"signal_v = nan in {unreadable} samples: allowed is a voltage at every photosite")
    return emitted_from(store, converter.top_dn, frame_key)


def emitted_by_columns(exposure: SeededExposure, columns: ColumnConverter, frame_key: FrameKey) -> NDArray[np.uint16]:
    """The samples of an exposure of the key's geometry, converted column by column: uint16 (P, C) in emission order.

    Optical-black rows are converted first, row by row in either mode; their row noise is that of the lines after the H of
    the array, so that the array's own does not depend on them.

    Raises ValueError where the converter has another width, or the optical-black rows do not fit the array.
    """
    geometry = frame_key.geometry
    if columns.width != geometry.width:
        raise ValueError(f"width = {columns.width}: allowed is {geometry.width}, the width of the key's geometry")
    black_v = exposure.optical_black_v if columns.clamp else None
    black_rows = 0 if black_v is None else len(black_v)
    line_v = columns.row_noise.lines_v(exposure.frame_seed, geometry.height + black_rows)
    shift_dn = 0.0
    if black_v is not None:
        if black_v.dtype != np.float32 or black_v.shape != (black_rows, *geometry.shape[1:]) or not black_rows:
            allowed = f"float32 (rows, {geometry.width}, {geometry.channels}) or None"
            raise ValueError(f"optical_black_v = {black_v.dtype} {black_v.shape}: allowed is {allowed}")
        shift_dn = clamp_shift_dn(columns.convert(black_v, line_v[geometry.height :]), columns.black_level_dn)
    if columns.is_ideal:
        return emitted(exposure.signal_v, columns.ideal, frame_key, shift_dn)
    line_of = None
    if columns.mode == "random_access" and columns.row_noise_v:
        line_of = lines_of_pixels(frame_key.order, geometry.width)
    store = frame_store(exposure.signal_v.size)
    columns.fill(store, exposure.signal_v, line_v, line_of, shift_dn, store_steps(frame_key))
    return emitted_from(store, columns.ideal.top_dn, frame_key)


@njit(cache=True, nogil=True, parallel=True)
def _convert(signal_v: NDArray[np.float32], lsb_v: float, black_level_dn: float, top_dn: int, store: NDArray[np.uint16]) -> int:
    # As a column-parallel array works: row by row into a frame store.
    unreadable = 0
    for site in prange(signal_v.size):
        unreadable += np.isnan(signal_v[site])
        level = np.floor(signal_v[site] / lsb_v + black_level_dn + 0.5)
        store[site] = np.uint16(min(max(level, 0.0), np.float64(top_dn)))
    return unreadable


@njit(cache=True, nogil=True, parallel=True)
def _convert_in_steps(
    signal_v: NDArray[np.float32], lsb_v: float, black_level_dn: float, top_dn: int,
    bucket: NDArray[np.uint8], first: NDArray[np.uint32], store: NDArray[np.uint16],
) -> int:  # fmt: skip
    # The same, with the frame store kept bucket by bucket.
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
    return unreadable
