"""The harness's own parts: what they would miss, a broken board could do."""

import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import SECURE, KeySchedule, RawFrame
from firmware_model import Camera
from firmware_model.assembly import converter_of
from firmware_model.device_faults import DeviceFaults
from firmware_model.fault_socket import FaultSocket
from hil.artefacts import Artefacts
from hil.awake import MOST_STEP_S, AwakeClock, AwakeTimer
from hil.decoded_log import described, write_log
from hil.golden import golden_frame
from hil.infrastructure import InfrastructureError, is_infrastructure
from hil.side_door import SideDoor
from hil.strikes import DEVICE_FAULTS, SLOW, TIMELY, has_changed, rows_for
from hil.sweep import MOST_GROWTH_MB, _trouble
from link.host import CameraSilent
from link.messages import Ack, Read
from link.packet import Packet, PacketFlags, PacketType
from link.transport import Capture, LinkLost, PortError, transport_pair
from link.transport.faults import KINDS, Fault, FaultPlan, LinkFaults
from sensor_sim import Sensor
from tests.scripted_host import SMALL

SCHEDULE = KeySchedule(bytes(range(32)), device="door", client="host", policy=SECURE)


def pattern_frame(pattern: str = "ramp") -> RawFrame:
    """What a camera emits of a pattern."""
    with Camera(Sensor(SMALL, 7), converter_of(SMALL, 7), SCHEDULE, iter(range(5, 9)), exposure_s=0.01) as camera:
        return camera.capture_pattern(pattern)  # type: ignore[arg-type]


def test_a_golden_frame_is_the_cameras_and_nothing_but_it() -> None:
    raw = pattern_frame()
    golden = golden_frame("ramp", raw, SCHEDULE)
    assert golden.tag == raw.tag
    np.testing.assert_array_equal(golden.samples, raw.samples)
    assert golden_frame("checker", raw, SCHEDULE).tag != raw.tag
    other = KeySchedule(bytes(range(1, 33)), device="door", client="host", policy=SECURE)
    assert golden_frame("ramp", raw, other).tag != raw.tag
    warmer = replace(raw, header=replace(raw.header, temperature_k=301.0))
    assert golden_frame("ramp", warmer, SCHEDULE).tag != raw.tag


def raised(error: Exception, cause: Exception | None = None) -> BaseException:
    try:
        raise error from cause
    except Exception as caught:
        return caught


def test_errors_of_the_set_up_are_told_from_failures_of_the_board() -> None:
    for error in (InfrastructureError("x"), LinkLost("x"), PortError("x")):
        assert is_infrastructure(error)
        assert is_infrastructure(raised(RuntimeError("y"), error))
        assert is_infrastructure(raised(CameraSilent("it did not come back"), raised(RuntimeError("z"), error)))
    for error in (CameraSilent("nothing answers"), AssertionError("x"), OSError("x"), ValueError("x")):
        assert not is_infrastructure(error)
    try:
        try:
            raise LinkLost("x")
        except LinkLost:
            raise AssertionError("meanwhile")  # noqa: B904  # the context is what this looks at
    except AssertionError as caught:
        assert is_infrastructure(caught)
    assert not is_infrastructure(raised(AssertionError("a test that expected it"), None))


