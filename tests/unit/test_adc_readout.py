"""The fused kernel against its NumPy twin, alone and from two threads at once; keys made ahead."""

import itertools
import threading
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import POLICIES, Converter, FrameKey, Geometry, KeysAhead, KeySchedule, ReadoutPolicy, readout

MASTER = bytes(range(32))


@dataclass(frozen=True)
class Held:
    signal_v: NDArray[np.float32]
    exposure_s: float = 0.01
    temperature_k: float = 300.0


def exposure(geometry: Geometry, seed: int = 1) -> Held:
    # From well below black to well above full scale, so that both ends clip.
    return Held(np.random.default_rng(seed).uniform(-0.2, 1.2, geometry.shape).astype(np.float32))


def plain_readout(signal_v: NDArray[np.float32], converter: Converter, key: FrameKey) -> NDArray[np.uint16]:
    geometry = key.geometry
    emitted = converter.convert(signal_v).reshape(geometry.pixels, geometry.channels)[key.order]
    return emitted if key.mask is None else (emitted + key.mask) & np.uint16(converter.top_dn)


POLICIES_AND_OTHERS = [*POLICIES.values(), ReadoutPolicy("row-column"), ReadoutPolicy("block", mask=False)]


@pytest.mark.parametrize("policy", POLICIES_AND_OTHERS)
@pytest.mark.parametrize(("bits", "cfa"), [(8, "mono"), (12, "rggb"), (16, "rgb")])
def test_readout_equals_the_plain_one(policy: ReadoutPolicy, bits: int, cfa) -> None:
    geometry = Geometry(46, 62, bits, cfa)
    key = KeySchedule(MASTER, policy=policy).frame_key(3, geometry)
    converter = Converter(1.0, 1.3, 20.5, bits)
    held = exposure(geometry)
    raw = readout(held, converter, key)
    assert np.array_equal(raw.samples, plain_readout(held.signal_v, converter, key))
    assert np.array_equal(raw.restore(key), converter.convert(held.signal_v))


@pytest.mark.parametrize("policy", POLICIES.values())
@pytest.mark.parametrize("cfa", ["rggb", "rgb"])
def test_large_frame_read_out_in_steps_equals_the_plain_one(policy: ReadoutPolicy, cfa) -> None:
    geometry = Geometry(302, 402, 12, cfa)
    key = KeySchedule(MASTER, policy=policy).frame_key(3, geometry)
    held = exposure(geometry)
    assert (key.shuffle is None) == (policy.order == "raster")
    assert np.array_equal(readout(held, Converter(), key).samples, plain_readout(held.signal_v, Converter(), key))
    held.signal_v[7, 9] = np.nan
    with pytest.raises(ValueError, match=f"nan in {geometry.channels} samples"):
        readout(held, Converter(), key)


def test_header_says_how_the_frame_was_made() -> None:
    geometry = Geometry(4, 6)
    key = KeySchedule(MASTER, device="left", epoch=9).frame_key(3, geometry)
    header = readout(exposure(geometry), Converter(analog_gain=2.0, black_level_dn=10), key).header
    assert (header.device, header.epoch, header.counter, header.geometry) == ("left", 9, 3, geometry)
    assert (header.analog_gain, header.black_level_dn, header.exposure_s, header.temperature_k) == (2.0, 10, 0.01, 300.0)


def test_signal_in_another_memory_layout_reads_out_the_same() -> None:
    geometry = Geometry(20, 30, cfa="rgb")
    key = KeySchedule(MASTER).frame_key(3, geometry)
    held = exposure(geometry)
    turned = Held(np.asfortranarray(held.signal_v))
    assert np.array_equal(readout(held, Converter(), key).samples, readout(turned, Converter(), key).samples)


def test_signal_of_another_size_type_or_depth_is_refused_by_name() -> None:
    key = KeySchedule(MASTER).frame_key(3, Geometry(4, 6))
    for wrong in (np.zeros((6, 4, 1), np.float32), np.zeros((4, 6), np.float32), np.zeros((4, 6, 1), np.float64)):
        with pytest.raises(ValueError, match=r"signal_v = .*allowed is float32 \(4, 6, 1\)"):
            readout(Held(wrong), Converter(), key)
    with pytest.raises(ValueError, match="bits = 10: allowed is 12"):
        readout(exposure(key.geometry), Converter(bits=10), key)


def test_signal_that_is_not_a_number_is_refused_by_name() -> None:
    key = KeySchedule(MASTER).frame_key(3, Geometry(4, 6))
    signal_v = np.zeros((4, 6, 1), np.float32)
    signal_v[2, 3] = np.nan
    with pytest.raises(ValueError, match="signal_v = nan in 1 samples"):
        readout(Held(signal_v), Converter(), key)


def test_two_threads_in_the_kernels_at_once_get_what_one_gets() -> None:
    geometry = Geometry(300, 400, 12, "rggb")
    converter = Converter()
    held = [exposure(geometry, seed) for seed in range(2)]

    def frames(which: int) -> list[NDArray[np.uint16]]:
        schedule = KeySchedule(MASTER, device=f"cam{which}")
        keys = [schedule.frame_key(counter, geometry) for counter in range(6)]
        return [readout(held[which], converter, key).samples for key in keys]

    alone = [frames(0), frames(1)]
    together: list[list[NDArray[np.uint16]]] = [[], []]
    start = threading.Barrier(2)

    def run(which: int) -> None:
        start.wait()
        together[which] = frames(which)

    threads = [threading.Thread(target=run, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for which in range(2):
        assert len(together[which]) == 6
        assert all(np.array_equal(one, other) for one, other in zip(alone[which], together[which], strict=True))


@pytest.mark.parametrize("ahead", [1, 2])
def test_keys_made_ahead_are_those_of_the_schedule_in_order(ahead: int) -> None:
    geometry = Geometry(30, 40)
    schedule = KeySchedule(MASTER)
    with KeysAhead(schedule, geometry, iter([4, 7, 9]), ahead=ahead) as keys:
        made = list(keys)
    assert [key.counter for key in made] == [4, 7, 9]
    assert all(np.array_equal(key.order, schedule.frame_key(key.counter, geometry).order) for key in made)


def test_no_more_keys_are_made_than_wait() -> None:
    counters = itertools.count()
    with KeysAhead(KeySchedule(MASTER), Geometry(4, 4), counters, ahead=2) as keys:
        next(keys)
    assert next(counters) == 3


def test_closed_keys_are_wiped_and_no_more_come() -> None:
    before = threading.active_count()
    keys = KeysAhead(KeySchedule(MASTER), Geometry(4, 4), itertools.count())
    keys.close()
    keys.close()
    assert list(keys) == []
    assert threading.active_count() == before


def test_error_while_making_a_key_reaches_the_caller() -> None:
    with KeysAhead(KeySchedule(MASTER), Geometry(4, 4), iter([-1])) as keys, pytest.raises(ValueError, match="counter"):
        next(keys)


@pytest.mark.parametrize("ahead", [0, 9, 1.0])
def test_impossible_number_of_keys_ahead_is_refused_by_name(ahead: float) -> None:
    with pytest.raises(ValueError, match="ahead = "):
        KeysAhead(KeySchedule(MASTER), Geometry(4, 4), itertools.count(), ahead=ahead)
