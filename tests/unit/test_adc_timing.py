"""The timing model against arithmetic done by hand."""

import pytest

from adc import Geometry, ReadoutTiming

# 4096 periods of 1 GHz and 0.904 us to settle: 5 us a line.
TIMING = ReadoutTiming(Geometry(1080, 1920, 12), counter_clock_hz=1e9, row_settle_s=0.904e-6, sample_rate_hz=1e9)


def test_line_time_is_settling_and_one_ramp() -> None:
    assert TIMING.line_time_s == pytest.approx(5e-6)


def test_frame_time_is_that_of_the_lines_that_are_addressed() -> None:
    for order in ("raster", "row-column", "full"):
        assert TIMING.frame_time_s(order) == pytest.approx(1080 * 5e-6)
    assert TIMING.frame_time_s("block") == pytest.approx(1080 * 240 * 5e-6)


def test_slow_output_sets_the_frame_time() -> None:
    slow = ReadoutTiming(TIMING.geometry, sample_rate_hz=1e6)
    assert slow.frame_time_s("full") == pytest.approx(1080 * 1920 / 1e6)


def test_only_the_full_order_needs_a_frame_store() -> None:
    assert TIMING.frame_store_bytes("full") == 2 * 1080 * 1920 * 12 // 8
    assert TIMING.frame_store_bytes("raster") == TIMING.frame_store_bytes("row-column") == 2 * 1920 * 12 // 8
    assert TIMING.frame_store_bytes("block") == 2 * 8 * 12 // 8


def test_only_the_full_order_waits_for_the_whole_array() -> None:
    assert TIMING.first_sample_s("full") == pytest.approx(1080 * 5e-6 + 1e-9)
    for order in ("raster", "row-column", "block"):
        assert TIMING.first_sample_s(order) == pytest.approx(5e-6 + 1e-9)


@pytest.mark.parametrize("name", ["counter_clock_hz", "row_settle_s", "sample_rate_hz"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_impossible_timing_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        ReadoutTiming(Geometry(4, 4), **{name: value})


def test_unknown_order_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="order = 'spiral'"):
        TIMING.frame_time_s("spiral")
