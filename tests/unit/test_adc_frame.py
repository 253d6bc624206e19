"""Frames: what the tag covers, what a header must agree with, and the way back to the raster."""

import dataclasses

import numpy as np
import pytest

from adc import POLICIES, SECURE, FrameError, FrameHeader, FrameKey, Geometry, KeySchedule, RawFrame, TagError
from adc.frame import sealed

MASTER = bytes(range(32))
GEOMETRY = Geometry(10, 14, 12, "rggb")


def header_of(key: FrameKey) -> FrameHeader:
    return FrameHeader(key.device, key.counter, key.epoch, key.geometry, key.policy, 64.0, 0.01, 2.0, 300.0)


def frame(key: FrameKey) -> RawFrame:
    shape = (key.geometry.pixels, key.geometry.channels)
    samples = np.random.default_rng(1).integers(0, 2**key.geometry.bits, shape, dtype=np.uint16)
    return sealed(header_of(key), samples, key)


KEY = KeySchedule(MASTER, device="caméra").frame_key(5, GEOMETRY)


@pytest.mark.parametrize("policy", POLICIES.values())
@pytest.mark.parametrize("cfa", ["rggb", "rgb"])
def test_restore_undoes_mask_and_order_as_numpy_does(policy, cfa) -> None:
    key = KeySchedule(MASTER, policy=policy).frame_key(5, Geometry(10, 14, 12, cfa))
    raw = frame(key)
    unmasked = raw.samples if key.mask is None else (raw.samples - key.mask) & 4095
    raster = np.empty_like(unmasked)
    raster[key.order] = unmasked
    assert np.array_equal(raw.restore(key), raster.reshape(key.geometry.shape))


@pytest.mark.parametrize("bit", [0, 77, 127])
def test_flipped_tag_is_refused(bit: int) -> None:
    raw = frame(KEY)
    flipped = bytearray(raw.tag)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(TagError, match="frame 5"):
        RawFrame(raw.header, raw.samples, bytes(flipped)).restore(KEY)


@pytest.mark.parametrize("at", [0, 70, 139])
def test_changed_sample_is_refused(at: int) -> None:
    raw = frame(KEY)
    samples = raw.samples.copy()
    samples[at] ^= 1
    with pytest.raises(TagError):
        RawFrame(raw.header, samples, raw.tag).restore(KEY)


@pytest.mark.parametrize(
    "changed", [{"black_level_dn": 65.0}, {"exposure_s": 0.02}, {"analog_gain": 1.0}, {"temperature_k": 301.0}]
)
def test_changed_header_is_refused(changed: dict) -> None:
    raw = frame(KEY)
    with pytest.raises(TagError):
        RawFrame(dataclasses.replace(raw.header, **changed), raw.samples, raw.tag).verify(KEY)


@pytest.mark.parametrize(
    ("name", "names", "counter", "geometry"),
    [
        ("device", {}, 5, GEOMETRY),
        ("client", {"device": "caméra", "client": "lab"}, 5, GEOMETRY),
        ("epoch", {"device": "caméra", "epoch": 1}, 5, GEOMETRY),
        ("counter", {"device": "caméra"}, 6, GEOMETRY),
        ("geometry", {"device": "caméra"}, 5, Geometry(10, 14, 12, "gbrg")),
        ("policy", {"device": "caméra", "policy": POLICIES["paper"]}, 5, GEOMETRY),
    ],
)
def test_key_of_another_frame_is_refused_by_name(name: str, names: dict, counter: int, geometry: Geometry) -> None:
    with pytest.raises(FrameError, match=f"^{name} = ") as refused:
        frame(KEY).verify(KeySchedule(MASTER, **names).frame_key(counter, geometry))
    assert not isinstance(refused.value, TagError)


def test_other_masters_frame_is_refused() -> None:
    with pytest.raises(TagError):
        frame(KEY).verify(KeySchedule(bytes(32), device="caméra").frame_key(5, GEOMETRY))


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((139, 1), np.uint16), np.zeros((140, 3), np.uint16), np.zeros(140, np.uint16),
        np.zeros((140, 1), np.int32), np.full((140, 1), 4096, np.uint16),
    ],
)  # fmt: skip
def test_samples_that_disagree_with_the_header_are_refused_by_name(samples: np.ndarray) -> None:
    with pytest.raises(FrameError, match=r"samples = .*as the header says"):
        RawFrame(header_of(KEY), samples, bytes(16))


def test_tag_of_another_length_is_refused_by_name() -> None:
    with pytest.raises(FrameError, match="tag = 15 bytes"):
        RawFrame(header_of(KEY), np.zeros((140, 1), np.uint16), bytes(15))


def test_header_survives_writing_and_reading() -> None:
    header = header_of(KEY)
    assert FrameHeader.from_bytes(header.to_bytes()) == header


def test_damaged_header_is_refused_or_reads_as_another() -> None:
    header = header_of(KEY)
    written = header.to_bytes()
    for at in range(len(written)):
        for bit in range(8):
            damaged = bytearray(written)
            damaged[at] ^= 1 << bit
            try:
                assert FrameHeader.from_bytes(bytes(damaged)) != header
            except FrameError:
                continue


@pytest.mark.parametrize("cut", [0, 3, 6, 20, -1])
def test_cut_or_lengthened_header_is_refused(cut: int) -> None:
    written = header_of(KEY).to_bytes()
    for wrong in (written[:cut], written + b"\0"):
        with pytest.raises(FrameError, match=r"header|version"):
            FrameHeader.from_bytes(wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 1), ("device", ""), ("client", ""), ("client", "a" * 65),
        ("counter", -1), ("epoch", 2**64), ("black_level_dn", float("nan")),
        ("black_level_dn", 4096), ("exposure_s", 0), ("exposure_s", float("nan")), ("analog_gain", -1),
        ("temperature_k", float("inf")),
    ],
)  # fmt: skip
def test_impossible_header_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(FrameError, match=f"{name} = "):
        dataclasses.replace(header_of(KEY), **{name: value})


def test_samples_of_a_frame_are_read_only_and_the_callers_stay_writable() -> None:
    samples = np.zeros((140, 1), np.uint16)
    raw = RawFrame(header_of(KEY), samples, bytes(16))
    with pytest.raises(ValueError, match="read-only"):
        raw.samples[0] = 1
    samples[0] = 1
    assert raw.header.policy == SECURE
