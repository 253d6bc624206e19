"""The converter: a ramp over its whole input range, clipping, and settings that no converter has."""

import numpy as np
import pytest

from adc import Converter


@pytest.mark.parametrize("bits", [7, 8, 10, 12, 16])
@pytest.mark.parametrize(("analog_gain", "black_level_dn"), [(1.0, 64.0), (3.7, 0.0), (0.5, 100.25)])
def test_ramp_hits_every_code_equally_often(bits: int, analog_gain: float, black_level_dn: float) -> None:
    converter = Converter(0.8, analog_gain, black_level_dn, bits)
    low_v, high_v = converter.input_range_v
    # 8 steps a code, each in the middle of its eighth: the nearest is 1/16 code from a code's edge, far from rounding.
    steps = (np.arange(8 * 2**bits) + 0.5) / (8 * 2**bits)
    ramp_v = low_v + steps * (high_v - low_v)
    assert np.array_equal(np.bincount(converter.convert(ramp_v), minlength=2**bits), np.full(2**bits, 8))


def test_zero_volts_are_the_black_level_and_one_step_is_one_code() -> None:
    converter = Converter(full_scale_v=1.0, analog_gain=2.0, black_level_dn=64, bits=12)
    assert converter.lsb_v == 1 / 4096 / 2
    signal_v = np.array([0, 0.49, 0.51, 1, 100], np.float32) * np.float32(converter.lsb_v)
    assert converter.convert(signal_v).tolist() == [64, 64, 65, 65, 164]


def test_over_range_is_clipped_on_both_sides() -> None:
    signal_v = np.array([-np.inf, -5, 5, np.inf], np.float32)
    assert Converter().convert(signal_v).tolist() == [0, 0, 4095, 4095]


def test_signal_that_is_not_a_number_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="signal_v = nan"):
        Converter().convert(np.array([0, np.nan], np.float32))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bits", 5), ("bits", 17), ("bits", float("nan")),
        ("full_scale_v", 0), ("full_scale_v", float("inf")), ("full_scale_v", float("nan")),
        ("analog_gain", -1), ("analog_gain", float("nan")),
        ("black_level_dn", -0.1), ("black_level_dn", 4096), ("black_level_dn", float("nan")),
    ],
)  # fmt: skip
def test_impossible_converter_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} = "):
        Converter(**{name: value})
