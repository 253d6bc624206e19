"""Samples as a string of bits without gaps: sample after sample, lowest bit first, as in GenICam's formats Mono10p and Mono12p.

Keyed samples are noise, which no compressor makes smaller; to leave out the bits that are always zero is all that can be saved.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

_WORD_BITS = 64


def packed_bytes(count: int, bits: int) -> int:
    """Bytes of `count` packed samples of `bits` bits."""
    return -(-count * bits // 8)


def pack(samples: NDArray[np.uint16], bits: int) -> NDArray[np.uint8]:
    """Pack samples of any shape, each below 2**bits, into uint8 (packed_bytes,); bits left over in the last byte are zero."""
    words = np.empty(-(-samples.size * bits // _WORD_BITS), np.uint64)
    _pack(np.ascontiguousarray(samples).reshape(-1), bits, words)
    return words.astype("<u8", copy=False).view(np.uint8)[: packed_bytes(samples.size, bits)]


def unpack(packed: NDArray[np.uint8], count: int, bits: int) -> NDArray[np.uint16]:
    """The samples, uint16 (count,), that `pack` put into uint8 (packed_bytes,)."""
    samples = np.empty(count, np.uint16)
    whole = packed.size // 8 * 8
    words = packed[:whole].view("<u8").astype(np.uint64, copy=False)
    _unpack(words, np.uint64(int.from_bytes(packed[whole:].tobytes(), "little")), bits, samples)
    return samples


@njit(cache=True, nogil=True)
def _pack(samples: NDArray[np.uint16], bits: int, words: NDArray[np.uint64]) -> None:
    word, filled, place = np.uint64(0), 0, 0
    for index in range(samples.size):
        sample = np.uint64(samples[index])
        word |= sample << np.uint64(filled)
        filled += bits
        if filled >= _WORD_BITS:
            words[place] = word
            place += 1
            filled -= _WORD_BITS
            word = sample >> np.uint64(bits - filled)
    if filled:
        words[place] = word


@njit(cache=True, nogil=True)
def _unpack(words: NDArray[np.uint64], last: np.uint64, bits: int, samples: NDArray[np.uint16]) -> None:
    lowest = np.uint64((1 << bits) - 1)
    rest, left, place = np.uint64(0), 0, 0
    for index in range(samples.size):
        if left >= bits:
            samples[index] = rest & lowest
            rest >>= np.uint64(bits)
            left -= bits
        else:
            word = words[place] if place < words.size else last
            place += 1
            samples[index] = (rest | (word << np.uint64(left))) & lowest
            rest = word >> np.uint64(bits - left)
            left += _WORD_BITS - bits
