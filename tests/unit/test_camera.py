"""The camera makes authentic frames of its scenes, never uses a counter twice, and leaves nothing running."""

import itertools
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import PAPER, SECURE, Converter, CounterStore, FrameKey, Geometry, KeySchedule, ReadoutPolicy
from firmware_model import Camera, InProcessLink
from firmware_model.camera import frame_seed
from inference.receiver import Receiver
from sensor_sim import DEMO_PROFILE, Sensor

MASTER = bytes(range(32))
PROFILE = replace(DEMO_PROFILE, height=12, width=16)
SCENE = np.linspace(0, 1, 12 * 16 * 3, dtype=np.float32).reshape(12, 16, 3)
CONVERTER = Converter(bits=10)


def camera(policy: ReadoutPolicy = SECURE, device_seed: int = 7, first: int = 0, epoch: int = 0, **options: float) -> Camera:
    schedule = KeySchedule(MASTER, policy=policy, epoch=epoch)
    return Camera(Sensor(PROFILE, device_seed), CONVERTER, schedule, itertools.count(first), **options)


def test_the_geometry_is_the_sensors_with_the_converters_depth() -> None:
    with camera() as opened:
        assert opened.geometry == Geometry(12, 16, 10, PROFILE.cfa)


@pytest.mark.parametrize("policy", [SECURE, PAPER], ids=str)
def test_a_frame_is_what_the_sensor_saw_and_passes_the_receiver(policy: ReadoutPolicy) -> None:
    receiver = Receiver(KeySchedule(MASTER, policy=policy))
    with camera(policy, exposure_s=0.004) as opened:
        for counter in range(3):
            raw = opened.capture(SCENE)
            exposure = Sensor(PROFILE, 7).expose(SCENE, 0.004, frame_seed(7, 0, counter))
            assert raw.header.counter == counter
            assert raw.header.exposure_s == 0.004
            assert np.array_equal(raw.restore(receiver.accept(raw)), CONVERTER.convert(exposure.signal_v))


def test_counters_come_from_the_store_and_none_twice(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with (
            CounterStore(tmp_path / "counter", reserve=4) as counters,
            Camera(Sensor(PROFILE), CONVERTER, KeySchedule(MASTER), counters) as opened,
        ):
            seen += [opened.capture(SCENE).header.counter for _ in range(6)]
    assert seen == sorted(set(seen))


def test_a_simulation_can_be_repeated_and_every_frame_has_its_own_noise() -> None:
    def raster(**which: int) -> np.ndarray:
        with camera(**which) as opened:
            raw = opened.capture(SCENE)
        schedule = KeySchedule(MASTER, epoch=raw.header.epoch)
        return raw.restore(schedule.frame_key(raw.header.counter, raw.header.geometry))

    assert np.array_equal(raster(), raster())
    assert not np.array_equal(raster(), raster(first=1))
    assert not np.array_equal(raster(), raster(epoch=1))
    assert not np.array_equal(raster(), raster(device_seed=8))


def test_the_exposure_can_be_changed_between_frames() -> None:
    with camera() as opened:
        opened.exposure_s = 0.002
        assert opened.capture(SCENE).header.exposure_s == 0.002


@pytest.mark.parametrize("exposure_s", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_exposure_is_refused_by_name_and_leaves_no_thread(exposure_s: float) -> None:
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match=r"exposure_s = .*: allowed is"):
        camera(exposure_s=exposure_s)
    assert set(threading.enumerate()) == before


def test_a_frames_key_is_wiped_when_the_frame_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    wiped, wipe = [], FrameKey.wipe
    monkeypatch.setattr(FrameKey, "wipe", lambda key: (wiped.append(key.counter), wipe(key)))
    with camera() as opened:
        opened.capture(SCENE)
        assert wiped == [0]
        with pytest.raises(ValueError):
            opened.capture(np.full((12, 16, 4), np.nan, np.float32))
        assert wiped == [0, 1]


def test_closing_ends_the_thread_and_a_closed_camera_says_so() -> None:
    before = set(threading.enumerate())
    opened = camera()
    opened.capture(SCENE)
    opened.close()
    opened.close()
    assert set(threading.enumerate()) == before
    with pytest.raises(RuntimeError, match="closed"):
        opened.capture(SCENE)


def test_a_camera_without_counters_says_so() -> None:
    with Camera(Sensor(PROFILE), CONVERTER, KeySchedule(MASTER), iter([3])) as opened:
        assert opened.capture(SCENE).header.counter == 3
        with pytest.raises(RuntimeError, match="used up"):
            opened.capture(SCENE)


def test_the_link_gives_a_frame_for_every_scene_each_time_it_is_gone_over() -> None:
    with camera() as opened:
        link = InProcessLink(opened, [SCENE] * 3)
        assert [raw.header.counter for raw in link] == [0, 1, 2]
        assert [raw.header.counter for raw in link] == [3, 4, 5]


@pytest.mark.parametrize("numbers", [[3, 3], [3, 4, 4, 5], [3, 2]])
def test_a_counter_that_does_not_rise_is_refused_before_its_frame(numbers: list[int]) -> None:
    rising = next(n for n in range(1, len(numbers)) if numbers[n] <= numbers[n - 1])
    scene = np.full((PROFILE.height, PROFILE.width, 3), 0.5, np.float32)
    with Camera(Sensor(PROFILE), CONVERTER, KeySchedule(MASTER), iter(numbers)) as opened:
        for number in numbers[:rising]:
            assert opened.capture(scene).header.counter == number
        with pytest.raises(ValueError, match=f"counter = {numbers[rising]}: allowed is above the one before"):
            opened.capture(scene)
