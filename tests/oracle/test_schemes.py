"""Every scheme against its paper, written down a second time: value by value, in plain Python, from the key alone."""

import itertools
import struct

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from adc import PAPER, RASTER, SECURE, Geometry
from privacy.schemes import (
    AesGcm,
    EncryptionThenCompression,
    ExtendedLearnableEncryption,
    KeyedReadout,
    KeyNets,
    LearnableEncryption,
    PixelBasedEncryption,
    PrivConv,
)

SHAPE = (12, 8)
IMAGES = np.random.default_rng(3).integers(0, 256, (2, *SHAPE, 3), np.uint8)


def corners(block: int) -> list[tuple[int, int]]:
    return list(itertools.product(range(0, SHAPE[0], block), range(0, SHAPE[1], block)))


def scrambled_block(block: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Learnable encryption of one block (4, 4, 3)."""
    values = [int(block[row, column, channel]) for row in range(4) for column in range(4) for channel in range(3)]
    nibbles = [value % 16 for value in values] + [value // 16 for value in values]
    nibbles = [15 - nibble if key[i] > 48 else nibble for i, nibble in enumerate(nibbles)]
    moved = [nibbles[key[i]] for i in range(96)]
    return np.array([moved[i] + 16 * moved[48 + i] for i in range(48)], np.uint8).reshape(4, 4, 3)


def test_learnable_encryption_moves_and_complements_the_nibbles_of_each_block() -> None:
    scheme = LearnableEncryption.with_key(np.random.default_rng(0), SHAPE)
    expected = IMAGES.copy()
    for image in expected:
        for y, x in corners(4):
            image[y : y + 4, x : x + 4] = scrambled_block(image[y : y + 4, x : x + 4], scheme.key)
    assert np.array_equal(scheme.encrypt(IMAGES).samples, expected)


def test_extended_learnable_encryption_has_a_key_for_each_block_and_moves_the_blocks() -> None:
    scheme = ExtendedLearnableEncryption.with_key(np.random.default_rng(0), SHAPE)
    expected = np.empty_like(IMAGES)
    for image, sent in zip(IMAGES, expected, strict=True):
        blocks = [scrambled_block(image[y : y + 4, x : x + 4], key) for (y, x), key in zip(corners(4), scheme.keys, strict=True)]
        for (y, x), taken in zip(corners(4), scheme.block_order, strict=True):
            sent[y : y + 4, x : x + 4] = blocks[taken]
    assert np.array_equal(scheme.encrypt(IMAGES).samples, expected)


def turned_block(block: np.ndarray, turns: int, mirror: int, negative: int, colours: tuple[int, ...]) -> np.ndarray:
    """One block (4, 4, 3) of encryption-then-compression."""
    for _ in range(turns):  # the right-hand column becomes the top row
        block = np.array([[block[column, 3 - row] for column in range(4)] for row in range(4)])
    if mirror == 1:
        block = np.array([[block[row, 3 - column] for column in range(4)] for row in range(4)])
    if mirror == 2:
        block = np.array([block[3 - row] for row in range(4)])
    pixels = [[[int(pixel[channel]) for channel in colours] for pixel in row] for row in block]
    return np.array([[[255 - v if negative else v for v in pixel] for pixel in row] for row in pixels], np.uint8)


def test_encryption_then_compression_turns_mirrors_complements_recolours_and_moves_blocks() -> None:
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    seen = set()
    for seed in range(12):
        scheme = EncryptionThenCompression.with_key(np.random.default_rng(seed), SHAPE)
        seen |= set(zip(scheme.quarter_turns.tolist(), scheme.mirror.tolist(), strict=True))
        expected = np.empty_like(IMAGES)
        for image, sent in zip(IMAGES, expected, strict=True):
            blocks = [
                turned_block(
                    image[y : y + 4, x : x + 4], scheme.quarter_turns[b], scheme.mirror[b], scheme.negative[b],
                    orders[scheme.colours[b]],
                )
                for b, (y, x) in enumerate(corners(4))
            ]  # fmt: skip
            for (y, x), taken in zip(corners(4), scheme.block_order, strict=True):
                sent[y : y + 4, x : x + 4] = blocks[taken]
        assert np.array_equal(scheme.encrypt(IMAGES).samples, expected)
    assert len(seen) == 12  # every turn with every mirror


@pytest.mark.parametrize("exchanges_colours", [True, False])
@pytest.mark.parametrize("fresh", [True, False])
def test_pixel_based_encryption_complements_values_then_exchanges_colours_inside_pixels(fresh, exchanges_colours) -> None:
    master = bytes(range(16))
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    sent = PixelBasedEncryption(SHAPE, master, fresh, exchanges_colours).encrypt(IMAGES, 7).samples
    for number, image, scrambled in zip((7, 8), IMAGES, sent, strict=True):
        counter = [0, 0, 0, number if fresh else 0]
        rng = np.random.Generator(np.random.Philox(key=list(struct.unpack("<2Q", master)), counter=counter))
        bits = "".join(f"{octet:08b}" for octet in rng.bytes(3 * SHAPE[0] * SHAPE[1] // 8))
        chosen = rng.integers(0, 6, SHAPE[0] * SHAPE[1])
        for pixel, (row, column) in enumerate(np.ndindex(*SHAPE)):
            values = [int(image[row, column, c]) for c in range(3)]
            values = [255 - value if bits[3 * pixel + c] == "1" else value for c, value in enumerate(values)]
            if exchanges_colours:
                values = [values[c] for c in orders[chosen[pixel]]]
            assert scrambled[row, column].tolist() == values


def test_each_pattern_of_pixel_based_encryption_is_as_likely_as_any_other() -> None:
    # 6 orders times 8 complements make 48 patterns; over 96 x 64 pixels 128 of each are expected. Chi-square of 47 degrees of
    # freedom has a mean of 47 and a standard deviation of sqrt(94) = 9.7; allowed is 5 of them, with a fixed seed.
    source, flip = PixelBasedEncryption.with_key(np.random.default_rng(0), (96, 64)).drawn(0)
    orders = (source.reshape(-1, 3) % 3) @ [9, 3, 1]
    patterns = orders * 8 + (flip.reshape(-1, 3) > 0) @ [4, 2, 1]
    counts = np.unique(patterns, return_counts=True)[1]
    assert counts.size == 48
    assert ((counts - 128) ** 2 / 128).sum() < 47 + 5 * 9.7


@pytest.mark.parametrize("block", [2, 4])
def test_privconv_moves_blocks_then_values_inside_them_then_complements(block) -> None:
    scheme = PrivConv.with_key(np.random.default_rng(0), SHAPE, block=block)
    expected = np.empty_like(IMAGES)
    for image, sent in zip(IMAGES, expected, strict=True):
        blocks = [image[y : y + block, x : x + block].reshape(-1).tolist() for y, x in corners(block)]
        for (y, x), taken in zip(corners(block), scheme.block_order, strict=True):
            values = [blocks[taken][at] for at in scheme.sample_order]
            values = [value ^ 255 if negative else value for value, negative in zip(values, scheme.negative, strict=True)]
            sent[y : y + block, x : x + block] = np.array(values, np.uint8).reshape(block, block, 3)
    assert np.array_equal(scheme.encrypt(IMAGES).samples, expected)


def test_key_nets_multiply_pictures_with_a_matrix_of_one_gain_in_each_row_and_column() -> None:
    scheme = KeyNets.with_key(np.random.default_rng(0), SHAPE)
    matrix = np.zeros((scheme.order.size, scheme.order.size), np.int64)
    for place, (taken, gain) in enumerate(zip(scheme.order, scheme.gain, strict=True)):
        matrix[place, taken] = gain
    assert ((matrix > 0).sum(0) == 1).all()
    assert ((matrix > 0).sum(1) == 1).all()
    sent = scheme.encrypt(IMAGES).samples
    assert sent.dtype == np.uint16
    assert np.array_equal(sent.reshape(2, -1), IMAGES.reshape(2, -1).astype(np.int64) @ matrix.T)


def test_aes_gcm_sends_the_frame_as_the_mode_of_the_block_cipher_does() -> None:
    scheme = AesGcm.with_key(np.random.default_rng(0), SHAPE)
    sent = scheme.encrypt(IMAGES, 300)
    for number, image, samples, tag in zip((300, 301), IMAGES, sent.samples, sent.tags, strict=True):
        encryptor = Cipher(AES(scheme.master), GCM(bytes(8) + struct.pack(">I", number))).encryptor()
        encryptor.authenticate_additional_data(struct.pack(">II", *SHAPE))
        assert encryptor.update(image.tobytes()) + encryptor.finalize() == samples.tobytes()
        assert encryptor.tag == tag.tobytes()


@pytest.mark.parametrize("policy", [SECURE, PAPER, RASTER])
def test_the_readout_sends_pixels_in_the_frame_keys_order_with_its_mask(policy) -> None:
    scheme = KeyedReadout.with_key(np.random.default_rng(0), SHAPE, policy=policy)
    sent = scheme.encrypt(IMAGES, 5).samples
    for number, image, samples in zip((5, 6), IMAGES, sent, strict=True):
        key = scheme.schedule.frame_key(number, Geometry(*SHAPE, bits=8, cfa="rgb"))
        for place, (emitted, taken) in enumerate(zip(samples.reshape(-1, 3), key.order, strict=True)):
            for channel in range(3):
                added = 0 if key.mask is None else int(key.mask[place, channel])
                assert emitted[channel] == (int(image[taken // SHAPE[1], taken % SHAPE[1], channel]) + added) % 256
