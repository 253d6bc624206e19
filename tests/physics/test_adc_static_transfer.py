"""Static INL and DNL of the column converters, recovered by code density (IEEE 1241) as configured."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import ColumnConverter, Converter, StaticSpread, StaticTransfer

BITS = 10
CODES = 2**BITS
HITS = 32
CONVERTER = Converter(full_scale_v=0.8, black_level_dn=20.5, bits=BITS)
WIDTH = 6
# An even ramp with m hits a code tells an edge to 1/m code. Single precision adds 2**-24 of the range for each of 4 roundings
# of the level and for that of the signal, 5 * 2**-14 code, and the converter counts in steps of 2**-12 code.
EDGE_LSB = 1 / HITS + 5 * 2**-14 + 2**-12


@dataclass(frozen=True)
class Figures:
    inl_lsb: float = 0.0
    dnl_lsb: float = 0.0
    column_offset_v: float = 0.0
    column_gain_percent: float = 0.0
    mode: str = "column_parallel"
    row_noise_v: float = 0.0


def ramp_v() -> NDArray[np.float32]:
    """An even ramp from end to end of the ideal range, the same in every column, float32 (HITS * CODES, WIDTH, 1)."""
    low_v, high_v = CONVERTER.input_range_v
    steps = (np.arange(HITS * CODES) + 0.5) / (HITS * CODES)
    one_column = (low_v + steps * (high_v - low_v)).astype(np.float32)
    return np.repeat(one_column[:, None, None], WIDTH, axis=1)


def die(figures: Figures, seed: int = 1, *, monotonic: bool = True) -> ColumnConverter:
    return ColumnConverter.drawn(CONVERTER, figures, WIDTH, seed, monotonic=monotonic)


def edges_by_code_density(codes: NDArray[np.uint16]) -> NDArray[np.float64]:
    """T[1] to T[CODES - 1] of one column's ramp codes, in LSB: where code k is ideally from k - 1/2 to k + 1/2."""
    return np.bincount(codes, minlength=CODES)[:-1].cumsum() / HITS - 0.5


@pytest.mark.parametrize("figures", [Figures(3.0, 0.0), Figures(0.0, 0.5), Figures(2.0, 0.3), Figures(0.0, 2.0)])
def test_code_density_recovers_the_transition_levels(figures: Figures) -> None:
    columns = die(figures)
    codes = columns.convert(ramp_v())[..., 0]
    for column in range(WIDTH):
        expected_lsb = columns.transfer.transitions_lsb(column)
        assert np.abs(edges_by_code_density(codes[:, column]) - expected_lsb).max() <= EDGE_LSB
        assert np.abs(expected_lsb - (np.arange(1, CODES) - 0.5)).max() > 0.1


def test_the_shallowest_converter_has_a_reference_for_each_of_its_bits() -> None:
    shallow = replace(CONVERTER, bits=6, black_level_dn=1.5)
    columns = ColumnConverter.drawn(shallow, Figures(1.0, 0.3), WIDTH, 1)
    inside_v = 1e-3 * shallow.lsb_v  # a converter of 6 bits counts in steps of 2**-12 LSB: edges are exact to a fourth of this
    for column in range(WIDTH):
        codes = np.arange(1, 64)
        edges_v = columns.transitions_v(column)
        assert np.abs(columns.transfer.transitions_lsb(column) - (codes - 0.5)).max() > 0.1
        for around_v, expected in ((edges_v - inside_v, codes - 1), (edges_v + inside_v, codes)):
            signal_v = np.repeat(around_v.astype(np.float32)[:, None, None], WIDTH, axis=1)
            assert np.array_equal(columns.convert(signal_v)[:, column, 0], expected)


def test_codes_change_where_the_transition_voltages_say() -> None:
    columns = die(Figures(2.0, 0.3, column_offset_v=5e-3, column_gain_percent=1.0))
    inside_v = 2 * EDGE_LSB * CONVERTER.lsb_v
    for column in range(WIDTH):
        edges_v = columns.transitions_v(column)
        seen = []
        for around_v in (edges_v - inside_v, edges_v + inside_v):
            signal_v = np.zeros((edges_v.size, WIDTH, 1), np.float32)
            signal_v[:, column, 0] = around_v
            seen.append(columns.convert(signal_v)[:, column, 0])
        assert (seen[0] < np.arange(1, CODES)).all()
        assert (seen[1] >= np.arange(1, CODES)).all()


