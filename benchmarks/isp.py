"""How fast the keyed ISP is, beside two raster ISPs that develop a plain camera's frame, in one run."""

import itertools
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from adc import Converter, FrameKey, Geometry, KeySchedule, RawFrame, readout
from benchmarks.opencv_isp import opencv_isp
from benchmarks.raster_isp import raster_isp
from inference.isp import Corrections, IspSettings, isp

CASES = ((480, 640), (1080, 1920))
BITS, BLACK_LEVEL_DN = 12, 64.0
_WARM_UP = 2
_PLAIN = IspSettings(
    white_balance=(1.9, 1.0, 1.6), colour_matrix=((1.6, -0.5, -0.1), (-0.3, 1.5, -0.2), (0.0, -0.6, 1.6)), gamma="srgb"
)


class IspRow(TypedDict):
    """One line of the table; opencv_ms is None for the Malvar demosaic, which OpenCV does not have."""

    operation: str
    height: int
    width: int
    keyed_ms: float
    raster_ms: float
    ratio: float
    opencv_ms: float | None


@dataclass(frozen=True)
class _Held:
    signal_v: NDArray[np.float32]
    exposure_s: float = 0.01
    temperature_k: float = 300.0


def bench_isp(sizes: Iterable[tuple[int, int]] = CASES, repeats: int = 20) -> list[IspRow]:
    """Time the development of random 12-bit Bayer frames, one row for each operation and size (height, width).

    The operations are both demosaics at full size and binning to a quarter of each side, with colour matrix and sRGB curve;
    "corrected" ones also correct offset, gain and shading, replace one photosite in a thousand and balance by grey world.
    Every frame has a new key, as made by its schedule: keyed_ms holds all that the ISP does with it, so also putting the
    picture's order together. raster_ms is the Numba raster ISP, opencv_ms the one of OpenCV calls; ratio is keyed_ms over
    the smaller one. The three take turns, and all are medians over repeats.

    Raises ValueError for repeats below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats}: allowed is 1 or more")
    return [row for height, width in sizes for row in _rows(Geometry(height, width, BITS, "rggb"), repeats)]


def _rows(geometry: Geometry, repeats: int) -> list[IspRow]:
    quarter = (geometry.height // 4, geometry.width // 4)
    kinds = (("bilinear", _PLAIN), ("malvar", replace(_PLAIN, demosaic="malvar")), ("binned", replace(_PLAIN, output=quarter)))
    corrections = _random_corrections(geometry)
    rows = []
    for name, settings in kinds:
        rows.append(_row(name, geometry, settings, None, repeats))
        balanced = replace(settings, white_balance="grey-world")
        rows.append(_row(f"{name}, corrected", geometry, balanced, corrections, repeats))
    return rows


def _row(operation: str, geometry: Geometry, settings: IspSettings, corrections: Corrections | None, repeats: int) -> IspRow:
    schedule, counters = KeySchedule(os.urandom(32)), itertools.count()
    held = _Held(np.random.default_rng(1).random(geometry.shape, dtype=np.float32))
    converter = Converter(bits=geometry.bits, black_level_dn=BLACK_LEVEL_DN)
    keyed_s, raster_s, opencv_s = [], [], []
    for _ in range(_WARM_UP + repeats):
        counter = next(counters)
        raw, plain = _frame(schedule.frame_key(counter, geometry), held, converter)
        fresh = schedule.frame_key(counter, geometry)
        keyed_s.append(_seconds(lambda: isp(raw, fresh, settings, corrections)))  # noqa: B023
        raster_s.append(_seconds(lambda: raster_isp(plain, geometry, BLACK_LEVEL_DN, settings, corrections)))  # noqa: B023
        if settings.demosaic == "bilinear":
            opencv_s.append(_seconds(lambda: opencv_isp(plain, geometry, BLACK_LEVEL_DN, settings, corrections)))  # noqa: B023
    keyed_ms, raster_ms = _median_ms(keyed_s), _median_ms(raster_s)
    opencv_ms = _median_ms(opencv_s) if opencv_s else None
    return IspRow(
        operation=operation,
        height=geometry.height,
        width=geometry.width,
        keyed_ms=keyed_ms,
        raster_ms=raster_ms,
        ratio=keyed_ms / min(raster_ms, opencv_ms or raster_ms),
        opencv_ms=opencv_ms,
    )


def _frame(frame_key: FrameKey, held: _Held, converter: Converter) -> tuple[RawFrame, NDArray[np.uint16]]:
    raw = readout(held, converter, frame_key)
    return raw, raw.restore(frame_key)[..., 0]


def _random_corrections(geometry: Geometry) -> Corrections:
    die = np.random.default_rng(2)
    sites = (geometry.height, geometry.width)
    return Corrections(
        geometry,
        offset_dn=die.normal(0, 3, sites).astype(np.float32),
        column_offset_dn=die.normal(0, 2, geometry.width).astype(np.float32),
        gain=die.normal(1, 0.02, sites).astype(np.float32),
        shading=die.uniform(1, 1.5, (3, 9, 13)).astype(np.float32),
        defects=die.random(sites) < 1e-3,
    )


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _median_ms(times_s: list[float]) -> float:
    return 1000 * float(np.median(times_s[_WARM_UP:]))
