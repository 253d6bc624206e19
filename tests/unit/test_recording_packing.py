"""Packed samples against NumPy's own bits, and back."""

import numpy as np
import pytest

from inference.recording.packing import pack, packed_bytes, unpack


def plain_pack(samples: np.ndarray, bits: int) -> np.ndarray:
    """Every sample as its bits, lowest first, in one row; bytes filled from their lowest bit."""
    row = (samples.reshape(-1, 1) >> np.arange(bits, dtype=np.uint16)) & 1
    return np.packbits(row.astype(np.uint8).reshape(-1), bitorder="little")


@pytest.mark.parametrize("bits", range(6, 17))
def test_samples_are_packed_as_numpy_packs_bits_and_come_back(bits: int) -> None:
    # Lengths around whole words of 64 bits at every depth, and around whole bytes.
    for count in (1, 2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65, 1000):
        samples = np.random.default_rng(count).integers(0, 2**bits, count, np.uint16)
        packed = pack(samples, bits)
        assert packed.size == packed_bytes(count, bits)
        assert np.array_equal(packed, plain_pack(samples, bits))
        assert np.array_equal(unpack(packed, count, bits), samples)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_the_ends_of_the_range_keep_to_their_places(bits: int) -> None:
    samples = np.tile(np.array([0, 2**bits - 1], np.uint16), 50)
    assert np.array_equal(unpack(pack(samples, bits), 100, bits), samples)


def test_known_depths_lie_as_the_page_says() -> None:
    assert pack(np.array([0xABC, 0x123], np.uint16), 12).tolist() == [0xBC, 0x3A, 0x12]
    assert pack(np.array([0xABCD], np.uint16), 16).tolist() == [0xCD, 0xAB]
    assert pack(np.array([1, 2, 255], np.uint16), 8).tolist() == [1, 2, 255]


def test_samples_in_another_memory_layout_are_packed_in_their_own_sequence() -> None:
    samples = np.random.default_rng(1).integers(0, 4096, (20, 3), np.uint16)
    assert np.array_equal(pack(np.asfortranarray(samples), 12), pack(samples, 12))
