"""The timing model against arithmetic done by hand."""

import pytest

from adc import Geometry, LineTiming, ReadoutTiming

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


# 1080 rows and 45 blanking lines of 14.8 us: the 60 frames a second of the CEA-861 raster.
GIVEN = ReadoutTiming(Geometry(1080, 1920, 12), sample_rate_hz=1e9, lines=LineTiming(14.8e-6, blanking_lines=45))


def test_given_figures_set_line_time_and_frame_rate() -> None:
    assert GIVEN.line_time_s == 14.8e-6
    assert GIVEN.frame_time_s("full") == pytest.approx(1125 * 14.8e-6)
    assert GIVEN.frame_rate_hz("full") == pytest.approx(60.06, abs=0.005)
    assert GIVEN.frame_time_s("block") == pytest.approx((1080 * 240 + 45) * 14.8e-6)
    assert GIVEN.first_sample_s("full") == pytest.approx(1080 * 14.8e-6 + 1e-9)


def test_exposure_is_set_in_whole_lines() -> None:
    assert GIVEN.exposure_lines(10e-3) == 676  # 675.68 lines
    assert GIVEN.exposure_lines(1e-9) == 1
    assert GIVEN.exposure_s(676) == pytest.approx(676 * 14.8e-6)
    assert TIMING.exposure_lines(1e-3) == 200


def test_exposure_longer_than_a_frame_stretches_it() -> None:
    assert GIVEN.frame_rate_hz("full", exposure_s=1 / 100) == GIVEN.frame_rate_hz("full")
    assert GIVEN.frame_rate_hz("full", exposure_s=1 / 10) == pytest.approx(10)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("line_time_s", 0), ("line_time_s", float("nan")), ("line_time_s", float("inf")), ("blanking_lines", -1),
        ("blanking_lines", 1.5),
    ],
)  # fmt: skip
def test_impossible_lines_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} = "):
        LineTiming(**{"line_time_s": 1e-5, name: value})


def test_impossible_exposure_is_refused_by_name() -> None:
    for exposure_s in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="exposure_s = "):
            GIVEN.exposure_lines(exposure_s)
    for exposure_s in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="exposure_s = "):
            GIVEN.frame_rate_hz("full", exposure_s)
    for exposure_lines in (0, 1.5):
        with pytest.raises(ValueError, match="exposure_lines = "):
            GIVEN.exposure_s(exposure_lines)
