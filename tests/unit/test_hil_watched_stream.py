"""What a sweep rests on: a watched stream sees false frames, counters that come twice, gaps without a cause, and hangs."""

from pathlib import Path

import numpy as np
import pytest

import hil.watched_stream as watched
from hil.watched_stream import IN_FLIGHT, WatchedStream
from link.host import CameraLink
from link.packet import PacketType, decoded
from link.transport.faults import Fault, FaultPlan, LinkFaults
from sensor_sim import DEMO_PROFILE
from tests.served_camera import CLIENT, QUICK, served_camera


@pytest.fixture
def faults() -> LinkFaults:
    return LinkFaults(FaultPlan("none"), 3)


@pytest.fixture
def stream(tmp_path: Path, faults: LinkFaults):
    with served_camera(tmp_path, profile=DEMO_PROFILE) as camera:
        camera.give_key()
        with CameraLink(faults.opener(camera.connect), CLIENT, patience=QUICK) as link:
            stream = WatchedStream(link, CLIENT, 20.0)
            stream.begin()
            assert stream.next() == 0
            yield stream
            stream.end()


def test_a_sound_stream_has_nothing_wrong_with_it(stream: WatchedStream) -> None:
    assert list(stream.counters(20)) == list(range(1, 21))
    found = (stream.verified, stream.false_frames, stream.repeated, stream.missed, stream.hangs, stream.boots)
    assert found == (21, 0, 0, 0, 0, 0)


def test_a_frame_that_is_not_the_models_is_false(stream: WatchedStream, monkeypatch: pytest.MonkeyPatch) -> None:
    right = watched.pattern_codes
    monkeypatch.setattr(watched, "pattern_codes", lambda *said: right(*said) ^ np.uint16(1))
    list(stream.counters(3))
    assert stream.false_frames == 3


def test_a_forged_frame_is_refused_and_its_gap_has_a_cause(stream: WatchedStream, faults: LinkFaults) -> None:
    faults.inject(Fault("packet-forge"), "to-host", where=lambda run: decoded(run).type == PacketType.DATA)
    list(stream.counters(12))
    assert (stream.missed, stream.explained, stream.false_frames) == (1, 1, 0)


def test_a_counter_that_comes_twice_and_a_gap_without_a_cause_are_seen(stream: WatchedStream) -> None:
    stream.last = 10**6  # as if a frame of that number had been let in
    stream.next()
    assert stream.repeated == 1
    list(stream.counters(10))
    stream.last -= 7
    before = stream.missed
    stream.next()
    assert (stream.missed - before, stream.explained) == (7, 0)


def test_a_jump_of_counters_is_another_boot_only_where_there_was_one(stream: WatchedStream) -> None:
    list(stream.counters(20))
    stream.last -= IN_FLIGHT + 5
    stream.next()
    assert (stream.boots, stream.missed) == (0, IN_FLIGHT + 5)


def test_a_stream_that_stands_still_is_a_hang_and_goes_on(stream: WatchedStream, faults: LinkFaults) -> None:
    stream._patience_s = 0.3
    faults.inject(Fault("stall", duration_s=2.5), "to-host")
    while stream.hangs == 0:
        stream.next()
    stream._patience_s = 20.0
    assert stream.next() is not None
