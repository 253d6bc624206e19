"""Row noise: new in every frame; on rows of the raster, or on runs of emission slots and then on no row at all."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import SECURE, ColumnConverter, Converter, Geometry, KeySchedule, RawFrame, ReadoutPolicy, RowNoise, readout

LSB_V = 1 / 4096
GEOMETRY = Geometry(512, 64)
SCHEDULE = KeySchedule(bytes(32), policy=SECURE)
KEY = SCHEDULE.frame_key(0, GEOMETRY)


@dataclass(frozen=True)
class Figures:
    mode: str
    row_noise_v: float = 40 * LSB_V
    column_offset_v: float = 0.0
    column_gain_percent: float = 0.0
    inl_lsb: float = 0.0
    dnl_lsb: float = 0.0


@dataclass(frozen=True)
class Flat:
    signal_v: NDArray[np.float32]
    frame_seed: int
    optical_black_v: None = None
    exposure_s: float = 0.01
    temperature_k: float = 300.0


def flat_frame(mode: str, frame_seed: int, key=KEY) -> RawFrame:
    columns = ColumnConverter.drawn(Converter(), Figures(mode), GEOMETRY.width, 1)
    return readout(Flat(np.full(GEOMETRY.shape, 0.5, np.float32), frame_seed), columns, key)


def test_lines_are_normal_with_the_configured_spread() -> None:
    lines = 200_000
    noise_v = RowNoise(3e-3).lines_v(11, lines).astype(float) / 3e-3
    # Standard errors over n normal numbers: mean 1/sqrt(n), standard deviation 1/sqrt(2n), third moment sqrt(15/n), fourth
    # sqrt(96/n), product of neighbours 1/sqrt(n); 4 of each.
    assert abs(noise_v.mean()) < 4 / np.sqrt(lines)
    assert noise_v.std() == pytest.approx(1, abs=4 / np.sqrt(2 * lines))
    assert abs((noise_v**3).mean()) < 4 * np.sqrt(15 / lines)
    assert (noise_v**4).mean() == pytest.approx(3, abs=4 * np.sqrt(96 / lines))
    assert abs((noise_v[1:] * noise_v[:-1]).mean()) < 4 / np.sqrt(lines)


def test_noise_of_a_line_depends_on_the_seed_and_its_number_only() -> None:
    noise = RowNoise(1e-3)
    assert np.array_equal(noise.lines_v(5, 40), noise.lines_v(5, 99)[:40])
    assert np.array_equal(RowNoise(2e-3).lines_v(5, 40), 2 * noise.lines_v(5, 40))
    assert not np.isin(noise.lines_v(6, 40), noise.lines_v(5, 40)).any()
    assert not RowNoise(0).lines_v(5, 40).any()


def test_column_parallel_noise_lies_on_the_rows_of_the_raster() -> None:
    frame = flat_frame("column_parallel", 1).restore(KEY)[..., 0]
    assert (frame == frame[:, :1]).all()
    rows = frame[:, 0].astype(float)
    # Over n rows: relative standard error 1/sqrt(2(n-1)), 4 of them. Rounding adds 1/12 to 1600, 3e-5 of the spread.
    assert rows.std(ddof=1) == pytest.approx(40, rel=4 / np.sqrt(2 * (GEOMETRY.height - 1)) + 3e-5)


@pytest.mark.parametrize("mode", ["column_parallel", "random_access"])
def test_noise_is_temporal_and_repeats_with_its_seed(mode: str) -> None:
    one, same, other = (flat_frame(mode, seed).restore(KEY)[..., 0].astype(float) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    lines = [frame[:, 0] if mode == "column_parallel" else frame.ravel()[KEY.order[:: GEOMETRY.width]] for frame in (one, other)]
    # The correlation of two independent sets of n numbers has a standard error of 1/sqrt(n); 4 of them.
    assert abs(np.corrcoef(*lines)[0, 1]) < 4 / np.sqrt(GEOMETRY.height)


def test_column_parallel_noise_is_the_same_under_every_key() -> None:
    other = SCHEDULE.frame_key(1, GEOMETRY)
    assert np.array_equal(flat_frame("column_parallel", 1).restore(KEY), flat_frame("column_parallel", 1, other).restore(other))


def test_random_access_noise_lies_on_emission_slots_and_leaves_no_row_pattern() -> None:
    raw = flat_frame("random_access", 1)
    lines = ((raw.samples[:, 0] - KEY.mask[:, 0]) & 4095).reshape(GEOMETRY.height, GEOMETRY.width)
    assert (lines == lines[:, :1]).all()
    assert lines[:, 0].std(ddof=1) == pytest.approx(40, rel=4 / np.sqrt(2 * (GEOMETRY.height - 1)) + 3e-5)
    restored = raw.restore(KEY)[..., 0].astype(float)
    # The W pixels of a row come from W lines drawn by the key, so row means have a variance of 1/W of the frame's, but for 1/H
    # as lines are used up. A variance over n rows has a relative standard error of sqrt(2/(n-1)); 4 of them. On rows it is W
    # times as much.
    expected = restored.var() / GEOMETRY.width
    tolerance = 4 * np.sqrt(2 / (GEOMETRY.height - 1)) + 1 / GEOMETRY.height
    assert restored.mean(axis=1).var(ddof=1) == pytest.approx(expected, rel=tolerance)


def test_in_raster_order_both_modes_are_one() -> None:
    key = KeySchedule(bytes(32), policy=ReadoutPolicy("raster")).frame_key(0, GEOMETRY)
    assert np.array_equal(flat_frame("random_access", 1, key).samples, flat_frame("column_parallel", 1, key).samples)
