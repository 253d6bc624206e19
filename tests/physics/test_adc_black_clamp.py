"""The black-level clamp: black lies at its nominal code whatever the dark level, to a fraction of a DN."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import ColumnConverter, Converter, Geometry, KeySchedule, readout

LSB_V = 1 / 4096
GEOMETRY = Geometry(128, 512)
BLACK_ROWS = 64
KEY = KeySchedule(bytes(32)).frame_key(0, GEOMETRY)
NOISE_DN = 2.0


@dataclass(frozen=True)
class Figures:
    column_offset_v: float = 0.0
    mode: str = "column_parallel"
    column_gain_percent: float = 0.0
    row_noise_v: float = 0.0
    inl_lsb: float = 0.0
    dnl_lsb: float = 0.0


@dataclass(frozen=True)
class Dark:
    signal_v: NDArray[np.float32]
    optical_black_v: NDArray[np.float32] | None
    frame_seed: int = 1
    exposure_s: float = 0.01
    temperature_k: float = 300.0


def dark_dn(drift_dn: float, columns: ColumnConverter, black_rows: int = BLACK_ROWS) -> float:
    """Mean code of a dark frame whose dark level, everywhere on the die, has drifted."""
    noisy = np.random.default_rng(3).normal(drift_dn, NOISE_DN, (GEOMETRY.height + black_rows, GEOMETRY.width, 1))
    signal_v = (noisy * LSB_V).astype(np.float32)
    held = Dark(signal_v[black_rows:], signal_v[:black_rows] if black_rows else None)
    return float(readout(held, columns, KEY).restore(KEY).mean())


def die(figures: Figures, black_level_dn: float = 64.0, *, clamp: bool = True) -> ColumnConverter:
    return ColumnConverter.drawn(Converter(black_level_dn=black_level_dn), figures, GEOMETRY.width, 1, clamp=clamp)


# Standard error of a mean over n codes: sqrt(2**2 + 1/12)/sqrt(n) DN; the clamp's and the frame's add in squares; 4 of them are
# 0.055 DN. A clamp that drops the fraction would miss by up to 0.5 or 1.
TOLERANCE_DN = 4 * np.sqrt((NOISE_DN**2 + 1 / 12) * (1 / (BLACK_ROWS * 512) + 1 / (128 * 512)))


@pytest.mark.parametrize("drift_dn", [-20.5, 0.0, 0.25, 0.5, 0.75, 33.3])
@pytest.mark.parametrize("black_level_dn", [64.0, 100.4])
@pytest.mark.parametrize("column_offset_v", [0.0, 3 * LSB_V])
def test_drift_of_the_dark_level_is_removed_to_a_fraction(drift_dn: float, black_level_dn: float, column_offset_v: float) -> None:
    # The same columns convert both, so their offsets cancel: the pattern's mean is in the clamp too.
    assert dark_dn(drift_dn, die(Figures(column_offset_v), black_level_dn)) == pytest.approx(black_level_dn, abs=TOLERANCE_DN)


def test_without_clamp_or_without_black_rows_the_drift_stays() -> None:
    tolerance = 4 * np.sqrt((NOISE_DN**2 + 1 / 12) / (128 * 512))
    assert dark_dn(33.3, die(Figures(), clamp=False)) == pytest.approx(64 + 33.3, abs=tolerance)
    assert dark_dn(33.3, die(Figures()), black_rows=0) == pytest.approx(64 + 33.3, abs=tolerance)


def test_clamp_moves_black_and_not_the_gain() -> None:
    columns = die(Figures(1e-9))  # not ideal, though no code shows it
    low, high = (
        readout(
            Dark(np.full(GEOMETRY.shape, level_v, np.float32), np.full((4, 512, 1), 10 * LSB_V, np.float32)), columns, KEY
        ).restore(KEY)
        for level_v in (10 * LSB_V, 1010 * LSB_V)
    )
    assert (low == 64).all()
    assert (high == 1064).all()
