"""How fast frames are read out under each policy, beside encrypting and beside copying the raster frame."""

import itertools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from adc import POLICIES, RASTER, Converter, Geometry, KeysAhead, KeySchedule, readout
from adc.readout import emitted
from benchmarks.timing import median_ms

CASES = ((480, 640), (1080, 1920), (2160, 3840))
BITS = 12


class Row(TypedDict):
    """One line of the table; key_ms and convert_ms are None where there is no key or no conversion."""

    policy: str
    height: int
    width: int
    bits: int
    frames_per_second: float
    total_ms: float
    key_ms: float | None
    convert_ms: float | None
    ratio_to_raster: float


@dataclass(frozen=True)
class _Held:
    signal_v: NDArray[np.float32]
    exposure_s: float = 0.01
    temperature_k: float = 300.0


def bench_readout(sizes: Iterable[tuple[int, int]] = CASES, repeats: int = 20) -> list[Row]:
    """Time the readout of random 12-bit Bayer frames, one row for each policy and size (height, width).

    total_ms is the time between two frames of a running camera: the next key is made by KeysAhead while a frame is
    converted, put in order, masked and tagged, and its key wiped. key_ms and convert_ms are the two alone, one key on one
    core, conversion and order on all. All are medians over repeats.
    The rows "aes-256-gcm" and "memcpy" encrypt and copy the bytes of the raster frame.

    Raises ValueError for repeats below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats}: allowed is 1 or more")
    return [row for height, width in sizes for row in _rows(Geometry(height, width, BITS, "rggb"), repeats)]


def _rows(geometry: Geometry, repeats: int) -> list[Row]:
    signal_v = np.random.default_rng(1).random(geometry.shape, dtype=np.float32)
    held, converter = _Held(signal_v), Converter(bits=geometry.bits)
    rows: list[Row] = []

    def add(policy: str, total_ms: float, key_ms: float | None = None, convert_ms: float | None = None) -> None:
        raster_ms = rows[0]["total_ms"] if rows else total_ms
        rows.append(
            Row(
                policy=policy,
                height=geometry.height,
                width=geometry.width,
                bits=geometry.bits,
                frames_per_second=1000 / total_ms,
                total_ms=total_ms,
                key_ms=key_ms,
                convert_ms=convert_ms,
                ratio_to_raster=total_ms / raster_ms,
            )
        )

    for name in sorted(POLICIES, key=["raster", "paper", "secure"].index):
        schedule = KeySchedule(os.urandom(32), policy=POLICIES[name])
        counters = itertools.count()
        frame_key = schedule.frame_key(next(counters), geometry)
        key_ms = median_ms(lambda: schedule.frame_key(next(counters), geometry), repeats)  # noqa: B023
        convert_ms = median_ms(lambda: emitted(signal_v, converter, frame_key), repeats)  # noqa: B023
        add(name, _pipeline_ms(held, converter, schedule, geometry, repeats), key_ms, convert_ms)

    raster_key = KeySchedule(os.urandom(32), policy=RASTER).frame_key(0, geometry)
    frame = readout(held, converter, raster_key).samples.copy()
    octets = frame.reshape(-1).view(np.uint8).data
    cipher, nonces, target = AESGCM(os.urandom(32)), itertools.count(), np.empty_like(frame)
    add("aes-256-gcm", median_ms(lambda: cipher.encrypt(next(nonces).to_bytes(12), octets, None), repeats))
    add("memcpy", median_ms(lambda: np.copyto(target, frame), repeats))
    return rows


def _pipeline_ms(held: _Held, converter: Converter, schedule: KeySchedule, geometry: Geometry, repeats: int) -> float:
    with KeysAhead(schedule, geometry, itertools.count()) as keys, keys.leaving_cores():

        def frame() -> None:
            frame_key = next(keys)
            readout(held, converter, frame_key)
            frame_key.wipe()

        return median_ms(frame, repeats)
