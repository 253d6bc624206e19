"""What a frame's order and mask cost beside AES-256-GCM of the whole frame, by the kind of order."""

import itertools
import os
from collections.abc import Callable, Iterable
from typing import TypedDict

import numba
import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adc import Geometry, KeySchedule, ReadoutPolicy
from benchmarks.timing import medians_ms

CASES = ((480, 640), (1080, 1920), (2160, 3840))
BITS = 12
FRESH = (
    ReadoutPolicy("raster", "frame", True),
    ReadoutPolicy("row-column", "frame", False),
    ReadoutPolicy("block", "frame", False),
    ReadoutPolicy("full", "frame", False),
    ReadoutPolicy("full", "frame", True),
)


class KeyRow(TypedDict):
    """One line of the table: what is fresh for each frame, how long it takes to make, and over AES-256-GCM of the frame."""

    order: str
    mask: bool
    height: int
    width: int
    bits: int
    key_ms: float
    aes_gcm_ms: float
    ratio_to_aes_gcm: float


def bench_keys(sizes: Iterable[tuple[int, int]] = CASES, repeats: int = 20) -> list[KeyRow]:
    """Time fresh keys for 12-bit Bayer frames, one row for each kind of order and size (height, width).

    key_ms is from the frame counter to order and mask in memory, tag key included, and wiped again; nothing is emitted.
    aes_gcm_ms encrypts the raster frame's bytes, 16 bits a sample, and takes turns with it. All are medians over repeats, on one
    core.

    Raises ValueError for repeats below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats}: allowed is 1 or more")
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        return [_row(policy, Geometry(height, width, BITS, "rggb"), repeats) for height, width in sizes for policy in FRESH]
    finally:
        numba.set_num_threads(threads)


def _row(policy: ReadoutPolicy, geometry: Geometry, repeats: int) -> KeyRow:
    key_ms, aes_gcm_ms = medians_ms([_key(policy, geometry), _aes_gcm(geometry)], repeats)
    return KeyRow(
        order=policy.order,
        mask=policy.mask,
        height=geometry.height,
        width=geometry.width,
        bits=geometry.bits,
        key_ms=key_ms,
        aes_gcm_ms=aes_gcm_ms,
        ratio_to_aes_gcm=key_ms / aes_gcm_ms,
    )


def _key(policy: ReadoutPolicy, geometry: Geometry) -> Callable[[], None]:
    schedule, counters = KeySchedule(os.urandom(32), policy=policy), itertools.count()

    def make() -> None:
        frame_key = schedule.frame_key(next(counters), geometry)
        assert frame_key.order.size == geometry.pixels  # it is put together at its first use
        frame_key.wipe()

    return make


def _aes_gcm(geometry: Geometry) -> Callable[[], object]:
    frame = np.random.default_rng(1).integers(0, 2**geometry.bits, geometry.pixels * geometry.channels, np.uint16)
    octets, cipher, nonces = frame.view(np.uint8).data, AESGCM(os.urandom(32)), itertools.count()
    return lambda: cipher.encrypt(next(nonces).to_bytes(12), octets, None)
