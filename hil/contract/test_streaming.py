"""Streaming: whole verified frames at each geometry, credit kept, rates kept, parts sent again, and how fast it is."""

import time

import numpy as np
import pytest

from hil.artefacts import Artefacts
from hil.contract.geometries import GEOMETRIES, size_of
from hil.dut import Dut
from hil.wire import Wire
from inference.receiver import Receiver
from link.messages import FrameStart, Nack, Resend, message_of
from link.packet import PacketFlags, PacketType
from link.register import Value
from link.status import Status

pytestmark = pytest.mark.hil_feature("client")
FAST_HZ = 1000.0


def whole(value: Value) -> int:
    assert isinstance(value, int)
    return value


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_frames_of_the_sensor_come_whole_and_verified_at_each_geometry(dut: Dut, geometry: str) -> None:
    height, width = size_of(geometry, dut)
    dut.set(height=height, width=width, test_pattern="off", frame_rate_hz=FAST_HZ)
    frames = dut.take(3)
    counters = [raw.header.counter for raw in frames]
    assert counters == list(range(counters[0], counters[0] + 3))
    for raw in frames:
        assert (raw.header.geometry.height, raw.header.geometry.width) == (height, width)
        assert dut.raster(raw).shape == raw.header.geometry.shape
    assert dut.statistics["tag"] == 0


@pytest.mark.hil_feature("quiet-line")
@pytest.mark.parametrize("payload_bytes", [256, 1000, 1024, 4096, 8192])
def test_frames_come_in_packets_of_the_size_that_was_set(link: Wire, payload_bytes: int) -> None:
    (raw,) = link.stream(1, height=64, width=62, test_pattern="ramp", payload_bytes=payload_bytes)
    data = link.of_type(PacketType.DATA)
    sizes = [len(packet.payload) for packet in data if not packet.flags & PacketFlags.RESEND]
    assert set(sizes[:-1]) <= {payload_bytes}
    assert 1 <= sizes[-1] <= payload_bytes
    assert sum(sizes) == link.read("frame_bytes")
    assert [bool(packet.flags & PacketFlags.LAST) for packet in data] == [False] * (len(data) - 1) + [True]
    assert {packet.key_epoch for packet in data} == {raw.header.epoch & 255}
    link.set(payload_bytes=1024)


@pytest.mark.hil_feature("quiet-line")
def test_frame_numbers_and_counters_rise_by_one_from_what_hello_said(link: Wire) -> None:
    link.stream(4, height=32, width=32, test_pattern="ramp", frame_rate_hz=FAST_HZ)
    assert link.ack is not None
    starts = [(packet, message_of(packet)) for packet in link.of_type(PacketType.FRAME_START)]
    assert [packet.frame_id for packet, _ in starts] == [(link.ack.first_frame_id + n) % 2**32 for n in range(4)]
    said = [start for _, start in starts if isinstance(start, FrameStart)]
    assert [start.counter for start in said] == [said[0].counter + n for n in range(4)]
    assert {start.session for start in said} == {link.ack.session}
    times = [start.timestamp_ns for start in said]
    assert times == sorted(times)


def test_a_session_begins_without_credit_and_no_counter_is_used_in_vain(dut: Dut) -> None:
    dut.set(height=32, width=32, test_pattern="ramp", frame_rate_hz=200.0)
    first = dut.take(2)[-1].header.counter
    dropped = whole(dut.read("frames_dropped_credit"))
    with dut.frames() as frames:
        taken = next(frames)
        deadline_s = time.monotonic() + dut.board.scaled_s(5.0)
        while whole(dut.read("frames_dropped_credit")) <= dropped and time.monotonic() < deadline_s:
            time.sleep(0.02)  # nobody takes frames, so the credit runs out
        assert whole(dut.read("frames_dropped_credit")) > dropped
        following = [next(frames).header.counter for _ in range(6)]
    assert [taken.header.counter, *following] == list(range(following[0] - 1, following[0] + 6))
    assert taken.header.counter > first


