"""Golden frames: in test-pattern mode a board's frames equal those of the model to the bit."""

import numpy as np
import pytest

from adc import CFA_NAMES
from firmware_model.test_patterns import TEST_PATTERNS, TestPattern, pattern_codes
from hil.contract.geometries import GEOMETRIES, size_of
from hil.dut import Dut
from hil.golden import golden_frame
from link.samples import SampleFormat

pytestmark = pytest.mark.hil_feature("client")
PATTERNS = TEST_PATTERNS[1:]


def formats_of(dut: Dut) -> list[str]:
    """The sample formats that have room for the board's depth."""
    bits = dut.read("bits")
    assert isinstance(bits, int)
    return [form.name.lower() for form in SampleFormat if form.most_bits >= bits]


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_frames_of_a_pattern_equal_the_models(dut: Dut, pattern: TestPattern, geometry: str) -> None:
    height, width = size_of(geometry, dut)
    form = formats_of(dut)[(len(geometry) + len(pattern)) % len(formats_of(dut))]
    dut.set(height=height, width=width, sample_format=form, test_pattern=pattern, frame_rate_hz=200.0)
    frames = dut.take(2)
    for raw in frames:
        expected = golden_frame(pattern, raw, dut.schedule)
        np.testing.assert_array_equal(raw.samples, expected.samples)
        assert (raw.tag, raw.header) == (expected.tag, expected.header)
        np.testing.assert_array_equal(dut.raster(raw), pattern_codes(pattern, raw.header.geometry, raw.header.counter))
    first, second = (raw.samples for raw in frames)
    assert first.size < 64 or not np.array_equal(first, second), "two frames in the same order under the same mask"


@pytest.mark.parametrize("form", [each.name.lower() for each in SampleFormat])
def test_every_sample_format_carries_the_same_frames(dut: Dut, form: str) -> None:
    if form not in formats_of(dut):
        with pytest.raises(Exception, match="BAD_VALUE"):
            dut.write("sample_format", form)
        return
    dut.set(height=34, width=38, sample_format=form, test_pattern="walking", frame_rate_hz=200.0)
    assert dut.frame_bytes() in (34 * 38 * 2, 34 * 38 * 3 // 2, 34 * 38) or dut.read("cfa") == "rgb"
    (raw,) = dut.take(1)
    assert raw.tag == golden_frame("walking", raw, dut.schedule).tag


def test_a_header_says_what_the_registers_say(dut: Dut) -> None:
    dut.set(height=48, width=64, test_pattern="checker", exposure_s=0.003)
    (raw,) = dut.take(1)
    header, key = raw.header, dut.board.keys.client
    assert key is not None
    assert (header.device, header.client, header.epoch) == (dut.read("device_name"), key.client, key.epoch)
    assert (header.geometry.height, header.geometry.width) == (48, 64)
    assert (header.geometry.bits, header.geometry.cfa) == (dut.read("bits"), dut.read("cfa"))
    assert header.geometry.cfa in CFA_NAMES
    assert header.black_level_dn == dut.read("black_level_dn")
    assert header.analog_gain == dut.read("analog_gain")
    assert header.temperature_k == dut.read("temperature_k")
    # A rolling shutter takes exposures in whole lines, so it may be a little off what was asked for.
    assert header.exposure_s == pytest.approx(0.003, rel=0.05)


def test_a_golden_frame_is_that_of_its_pattern_alone(dut: Dut) -> None:
    """The comparison above can fail: another pattern, or another counter, gives another frame."""
    dut.set(height=34, width=38, test_pattern="ramp")
    first, second = dut.take(2)
    assert golden_frame("ramp", first, dut.schedule).tag == first.tag
    assert golden_frame("walking", first, dut.schedule).tag != first.tag
    assert golden_frame("ramp", second, dut.schedule).tag != first.tag
