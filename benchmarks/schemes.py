"""How fast every scheme encrypts and decrypts one frame beside AES-256-GCM, who has its key, and what it protects."""

import itertools
from collections.abc import Callable, Iterable
from typing import TypedDict

import numba
import numpy as np

from benchmarks.timing import medians_ms
from privacy.schemes import SCHEMES, AesGcm, KeyScope, Scheme, make_scheme

CASES = ((32, 32), (1080, 1920))
_SEED = 1


class SchemeRow(TypedDict):
    """One line of the table; key_bits is log2 of how many keys there are, and no measure of strength."""

    scheme: str
    height: int
    width: int
    encrypt_ms: float
    decrypt_ms: float
    ratio_to_aes_gcm: float
    key_bits: float
    key_for_each: KeyScope
    notices_alterations: bool
    key_handling: str
    protects: str


def bench_schemes(sizes: Iterable[tuple[int, int]] = CASES, repeats: int = 20) -> list[SchemeRow]:
    """Time one random frame of three 8-bit samples a pixel at a time, one row for each scheme and size (height, width).

    Each frame has a number of its own. Keys for each image are made within the time, keys of the device before it, with the
    maps that follow from them. ratio_to_aes_gcm is encryption and decryption together over those of AES-256-GCM, which
    takes turns with every scheme. All are medians over repeats, on one core, as AES-256-GCM has one.

    Raises ValueError for repeats below 1, and for a size that a scheme does not take.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats}: allowed is 1 or more")
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        return [_row(name, size, repeats) for size in sizes for name in SCHEMES]
    finally:
        numba.set_num_threads(threads)


def _row(name: str, size: tuple[int, int], repeats: int) -> SchemeRow:
    scheme = make_scheme(name, np.random.default_rng(_SEED), size)
    aes = AesGcm.with_key(np.random.default_rng(_SEED), size)
    encrypt_ms, decrypt_ms, aes_encrypt_ms, aes_decrypt_ms = medians_ms([*_works(scheme), *_works(aes)], repeats)
    return SchemeRow(
        scheme=name,
        height=size[0],
        width=size[1],
        encrypt_ms=encrypt_ms,
        decrypt_ms=decrypt_ms,
        ratio_to_aes_gcm=(encrypt_ms + decrypt_ms) / (aes_encrypt_ms + aes_decrypt_ms),
        key_bits=scheme.key_bits,
        key_for_each=scheme.key_scope,
        notices_alterations=scheme.notices_alterations,
        key_handling=scheme.key_handling,
        protects=scheme.protects,
    )


def _works(scheme: Scheme) -> tuple[Callable[[], object], Callable[[], object]]:
    frame = np.random.default_rng(_SEED).integers(0, 256, (1, *scheme.shape, 3), np.uint8)
    numbers, sent = itertools.count(1), scheme.encrypt(frame, 0)
    return lambda: scheme.encrypt(frame, next(numbers)), lambda: scheme.decrypt(sent, 0)