@pytest.mark.hil_feature("quiet-line")
def test_without_credit_nothing_is_sent_and_whole_frames_are_counted(link: Wire) -> None:
    link.set(height=32, width=32, test_pattern="ramp", frame_rate_hz=200.0, settings_apply=1)
    size, dropped = whole(link.read("frame_bytes")), whole(link.read("frames_dropped_credit"))
    link.credit(2 * size + size - 1)  # one byte less than three frames
    link.set(stream_enable="on")
    assert link.wait(lambda: len(link.of_type(PacketType.FRAME_END)) >= 2, 5.0)
    assert not link.wait(lambda: len(link.of_type(PacketType.FRAME_START)) > 2, 0.1)
    assert whole(link.read("frames_dropped_credit")) > dropped
    link.credit(size)  # a lower limit than before is not looked at
    link.credit(3 * size)
    assert link.wait(lambda: len(link.of_type(PacketType.FRAME_END)) >= 3, 5.0)
    assert not link.wait(lambda: len(link.of_type(PacketType.FRAME_START)) > 3, 0.1)
    assert len(link.frames()) == 3


@pytest.mark.hil_feature("quiet-line")
def test_a_trigger_makes_one_frame_and_four_may_wait(link: Wire) -> None:
    link.set(height=32, width=32, test_pattern="ramp", trigger_mode="software", frame_rate_hz=FAST_HZ, settings_apply=1)
    link.credit(1 << 40)
    link.set(stream_enable="on")
    for number in range(1, 4):
        link.set(software_trigger=1)
        assert link.wait(lambda number=number: len(link.of_type(PacketType.FRAME_END)) >= number, 5.0)  # type: ignore[misc]
    assert not link.wait(lambda: len(link.of_type(PacketType.FRAME_START)) > 3, 0.1)
    link.set(stream_enable="off")
    link.set(trigger_mode="free_run")


@pytest.mark.hil_feature("quiet-line")
@pytest.mark.parametrize("parts", [Resend.START, Resend.END, Resend.START | Resend.END])
def test_what_is_asked_for_again_is_the_same_but_for_its_flag_and_number(link: Wire, parts: int) -> None:
    link.stream(1, height=64, width=64, test_pattern="ramp")
    frame = [each for each in link.heard if each.type in (PacketType.FRAME_START, PacketType.DATA, PacketType.FRAME_END)]
    link.heard.clear()
    resent = whole(link.read("packets_resent"))
    wanted = Resend(parts, ((1024, 2048),))
    link.tell(wanted, frame_id=frame[0].frame_id)
    count = 2 + parts.bit_count()
    assert link.wait(lambda: len([each for each in link.heard if each.flags & PacketFlags.RESEND]) >= count, 5.0)
    again = [each for each in link.heard if each.flags & PacketFlags.RESEND]
    for packet in again:
        before = next(each for each in frame if (each.type, each.offset) == (packet.type, packet.offset))
        assert packet.payload == before.payload
        assert packet.flags == before.flags | PacketFlags.RESEND
        assert packet.seq != before.seq
    assert {each.type for each in again} == {PacketType.DATA} | {
        kind for bit, kind in ((Resend.START, PacketType.FRAME_START), (Resend.END, PacketType.FRAME_END)) if parts & bit
    }
    assert whole(link.read("packets_resent")) == resent + count


@pytest.mark.hil_feature("quiet-line")
def test_a_frame_that_is_gone_is_refused_by_name(link: Wire) -> None:
    link.stream(1, height=32, width=32, test_pattern="ramp")
    assert link.ack is not None
    refused = whole(link.read("resends_refused"))
    seq = link.tell(Resend(Resend.END, ()), frame_id=(link.ack.first_frame_id + 1000) % 2**32)
    assert link.wait(lambda: any(each.seq == seq and each.type == PacketType.NACK for each in link.heard), 5.0)
    (nack,) = (message_of(each) for each in link.heard if each.seq == seq and each.type == PacketType.NACK)
    assert nack == Nack(Status.NO_FRAME)
    assert whole(link.read("resends_refused")) == refused + 1