def test_bow_peaks_in_the_middle_with_its_own_height() -> None:
    columns = die(Figures(inl_lsb=4.0))
    codes = columns.convert(ramp_v())[..., 0]
    for column in range(WIDTH):
        inl_lsb = edges_by_code_density(codes[:, column]) - (np.arange(1, CODES) - 0.5)
        bow_lsb = float(columns.transfer.bow_lsb[column])
        assert 2.0 <= bow_lsb <= 4.0
        assert inl_lsb.max() == pytest.approx(bow_lsb, abs=EDGE_LSB)
        # The parabola is within an edge's error of its peak over n sqrt(error/height)/2 codes on each side.
        assert abs(inl_lsb.argmax() - CODES / 2) < CODES * np.sqrt(2 * EDGE_LSB / bow_lsb) / 2 + bow_lsb


def test_step_at_mid_scale_has_the_configured_spread() -> None:
    width = 4000
    weights = StaticSpread(BITS, 0.0, 0.15).weights(np.random.default_rng(4), width)
    transfer = StaticTransfer(BITS, np.zeros(width, np.float32), weights)
    middle = CODES // 2
    steps = []
    for column in range(width):
        edges = transfer.transitions_lsb(column)
        steps.append(edges[middle - 1] - edges[middle - 2] - 1)  # edges[0] is T[1]
    # Relative standard error of a standard deviation over n columns: 1/sqrt(2(n-1)); 4 of them. No step reaches -1, where a
    # code would be lost and the spread cut: that is 6.7 of its standard deviations away.
    assert np.std(steps) == pytest.approx(0.15, rel=4 / np.sqrt(2 * (width - 1)))
    assert abs(np.mean(steps)) < 4 * 0.15 / np.sqrt(width)


@pytest.mark.parametrize("figures", [Figures(column_offset_v=1e-12), Figures(inl_lsb=3.0, dnl_lsb=1.0)])
def test_end_codes_are_neither_empty_nor_half_as_wide(figures: Figures) -> None:
    columns = die(figures)
    codes = columns.convert(ramp_v())[..., 0]
    for column in range(WIDTH):
        hits = np.bincount(codes[:, column], minlength=CODES)
        # A bow a makes one end code wider by 4 a/n and the other narrower.
        tolerance = HITS * (4.1 * figures.inl_lsb / CODES + EDGE_LSB)
        assert hits[0] == pytest.approx(HITS, abs=tolerance)
        assert hits[-1] == pytest.approx(HITS, abs=tolerance)


def test_rounding_has_no_bias() -> None:
    columns = die(Figures(column_offset_v=1e-12))
    assert not columns.is_ideal
    signal_v = ramp_v()
    level_dn = signal_v.astype(float) / CONVERTER.lsb_v + CONVERTER.black_level_dn
    # The ramp is symmetric in every code, so its errors cancel but for the error of the edges; truncation would leave half a DN.
    assert abs((columns.convert(signal_v) - level_dn).mean()) <= EDGE_LSB


def test_transfer_is_static_and_each_die_has_its_own() -> None:
    figures = Figures(2.0, 0.5)
    codes, again, other = (die(figures, seed).convert(ramp_v()) for seed in (1, 1, 2))
    assert np.array_equal(codes, again)
    assert not np.array_equal(codes, other)
    assert not np.array_equal(codes[:, 0], codes[:, 1])


def test_search_loses_codes_and_never_falls_and_the_other_converter_falls() -> None:
    figures = Figures(dnl_lsb=3.0)
    searched, pipelined = (die(figures, monotonic=kind).convert(ramp_v())[..., 0].astype(int) for kind in (True, False))
    assert (np.diff(searched, axis=0) >= 0).all()
    assert min(np.bincount(searched[:, column], minlength=CODES).min() for column in range(WIDTH)) == 0
    assert (np.diff(pipelined, axis=0) < 0).any()
    with pytest.raises(ValueError, match="monotonic = False"):
        die(figures, monotonic=False).transfer.transitions_lsb(0)


def test_small_steps_lose_no_code_in_either_converter() -> None:
    # Without a step of 1 LSB or more both have the same edges: a code's width is 1 plus its step. Levels where the two decide
    # differently lie within a step of a coarse edge.
    figures = Figures(dnl_lsb=0.1)
    searched, pipelined = (die(figures, monotonic=kind).convert(ramp_v())[..., 0].astype(int) for kind in (True, False))
    for codes in (searched, pipelined):
        assert all(np.bincount(codes[:, column], minlength=CODES).min() > HITS / 2 for column in range(WIDTH))
    assert np.abs(searched - pipelined).max() <= 1
