"""Samples as bytes: one, one and a half or two for each."""

from enum import IntEnum

import numpy as np
from numba import njit
from numpy.typing import NDArray


class SampleFormat(IntEnum):
    """How samples are written: a byte each, two in three bytes, or two bytes each, little-endian."""

    U16 = 0
    U8 = 1
    P12 = 2

    @property
    def most_bits(self) -> int:
        """The deepest samples that fit."""
        return {SampleFormat.U8: 8, SampleFormat.P12: 12, SampleFormat.U16: 16}[self]


def narrowest(bits: int) -> SampleFormat:
    """The format that needs the fewest bytes for samples of this depth."""
    return SampleFormat.U8 if bits <= 8 else SampleFormat.P12 if bits <= 12 else SampleFormat.U16


def packed_bytes(samples: int, sample_format: SampleFormat) -> int:
    """How many bytes so many samples take; an odd last one takes two bytes in P12."""
    return {SampleFormat.U8: samples, SampleFormat.P12: -(-samples * 3 // 2), SampleFormat.U16: 2 * samples}[sample_format]


def packed(samples: NDArray[np.uint16], sample_format: SampleFormat) -> NDArray[np.uint8]:
    """Samples of any shape, uint16, as bytes, uint8 (packed_bytes,); in U16 they may be the very memory of `samples`.

    Raises ValueError for a sample that the format has no room for.
    """
    flat = np.ascontiguousarray(samples, np.uint16).reshape(-1)
    if sample_format is not SampleFormat.U16 and flat.size and flat.max() >> sample_format.most_bits:
        allowed = f"up to {2**sample_format.most_bits - 1} for {sample_format.name}"
        raise ValueError(f"samples = up to {flat.max()}: allowed is {allowed}")
    if sample_format is SampleFormat.U8:
        return flat.astype(np.uint8)
    if sample_format is SampleFormat.U16:
        return flat.astype("<u2", copy=False).view(np.uint8)
    written = np.empty(packed_bytes(flat.size, sample_format), np.uint8)
    _pack_12(flat, written)
    return written


def unpacked(written: NDArray[np.uint8], samples: int, sample_format: SampleFormat) -> NDArray[np.uint16]:
    """Undo `packed`: uint16 (samples,); in U16 they may be the very memory of `written`.

    Raises ValueError for another number of bytes.
    """
    if written.size != packed_bytes(samples, sample_format):
        allowed = packed_bytes(samples, sample_format)
        raise ValueError(f"written = {written.size} bytes: allowed is {allowed} for {samples} samples in {sample_format.name}")
    if sample_format is SampleFormat.U8:
        return written.astype(np.uint16)
    if sample_format is SampleFormat.U16:
        return written.view("<u2").astype(np.uint16, copy=False)
    flat = np.empty(samples, np.uint16)
    _unpack_12(written, flat)
    return flat


@njit(cache=True, nogil=True)
def _pack_12(samples: NDArray[np.uint16], written: NDArray[np.uint8]) -> None:
    for pair in range(samples.size // 2):
        low, high = samples[2 * pair], samples[2 * pair + 1]
        written[3 * pair] = low & 255
        written[3 * pair + 1] = (low >> 8) | (high & 15) << 4
        written[3 * pair + 2] = high >> 4
    if samples.size % 2:
        written[-2] = samples[-1] & 255
        written[-1] = samples[-1] >> 8


@njit(cache=True, nogil=True)
def _unpack_12(written: NDArray[np.uint8], samples: NDArray[np.uint16]) -> None:
    for pair in range(samples.size // 2):
        low, middle, high = np.uint16(written[3 * pair]), np.uint16(written[3 * pair + 1]), np.uint16(written[3 * pair + 2])
        samples[2 * pair] = low | (middle & 15) << 8
        samples[2 * pair + 1] = middle >> 4 | high << 4
    if samples.size % 2:
        # The four bits behind the last sample are nobody's.
        samples[-1] = np.uint16(written[-2]) | (np.uint16(written[-1]) & 15) << 8
