"""What all schemes promise: the same picture back, another one under another key, and refusals in a sentence."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adc import KeySchedule, ReadoutPolicy, TagError
from privacy.schemes import (
    SCHEMES,
    AesGcm,
    EncryptionThenCompression,
    ExtendedLearnableEncryption,
    KeyedReadout,
    KeyNets,
    LearnableEncryption,
    PixelBasedEncryption,
    PrivConv,
    Sent,
    make_scheme,
)

TAGGED = ("keycam-raster", "keycam-paper", "keycam-secure", "aes-256-gcm")
BLOCKED = ("le", "ele", "etc", "privconv")
SHAPE = (16, 24)


def pictures(count: int, shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape, 3), np.uint8)


def scheme_of(name: str, seed: int = 0, shape: tuple[int, int] = SHAPE):
    return make_scheme(name, np.random.default_rng(seed), shape)


@pytest.mark.parametrize("name", SCHEMES)
@settings(max_examples=12, deadline=None)
@given(
    down=st.integers(1, 5), across=st.integers(1, 5), seed=st.integers(0, 2**32 - 1), count=st.integers(0, 3),
    first=st.integers(0, 2**40),
)  # fmt: skip
def test_decryption_gives_the_same_pictures_back(name, down, across, seed, count, first) -> None:
    shape = (4 * down, 4 * across) if name in BLOCKED else (down, across)
    images = pictures(count, shape, seed)
    sent = scheme_of(name, seed, shape).encrypt(images, first)
    assert sent.samples.shape == images.shape
    back = scheme_of(name, seed, shape).decrypt(sent, first)  # the same key drawn again: nothing else is remembered
    assert back.dtype == np.uint8
    assert np.array_equal(back, images)


@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_says_what_it_is(name) -> None:
    scheme = scheme_of(name)
    assert scheme.name == name
    assert scheme.shape == SHAPE
    assert scheme.notices_alterations == (name in TAGGED) == (scheme.encrypt(pictures(1, SHAPE)).tags.size > 0)
    assert scheme.protects.endswith(".")
    assert scheme.key_handling


@pytest.mark.parametrize("name", SCHEMES)
def test_keys_belong_to_the_image_or_to_the_device(name) -> None:
    scheme = scheme_of(name)
    image = pictures(1, SHAPE)
    first, second = (scheme.encrypt(image, number).samples for number in (0, 1))
    assert np.array_equal(first, second) == (scheme.key_scope != "image")


@pytest.mark.parametrize("name", sorted(set(SCHEMES) - {"keycam-raster"}))
def test_another_key_gives_another_image(name) -> None:
    images = pictures(2, SHAPE)
    ours, others = (scheme_of(name, seed).encrypt(images).samples for seed in (0, 1))
    assert not np.array_equal(ours, images)
    assert (ours != others).mean() > 0.5


@pytest.mark.parametrize("name", sorted(set(SCHEMES) - set(TAGGED)))
def test_a_wrong_key_does_not_decrypt(name) -> None:
    images = pictures(2, SHAPE)
    back = scheme_of(name, 1).decrypt(scheme_of(name).encrypt(images))
    assert (back != images).mean() > 0.5


@pytest.mark.parametrize("name", TAGGED)
def test_a_wrong_key_or_number_is_refused_where_there_is_a_tag(name) -> None:
    sent = scheme_of(name).encrypt(pictures(2, SHAPE), 4)
    with pytest.raises(TagError):
        scheme_of(name, 1).decrypt(sent, 4)
    with pytest.raises(TagError):
        scheme_of(name).decrypt(sent, 5)


@pytest.mark.parametrize("name", TAGGED)
@pytest.mark.parametrize("altered", ["samples", "tags", "swapped"])
def test_an_alteration_is_refused_where_there_is_a_tag(name, altered) -> None:
    scheme = scheme_of(name)
    sent = scheme.encrypt(pictures(2, SHAPE))
    samples, tags = sent.samples.copy(), sent.tags.copy()
    if altered == "samples":
        samples[1, 3, 5, 2] ^= 1
    elif altered == "tags":
        tags[1, 15] ^= 128
    else:
        samples, tags = samples[::-1], tags[::-1]
    with pytest.raises(TagError, match="tag does not fit"):
        scheme.decrypt(Sent(samples, tags))


def test_aes_gcm_binds_the_size_of_the_picture() -> None:
    tall, wide = (AesGcm((height, width), bytes(32)) for height, width in ((8, 12), (12, 8)))
    sent = tall.encrypt(pictures(1, (8, 12)))
    with pytest.raises(TagError):
        wide.decrypt(Sent(sent.samples.reshape(1, 12, 8, 3), sent.tags))


def bits_of(*factors: int) -> float:
    """log2 of a product of whole numbers, exactly: every factor of a factorial is named."""
    return sum(math.log2(factor) for factor in factors)


def test_key_spaces_are_as_large_as_counted() -> None:
    # 8 x 8 pixels: 4 blocks of 4 x 4, 64 pixels, 192 samples.
    expected = {
        "le": bits_of(*range(1, 97)),
        "ele": 4 * bits_of(*range(1, 97)) + bits_of(24),
        "etc": bits_of(24) + 4 * bits_of(8, 2, 6),
        "pixel-based": 64 * bits_of(8, 6),
        "pixel-based-static": 64 * bits_of(8, 6),
        "privconv": bits_of(24) + bits_of(*range(1, 49)) + 48,
        "key-nets": bits_of(*range(1, 193)) + 192 * bits_of(257),
        "keycam-raster": 0,
        "keycam-paper": 256,
        "keycam-secure": 256,
        "aes-256-gcm": 256,
    }
    assert {name: pytest.approx(bits) for name, bits in expected.items()} == {
        name: scheme_of(name, shape=(8, 8)).key_bits for name in SCHEMES
    }
    assert scheme_of("keycam-paper", shape=(2, 3)).key_bits == pytest.approx(math.log2(720))
    assert PixelBasedEncryption((8, 8), bytes(16), exchanges_colours=False).key_bits == 192


@pytest.mark.parametrize("name", BLOCKED)
@pytest.mark.parametrize("shape", [(30, 32), (32, 30), (0, 4), (4, 0)])
def test_a_size_that_is_no_multiple_of_the_block_is_refused(name, shape) -> None:
    with pytest.raises(ValueError, match=rf"shape = {shape[0]}x{shape[1]}: .*allowed is two sides of whole multiples of 4"):
        scheme_of(name, shape=shape)


@pytest.mark.parametrize("name", SCHEMES)
def test_an_empty_size_is_refused(name) -> None:
    with pytest.raises(ValueError, match=r"shape = 0x4: .*allowed is two sides of"):
        scheme_of(name, shape=(0, 4))


@pytest.mark.parametrize("name", SCHEMES)
def test_pictures_of_another_size_or_type_are_refused(name) -> None:
    scheme = scheme_of(name)
    for images in (pictures(1, (24, 16)), pictures(1, SHAPE).astype(np.float32), pictures(1, SHAPE)[0]):
        with pytest.raises(ValueError, match=r"images = .*: allowed is uint8 \(N, 16, 24, 3\)"):
            scheme.encrypt(images)
    sent = scheme.encrypt(pictures(1, SHAPE))
    other = np.uint8 if sent.samples.dtype == np.uint16 else np.uint16
    for wrong in (
        Sent(sent.samples.swapaxes(1, 2), sent.tags),
        Sent(sent.samples.astype(other), sent.tags),
        Sent(sent.samples, np.zeros((1, sent.tags.shape[1] + 1), np.uint8)),
    ):
        with pytest.raises(ValueError, match=r"sent = .*: allowed is"):
            scheme.decrypt(wrong)


def test_what_is_sent_is_checked() -> None:
    samples, tags = np.zeros((2, 4, 4, 3), np.uint8), np.zeros((2, 0), np.uint8)
    for wrong in (samples.astype(np.float32), samples[0], samples[..., :2]):
        with pytest.raises(ValueError, match=r"samples = .*: allowed is uint8 or uint16"):
            Sent(wrong, tags)
    for wrong in (tags[:1], tags[0], tags.astype(np.int64)):
        with pytest.raises(ValueError, match=r"tags = .*: allowed is uint8"):
            Sent(samples, wrong)


def test_keys_are_checked() -> None:
    etc = dict.fromkeys(("quarter_turns", "mirror", "negative", "colours", "block_order"), np.zeros(1, np.int64))
    order = np.arange(48)
    made = {
        "key =": lambda: LearnableEncryption((4, 4), np.zeros(96, np.int64)),
        "keys =": lambda: ExtendedLearnableEncryption((4, 4), np.arange(96), np.zeros(1, np.int64)),
        "quarter_turns =": lambda: EncryptionThenCompression((4, 4), **{**etc, "quarter_turns": np.array([4])}),
        "mirror =": lambda: EncryptionThenCompression((4, 4), **{**etc, "mirror": np.array([3])}),
        "colours =": lambda: EncryptionThenCompression((4, 4), **{**etc, "colours": np.array([-1])}),
        "block_order =": lambda: EncryptionThenCompression((4, 4), **{**etc, "block_order": np.array([1])}),
        "sample_order =": lambda: PrivConv((4, 4), 4, np.zeros(1, np.int64), order[:-1], order * 0),
        "negative =": lambda: PrivConv((4, 4), 4, np.zeros(1, np.int64), order, order * 0 + 2),
        "order =": lambda: KeyNets((4, 4), order * 0, np.ones(48, np.uint16)),
        "gain = int": lambda: KeyNets((4, 4), order, np.ones(48, np.int64)),
        "gain = 0": lambda: KeyNets((4, 4), order, np.zeros(48, np.uint16)),
        "gain = 1 to 258": lambda: KeyNets((4, 4), order, np.r_[np.ones(47), 258].astype(np.uint16)),
        "master = 3 bytes: allowed is 16": lambda: PixelBasedEncryption((4, 4), b"abc"),
        "master = 3 bytes: allowed is 32": lambda: AesGcm((4, 4), b"abc"),
        "policy =": lambda: KeyedReadout((4, 4), KeySchedule(bytes(32), policy=ReadoutPolicy("block"))),
    }
    for begins, make in made.items():
        with pytest.raises(ValueError, match=f"^{begins}") as refused:
            make()
        assert "allowed is" in str(refused.value)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="scheme = 'nonsense': allowed is le, ele,"):
        scheme_of("nonsense")


@pytest.mark.parametrize("name", SCHEMES)
def test_no_key_is_printed(name) -> None:
    said = repr(scheme_of(name, 0, (4, 4)))
    assert said == repr(scheme_of(name, 1, (4, 4)))
    assert "shape=(4, 4)" in said