def test_frames_are_those_of_the_model_whatever_the_sensor_sees(dut: Dut) -> None:
    """Light, not a pattern: the raster is that of a scene, no two frames share a mask, and restoring undoes both."""
    dut.set(height=64, width=64, test_pattern="off", frame_rate_hz=200.0)
    first, second = dut.take(2)
    assert not np.array_equal(first.samples, second.samples)
    rasters = [dut.raster(raw).astype(float) for raw in (first, second)]
    # The same scene twice: what differs is noise, which is small beside what a wrong order and mask would leave.
    spread = float(np.std(rasters[0] - rasters[1]))
    scrambled = float(np.std(first.samples.astype(float) - second.samples.astype(float)))
    assert spread < scrambled / 4


@pytest.mark.hil_feature("quiet-line")
def test_the_rate_is_kept_and_measured(dut: Dut, artefacts: Artefacts) -> None:
    dut.set(height=64, width=64, test_pattern="ramp", frame_rate_hz=25.0)
    with dut.frames() as frames:
        next(frames)
        began_s = time.monotonic()
        for _ in range(10):
            next(frames)
        rate_hz = 10 / (time.monotonic() - began_s)
    artefacts.figure("kept_rate_hz", rate_hz)
    assert rate_hz < 25.0 * 1.2  # of ten frames the first may come up to two frame times late: 10 / 8 at most


@pytest.mark.hil_feature("quiet-line")
def test_it_is_fast(dut: Dut, artefacts: Artefacts) -> None:
    height, width = size_of("whole", dut)
    dut.set(height=height, width=width, test_pattern="ramp", payload_bytes=8192, exposure_s=1e-4, frame_rate_hz=FAST_HZ)
    size = dut.frame_bytes()
    with dut.frames() as frames:
        next(frames)
        began_s, times_s = time.monotonic(), [0.0]
        for _ in frames:
            times_s.append(time.monotonic() - began_s)
            if times_s[-1] > 0.7 and len(times_s) > 2:
                break
    count, taken_s = len(times_s) - 1, times_s[-1]
    artefacts.note("throughput", {"time_s": times_s, "bytes": [number * size for number in range(count + 1)]})
    artefacts.figure("throughput_mb_per_s", count * size / taken_s / 1e6)
    artefacts.figure("frame_rate_hz", count / taken_s)
    artefacts.figure("frame_rate_limit_hz", float(dut.read("frame_rate_limit_hz")))
    assert count / taken_s <= 1.2 * float(dut.read("frame_rate_limit_hz")) + 4 / taken_s  # four may have waited
    dut.set(payload_bytes=1024, exposure_s=0.004)


@pytest.mark.hil_feature("quiet-line")
def test_from_trigger_to_verified_frame(link: Wire, artefacts: Artefacts) -> None:
    link.set(height=64, width=64, test_pattern="ramp", trigger_mode="software", frame_rate_hz=FAST_HZ, exposure_s=1e-4)
    link.set(settings_apply=1)
    link.credit(1 << 40)
    link.set(stream_enable="on")
    commands_ms, frames_ms = [], []
    for number in range(1, 21):
        began_s = time.monotonic()
        link.set(software_trigger=1)
        commands_ms.append(1e3 * (time.monotonic() - began_s))
        assert link.wait(lambda number=number: len(link.of_type(PacketType.FRAME_END)) >= number, 5.0)  # type: ignore[misc]
        frames_ms.append(1e3 * (time.monotonic() - began_s))
    for name, times in (("command", commands_ms), ("trigger_to_frame", frames_ms)):
        artefacts.figure(f"{name}_median_ms", float(np.median(times)))
        artefacts.figure(f"{name}_p95_ms", float(np.percentile(times, 95)))
    artefacts.note("trigger_to_frame_ms", frames_ms)
    artefacts.note("command_ms", commands_ms)
    link.set(stream_enable="off")
    link.set(trigger_mode="free_run", exposure_s=0.004)


def test_the_receiver_takes_no_frame_twice(dut: Dut) -> None:
    dut.set(height=32, width=32, test_pattern="ramp")
    (raw,) = dut.take(1)
    receiver = Receiver(dut.schedule)
    receiver.accept(raw)
    with pytest.raises(ValueError, match="replay"):
        receiver.accept(raw)
