"""Column FPN: spread as configured, fixed on the columns of the raster whatever key a frame was read out with."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import PAPER, RASTER, SECURE, ColumnConverter, Converter, Geometry, KeySchedule, readout
from adc.column_gain import ColumnGain
from adc.column_offset import ColumnOffset

LSB_V = 1 / 4096


@dataclass(frozen=True)
class Figures:
    column_offset_v: float = 0.0
    column_gain_percent: float = 0.0
    mode: str = "column_parallel"
    row_noise_v: float = 0.0
    inl_lsb: float = 0.0
    dnl_lsb: float = 0.0


@dataclass(frozen=True)
class Flat:
    """An exposure to even light, without any noise."""

    signal_v: NDArray[np.float32]
    frame_seed: int = 1
    optical_black_v: None = None
    exposure_s: float = 0.01
    temperature_k: float = 300.0


def flat(geometry: Geometry, level_v: float) -> Flat:
    return Flat(np.full(geometry.shape, level_v, np.float32))


def die(figures: Figures, width: int, seed: int = 1) -> ColumnConverter:
    return ColumnConverter.drawn(Converter(), figures, width, seed)


def test_spreads_are_the_configured_ones() -> None:
    width = 50_000
    offset_v = ColumnOffset(2e-3).offset_v(np.random.default_rng(1), width)
    gain = ColumnGain(0.8).gain(np.random.default_rng(2), width)
    # Relative standard error of a standard deviation over n columns: 1/sqrt(2(n-1)); of a mean: spread/sqrt(n); 4 of them.
    tolerance = 4 / np.sqrt(2 * (width - 1))
    assert offset_v.std() == pytest.approx(2e-3, rel=tolerance)
    assert gain.std() == pytest.approx(8e-3, rel=tolerance)
    assert abs(offset_v.mean()) < 4 * 2e-3 / np.sqrt(width)
    assert abs(gain.mean() - 1) < 4 * 8e-3 / np.sqrt(width)


@pytest.mark.parametrize("policy", [SECURE, PAPER, RASTER])
@pytest.mark.parametrize("mode", ["column_parallel", "random_access"])
def test_column_offset_lies_on_columns_of_the_raster_whatever_the_key(policy, mode: str) -> None:
    geometry = Geometry(30, 200)
    columns = die(Figures(column_offset_v=20 * LSB_V, mode=mode), geometry.width)
    schedule = KeySchedule(bytes(32), policy=policy)
    frames = [
        readout(flat(geometry, 0.25), columns, key).restore(key)
        for key in (schedule.frame_key(counter, geometry) for counter in range(2))
    ]
    assert np.array_equal(frames[0], frames[1])
    assert (frames[0] == frames[0][:1]).all()
    # 0.25 V is code 1024 above black; rounding takes half a code, single precision at 1100 codes 2**-13 of one, three times.
    expected_dn = 64 + 1024 + columns.offset_v / LSB_V
    assert np.abs(frames[0][0, :, 0] - expected_dn).max() < 0.5 + 3 * 2**-13
    assert frames[0].std() > 10


def test_column_gain_scales_the_signal_and_leaves_black_alone() -> None:
    geometry = Geometry(3, 400)
    columns = die(Figures(column_gain_percent=1.0), geometry.width)
    key = KeySchedule(bytes(32)).frame_key(0, geometry)
    dark, light = (readout(flat(geometry, level_v), columns, key).restore(key)[..., 0].astype(int) for level_v in (0.0, 0.5))
    assert (dark == 64).all()
    # 0.5 V is 2048 codes above black. Rounding and single precision as above.
    assert np.abs(light - (64 + 2048 * columns.gain)).max() < 0.5 + 3 * 2**-12
    assert light.std() > 10


def test_two_dies_have_patterns_of_their_own() -> None:
    width = 10_000
    one, other = (die(Figures(1e-3, 1.0), width, seed) for seed in (1, 2))
    # The correlation of independent maps of n columns has a standard error of 1/sqrt(n); 4 of them. So have offset and gain.
    for left, right in ((one.offset_v, other.offset_v), (one.gain, other.gain), (one.offset_v, one.gain)):
        assert abs(np.corrcoef(left, right)[0, 1]) < 4 / np.sqrt(width)
