"""A host on links that damage, lose, repeat, forge, stall and vanish: what comes out is right, and what does not is counted."""

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from inference.receiver import FrameRefused, Receiver
from link.host import VERDICTS, CameraLink, Patience
from link.packet import PacketType, decoded
from link.transport.faults import Fault, LinkFaults, fault_plan
from tests.served_camera import CLIENT, QUICK, ServedCamera, schedule, served_camera

FRAMES = 60
LIMIT_S = 60.0


def is_type(kind: PacketType):
    return lambda between_zeros: decoded(between_zeros).type == kind


def received(link: CameraLink, count: int) -> list[int]:
    """The counters of that many verified frames; the link is told of every verdict."""
    receiver, counters = Receiver(schedule()), []
    deadline_s = time.monotonic() + LIMIT_S
    with link.frames() as frames:
        for raw in frames:
            assert time.monotonic() < deadline_s, "it takes too long"
            try:
                receiver.accept(raw)
            except FrameRefused as error:
                link.judged(error.cause)
                continue
            link.judged()
            counters.append(raw.header.counter)
            if len(counters) == count:
                return counters
    raise AssertionError("the stream ended")


def faulty_link(camera: ServedCamera, faults: LinkFaults, patience: Patience = QUICK) -> CameraLink:
    link = CameraLink(faults.opener(camera.connect), CLIENT, patience=patience)
    link.write("frame_rate_hz", 400.0)
    link.write("payload_bytes", 256)
    return link


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("plan", ["noise", "burst", "packets", "hostile", "flood", "harsh", "wrong-baud", "everything"])
def test_whatever_happens_frames_are_right_and_losses_are_counted(tmp_path: Path, plan: str, seed: int) -> None:
    with served_camera(tmp_path) as camera:
        camera.give_key()
        faults = LinkFaults(fault_plan(plan), seed)
        with faulty_link(camera, faults) as link:
            counters = received(link, FRAMES)
        assert counters == sorted(set(counters))
        outcomes, counted = link.statistics.outcomes, link.statistics.faults
        assert outcomes["frames_verified"] == FRAMES
        # A frame is verified, refused, lost or unused: each exactly once, and each loss has its cause beside it.
        judged = outcomes["frames_verified"] + sum(counted.get(verdict, 0) for verdict in VERDICTS)
        assert judged <= outcomes["frames_complete"] <= judged + outcomes["frames_unused"] + counted.get("overrun", 0)
        causes = ("timeout", "gone", "displaced", "cut_off", "malformed", "too_large", "scattered")
        assert outcomes["frames_lost"] <= sum(counted.get(cause, 0) for cause in causes)
        assert counted.get("auth", 0) == 0 or plan in ("hostile", "harsh", "everything")
    assert not [each for each in threading.enumerate() if each.name.startswith("keycam")]


def test_each_kind_of_fault_is_seen_as_what_it_is(tmp_path: Path) -> None:
    of_data = is_type(PacketType.DATA)
    kinds = {
        "packet-loss": {"gap"},
        "packet-duplicate": {"duplicate"},
        "packet-forge": {"tag"},
        "packet-truncate": {"gap"},
    }
    with served_camera(tmp_path) as camera:
        camera.give_key()
        for kind, expected in kinds.items():
            faults = LinkFaults(fault_plan("none"), 3)
            with faulty_link(camera, faults) as link:
                faults.inject(Fault(kind), "to-host", where=of_data)
                received(link, 4)
                struck = Counter(record.strike.fault.kind for record in faults.schedule.records)
            assert struck == {kind: 1}
            counted = set(link.statistics.faults) - {"crc", "cobs", "short"}
            assert counted == expected, kind


def test_a_frame_whose_end_is_lost_is_asked_for_and_comes_before_later_ones(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera:
        camera.give_key()
        faults = LinkFaults(fault_plan("none"), 3)
        with faulty_link(camera, faults) as link:
            for kind in (PacketType.FRAME_START, PacketType.FRAME_END):
                faults.inject(Fault("packet-loss"), "to-host", where=is_type(kind), times=2)
            assert received(link, 12) == list(range(12))
        assert link.statistics["frames_lost"] == 0
        assert link.statistics["resends_asked"] >= 2


def test_a_whole_frame_that_vanishes_is_asked_for(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera:
        camera.give_key()
        faults = LinkFaults(fault_plan("none"), 3)
        with faulty_link(camera, faults) as link:
            # Seven packets are a frame of 1152 bytes: its start, five of its samples, its end.
            faults.inject(Fault("packet-loss"), "to-host", where=lambda run: decoded(run).type >= PacketType.FRAME_START, times=7)
            assert received(link, 10) == list(range(10))


def test_lost_commands_answers_and_credit_cost_time_and_nothing_else(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera:
        camera.give_key()
        faults = LinkFaults(fault_plan("none"), 3)
        with faulty_link(camera, faults) as link:
            faults.inject(Fault("packet-loss"), "to-device", where=is_type(PacketType.WRITE))
            faults.inject(Fault("packet-loss"), "to-host", where=is_type(PacketType.ACK), times=2)
            faults.inject(Fault("packet-loss"), "to-device", where=is_type(PacketType.CREDIT), times=3)
            done = link.counters()["commands_done"]
            link.write("exposure_s", 0.002)
            assert link.counters()["commands_done"] == done + 2  # the write once, and reading the counters before
            assert link.counters()["commands_repeated"] == 2
            received(link, 10)
        assert link.statistics["command_repeated"] == 3
        assert link.statistics["frames_lost"] == 0


def test_a_port_that_vanishes_is_opened_again_and_frames_go_on(tmp_path: Path) -> None:
    with served_camera(tmp_path) as camera:
        camera.give_key()
        faults = LinkFaults(fault_plan("none"), 3)
        with faulty_link(camera, faults) as link, link.frames() as frames:
            receiver = Receiver(schedule())
            for place, raw in zip(range(12), frames, strict=False):
                receiver.accept(raw)
                if place == 5:
                    faults.inject(Fault("vanish", duration_s=0.3), "to-host")
            assert link.statistics["link_lost"] == 1
            assert link.statistics["device_reset"] == 0
