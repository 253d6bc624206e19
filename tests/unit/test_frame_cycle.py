"""What frame rate exposure, readout, frame store and link can carry, and never more bytes on the wire than reckoned."""

import os
from dataclasses import replace

import numpy as np
import pytest

from adc import RASTER, SECURE, FrameHeader, Geometry, LineTiming, RawFrame, ReadoutPolicy, ReadoutTiming
from firmware_model.cycle import CONTROL_BYTES, FrameCycle, on_the_wire_bytes, timing_of
from link.outgoing import OutgoingFrame
from link.packet import Packet, PacketType
from link.samples import SampleFormat
from sensor_sim import DEMO_PROFILE, load_profile

VGA = Geometry(480, 640, 12, "mono")


def cycle(**parts: object) -> FrameCycle:
    return FrameCycle(**{"timing": ReadoutTiming(VGA), "policy": SECURE, "sample_format": SampleFormat.P12,
                         "payload_bytes": 1024, **parts})  # fmt: skip


def test_the_slowest_stage_sets_the_rate() -> None:
    # 480 lines of 1 us + 4096 / 800 MHz; 460,800 bytes twice through 1.6 GB/s; 450 packets at 12 Mbaud.
    plain = cycle()
    assert plain.readout_s == pytest.approx(480 * 6.12e-6)
    assert plain.store_s == pytest.approx(2 * 460_800 / 1.6e9)
    assert plain.link_s == 0
    assert plain.limit(0.001) == "readout"
    assert plain.frame_rate_hz(0.001) == pytest.approx(1 / plain.readout_s)
    assert plain.limit(0.1) == "exposure"
    assert plain.frame_rate_hz(0.1) == pytest.approx(10)
    slow = cycle(baud=12_000_000)
    assert slow.limit(0.001) == "link"
    assert slow.frame_rate_hz(0.001) == pytest.approx(1.2e6 / slow.wire_bytes)
    assert cycle(store_bytes_per_s=1e8).limit(0.001) == "store"


def test_a_block_order_reads_out_more_slowly_and_a_sheets_line_time_counts() -> None:
    assert cycle(policy=ReadoutPolicy("block")).readout_s == pytest.approx(80 * cycle().readout_s)
    lines = ReadoutTiming(VGA, lines=LineTiming(10e-6, 20))
    assert cycle(timing=lines, policy=RASTER).readout_s == pytest.approx(500 * 10e-6)
    sheet = load_profile("machine-vision")
    geometry = Geometry(sheet.height, sheet.width, 12, "mono")
    assert timing_of(sheet, geometry).lines == LineTiming(5.3e-6, 42)
    assert timing_of(DEMO_PROFILE, geometry).lines is None
    assert timing_of(replace(DEMO_PROFILE), geometry).line_time_s == ReadoutTiming(geometry).line_time_s


@pytest.mark.parametrize("payload_bytes", [256, 1000, 1024, 8192])
@pytest.mark.parametrize("form", [SampleFormat.P12, SampleFormat.U16])
def test_a_frame_takes_no_more_of_the_wire_than_reckoned_and_hardly_less(payload_bytes: int, form: SampleFormat) -> None:
    geometry = Geometry(97, 101, 12, "mono")
    names = "x" * 64
    header = FrameHeader(device=names, client=names, counter=2**64 - 1, epoch=2**64 - 1, geometry=geometry, policy=SECURE,
                         black_level_dn=64, exposure_s=0.1, analog_gain=1.0, temperature_k=300.0)  # fmt: skip
    reckoned = cycle(timing=ReadoutTiming(geometry), payload_bytes=payload_bytes, sample_format=form).wire_bytes
    samples = np.random.default_rng(1).integers(0, 4096, (geometry.pixels, 1)).astype(np.uint16)
    for kind in (samples, np.full_like(samples, 0x101), np.zeros_like(samples)):
        raw = RawFrame(header, kind, os.urandom(16))
        frame = OutgoingFrame.of(raw, session=2**32 - 1, frame_id=2**32 - 1, timestamp_ns=2**64 - 1, sample_format=form)
        taken = sum(len(packet.encoded()) for packet in frame.packets(first_seq=2**31, payload_bytes=payload_bytes))
        assert taken <= reckoned
        # COBS needs a byte of 254 at most, and the control packets have what their names leave free.
        assert taken >= 0.985 * reckoned - CONTROL_BYTES


@pytest.mark.parametrize("payload_bytes", [1, 229, 230, 231, 256, 1024, 8192])
def test_the_most_that_a_packet_takes_is_reached_without_zeros(payload_bytes: int) -> None:
    worst = 0
    for seq in range(40):
        packet = Packet(PacketType.DATA, b"\xff" * payload_bytes, 0x101, 0x01010101 + seq, 0x01010101, 0x01010101, 1, 1)
        worst = max(worst, len(packet.encoded()))
    assert on_the_wire_bytes(payload_bytes) - 1 <= worst <= on_the_wire_bytes(payload_bytes)


@pytest.mark.parametrize(
    ("parts", "trouble"),
    [({"payload_bytes": 255}, "payload_bytes = 255: allowed is 256 to 8192"), ({"baud": 0}, "baud = 0: allowed is 1 or more"),
     ({"store_bytes_per_s": 0.0}, "store_bytes_per_s = 0.0: allowed is above 0")],
)  # fmt: skip
def test_figures_that_cannot_be_are_refused(parts: dict, trouble: str) -> None:
    with pytest.raises(ValueError) as refused:
        cycle(**parts)
    assert trouble in str(refused.value)


def test_an_exposure_that_cannot_be_is_refused() -> None:
    for exposure_s in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="exposure_s"):
            cycle().frame_rate_hz(exposure_s)