def test_an_awake_clock_leaves_out_what_was_slept_through(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    clock = AwakeClock()
    for step, expected in ((0.1, 0.1), (50.0, 0.1 + MOST_STEP_S), (0.2, 0.3 + MOST_STEP_S)):
        now[0] += step
        assert clock.now_s() == pytest.approx(expected)


def test_an_awake_timer_does_its_work_once_or_not_at_all() -> None:
    done = threading.Event()
    timer = AwakeTimer(0.0, done.set)
    assert done.wait(10)
    timer.cancel()
    done.clear()
    cancelled = AwakeTimer(60.0, done.set)
    cancelled.cancel()
    assert not done.is_set()
    assert not [each for each in threading.enumerate() if each.name == "hil-timer"]


def test_a_capture_is_decoded_to_what_was_said_and_damaged(tmp_path: Path) -> None:
    read = Read(0xA300, 4).packet(seq=7, flags=PacketFlags.ACK_REQ)
    data = Packet(PacketType.DATA, bytes(300), PacketFlags.LAST, seq=9, frame_id=77, offset=1024)
    sealed = Packet(PacketType.WRITE, b"secret" * 5, PacketFlags.ACK_REQ | PacketFlags.ENC, seq=8)
    with Capture(tmp_path / "link.pcapng", "here") as capture:
        capture.add("written", read.encoded()[:5])
        capture.add("written", read.encoded()[5:])
        capture.add("read", data.encoded() + b"\1\1\1\0")
        capture.add("written", sealed.encoded())
        capture.add("read", Packet(0x77, b"later", seq=3).encoded() + Packet(PacketType.NACK, b"\1", seq=4).encoded())
    write_log(tmp_path / "link.pcapng", tmp_path / "log")
    lines = [line[11:] for line in (tmp_path / "log").read_text().splitlines()]
    assert lines[0] == "-> READ seq=7 ACK_REQ Read(address=41728, length_bytes=4)"
    assert lines[1] == "<- DATA seq=9 LAST frame=77 offset=1024 300 bytes"
    assert lines[2].startswith("<- damaged: ")
    assert lines[3] == "-> WRITE seq=8 ACK_REQ|ENC 46 bytes sealed".replace("46", "30")
    assert lines[4] == "<- type 77 seq=3 5 bytes"
    assert lines[5].startswith("<- NACK seq=4 malformed: payload = 1 bytes")
    assert len(described(Packet(PacketType.EVENT, b"\1\0" + bytes(12) + b"\xa0" + b"x" * 160))) < 300


def test_artefacts_of_an_earlier_run_are_replaced_and_seeds_follow_from_run_and_test(tmp_path: Path) -> None:
    for _ in range(2):
        kept = Artefacts(tmp_path / "a", "test_a", 1)
        host, device = transport_pair()
        opened = kept.captured(lambda host=host: host)()  # type: ignore[misc]
        device.write(Ack().packet(seq=5).encoded())
        assert opened.read(1.0)
        kept.figure("speed_hz", 2.5)
        kept.close({"target": "sim"})
        device.close()
        opened.close()
        assert (tmp_path / "a" / "packets.log").read_text().count("\n") == 1
    assert '"speed_hz": 2.5' in (tmp_path / "a" / "statistics.json").read_text()
    seeds = {Artefacts(tmp_path / "b", test, seed).seed for test in ("test_a", "test_b") for seed in (1, 2)}
    assert len(seeds) == 4
    assert Artefacts(tmp_path / "b", "test_a", 1).seed == kept.seed


def test_a_side_door_is_asked_and_one_that_is_shut_is_the_set_ups_fault(tmp_path: Path) -> None:
    faults = DeviceFaults(1)
    door = SideDoor(tmp_path / "door")
    with pytest.raises(InfrastructureError, match="side_door = "):
        door.ask({})
    with FaultSocket(tmp_path / "door", faults):
        assert door.ask({"fault": "worn_flash"})["worn_flash"] == 1
        assert faults.is_on("worn_flash")
        with pytest.raises(ValueError, match="allowed is"):
            door.ask({"fault": "earthquake"})
    with socket.socket(socket.AF_UNIX) as deaf:  # a socket behind which nobody talks JSON
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen(1)
        answering = threading.Thread(target=lambda: deaf.accept()[0].close())
        answering.start()
        with pytest.raises(InfrastructureError):
            SideDoor(tmp_path / "deaf").ask({})
        answering.join()


@pytest.mark.parametrize("count", [1, 100, 10_000])
def test_the_rows_of_a_sweep_add_up_to_what_is_wanted_and_leave_no_kind_out(count: int) -> None:
    rows = rows_for(count, with_device=True)
    assert {row.name for row in rows} == set(KINDS) | {name for name, _ in DEVICE_FAULTS}
    assert sum(row.count for row in rows if row.name not in TIMELY) >= count
    assert all(row.count >= 1 for row in rows)
    assert not {row.name for row in rows_for(count, with_device=False)} - set(KINDS)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SLOW])
def test_faults_that_change_something_count_as_such(kind: str) -> None:
    trait = KINDS[kind]  # type: ignore[index]
    fault = Fault(kind, size_bytes=300 if trait.has_size else 0)  # type: ignore[arg-type]
    faults = LinkFaults(FaultPlan("one"), 3)
    faults.inject(fault, "to-host")
    way = faults.ways["to-host"]
    for seq in range(12):
        way.feed(Packet(PacketType.DATA, bytes([seq]) * 200, seq=seq).encoded())
    way.release()
    faults.close()
    (record,) = faults.schedule.records
    assert has_changed(record)


def test_a_sweep_says_what_is_wrong_with_it() -> None:
    well = {
        "changed": 100, "false": 0, "repeated": 0, "silent": 0, "hangs": 0, "worst_recovery_frames": 2, "memory_growth_mb": 1.0,
    }  # fmt: skip
    assert list(_trouble(well, 100)) == []
    for name, value in (
        ("changed", 99), ("false", 1), ("repeated", 1), ("silent", 1), ("hangs", 1), ("worst_recovery_frames", 3),
        ("memory_growth_mb", MOST_GROWTH_MB + 1),
    ):  # fmt: skip
        assert len(list(_trouble({**well, name: value}, 100))) == 1
