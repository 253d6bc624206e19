"""The receiver lets authentic new frames of its camera pass, and names what is wrong with any other."""

from dataclasses import replace

import numpy as np
import pytest

from adc import PAPER, RASTER, SECURE, Converter, Geometry, KeySchedule, RawFrame, ReadoutPolicy, readout
from inference.receiver import FrameRefused, Receiver

MASTER = bytes(range(32))
GEOMETRY = Geometry(4, 6, 12, "rggb")


class Volts:
    """An even exposure at half scale."""

    exposure_s, temperature_k = 0.01, 300.0

    def __init__(self, geometry: Geometry) -> None:
        self.signal_v = np.full(geometry.shape, 0.5, np.float32)


def frame(counter: int, geometry: Geometry = GEOMETRY, master: bytes = MASTER, **schedule: object) -> RawFrame:
    frame_key = KeySchedule(master, **schedule).frame_key(counter, geometry)
    return readout(Volts(geometry), Converter(bits=geometry.bits), frame_key)


def cause(receiver: Receiver, raw: RawFrame) -> str:
    with pytest.raises(FrameRefused, match=f"frame {raw.header.counter} refused") as refusal:
        receiver.accept(raw)
    assert refusal.value.counter == raw.header.counter
    return refusal.value.cause


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("policy", [SECURE, PAPER, RASTER], ids=str)
def test_rising_frames_are_accepted_with_the_key_that_restores_them(policy: ReadoutPolicy, live: bool) -> None:
    receiver = Receiver(KeySchedule(MASTER, policy=policy), live)
    for counter in (0, 1, 2, 7, 1000):
        raw = frame(counter, policy=policy)
        # 0.5 V of 1 V over 4096 codes, above the black level of 64 DN
        assert (raw.restore(receiver.accept(raw)) == 2048 + 64).all()
    assert receiver.last_counter == 1000
    assert not receiver.refused


@pytest.mark.parametrize("live", [True, False])
def test_a_counter_that_does_not_rise_is_a_replay(live: bool) -> None:
    receiver = Receiver(KeySchedule(MASTER), live)
    receiver.accept(frame(5))
    assert [cause(receiver, frame(counter)) for counter in (5, 4, 0)] == ["replay"] * 3
    receiver.accept(frame(6))
    assert receiver.refused == {"replay": 3}


def test_a_replay_of_an_earlier_live_session_is_found_by_its_last_counter() -> None:
    receiver = Receiver(KeySchedule(MASTER), after_counter=5)
    assert cause(receiver, frame(5)) == "replay"
    receiver.accept(frame(6))


@pytest.mark.parametrize(("live", "after_counter"), [(False, 5), (True, -1)])
def test_an_impossible_start_is_refused_by_name(live: bool, after_counter: int) -> None:
    with pytest.raises(ValueError, match="after_counter = "):
        Receiver(KeySchedule(MASTER), live, after_counter=after_counter)


def test_another_device_epoch_or_policy_is_refused_by_its_cause() -> None:
    receiver = Receiver(KeySchedule(MASTER))
    assert cause(receiver, frame(1, device="cam1")) == "device"
    assert cause(receiver, frame(1, epoch=1)) == "epoch"
    assert cause(receiver, frame(1, policy=RASTER)) == "policy"
    assert receiver.refused == {"device": 1, "epoch": 1, "policy": 1}


def test_frames_must_have_the_stated_geometry() -> None:
    receiver = Receiver(KeySchedule(MASTER), geometry=GEOMETRY)
    assert cause(receiver, frame(1, Geometry(6, 4, 12, "rggb"))) == "geometry"


def test_the_first_authentic_frame_fixes_the_geometry_and_a_forged_one_does_not() -> None:
    receiver = Receiver(KeySchedule(MASTER))
    small = Geometry(2, 2, 12, "rggb")
    assert cause(receiver, frame(1, small, master=bytes(32))) == "tag"
    receiver.accept(frame(2))
    assert cause(receiver, frame(3, small)) == "geometry"


def test_a_flipped_bit_of_tag_samples_or_header_is_refused_by_the_tag() -> None:
    receiver, raw = Receiver(KeySchedule(MASTER)), frame(1)
    samples = raw.samples.copy()
    samples[3, 0] ^= 1
    for forged in (
        replace(raw, tag=bytes([raw.tag[0] ^ 1]) + raw.tag[1:]),
        replace(raw, samples=samples),
        replace(raw, header=replace(raw.header, exposure_s=0.02)),
        replace(raw, header=replace(raw.header, counter=2)),
    ):
        assert cause(receiver, forged) == "tag"
    assert receiver.refused == {"tag": 4}


def test_a_forged_counter_does_not_lock_the_camera_out() -> None:
    receiver = Receiver(KeySchedule(MASTER))
    assert cause(receiver, frame(2**63, master=bytes(32))) == "tag"
    receiver.accept(frame(1))
