"""Frames to be recorded: authentic ones, and ones of noise that need no key and follow from their counter alone."""

from collections.abc import Sequence

import numpy as np

from adc import FrameHeader, Geometry, KeySchedule, RawFrame, ReadoutPolicy
from adc.frame import sealed

MASTER = bytes(range(32))
SCHEDULE = KeySchedule(MASTER, device="door", client="lab")
GEOMETRY = Geometry(6, 10, 12, "rggb")


def header(counter: int, geometry: Geometry = GEOMETRY, policy: ReadoutPolicy = SCHEDULE.policy, **names: object) -> FrameHeader:
    return FrameHeader(
        **({"device": "door", "client": "lab", "epoch": 0} | names),
        counter=counter,
        geometry=geometry,
        policy=policy,
        black_level_dn=64.0,
        exposure_s=0.01,
        analog_gain=1.0,
        temperature_k=300.0,
    )


def noise_frame(counter: int, geometry: Geometry = GEOMETRY, **names: object) -> RawFrame:
    random = np.random.default_rng(counter)
    samples = random.integers(0, 2**geometry.bits, (geometry.pixels, geometry.channels), np.uint16)
    return RawFrame(header(counter, geometry, **names), samples, random.bytes(16))


def noise_frames(count: int, geometry: Geometry = GEOMETRY, first: int = 0) -> list[RawFrame]:
    return [noise_frame(counter, geometry) for counter in range(first, first + count)]


def keyed_frame(counter: int, geometry: Geometry = GEOMETRY) -> RawFrame:
    samples = np.random.default_rng(counter).integers(0, 2**geometry.bits, (geometry.pixels, geometry.channels), np.uint16)
    return sealed(header(counter, geometry), samples, SCHEDULE.frame_key(counter, geometry))


def same(frames: Sequence[RawFrame], others: Sequence[RawFrame]) -> bool:
    """Whether header, samples and tag of all frames are equal, and their numbers too."""
    return len(frames) == len(others) and all(
        one.header == other.header and np.array_equal(one.samples, other.samples) and one.tag == other.tag
        for one, other in zip(frames, others, strict=True)
    )
