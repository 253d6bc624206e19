"""What the keyed ISP is timed against does the same work: one raster ISP is equal to it, the other near."""

from dataclasses import replace

import numpy as np
import pytest

from adc import Converter, Geometry, KeySchedule, readout
from benchmarks.isp import _PLAIN, BLACK_LEVEL_DN, _Held, _random_corrections, bench_isp
from benchmarks.opencv_isp import opencv_isp
from benchmarks.raster_isp import raster_isp
from inference.isp import IspSettings, isp

KINDS = (_PLAIN, replace(_PLAIN, demosaic="malvar", white_balance="grey-world"), replace(_PLAIN, output=(16, 24)))


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("settings", KINDS)
@pytest.mark.parametrize("cfa", ["rggb", "bggr", "grbg", "gbrg"])
def test_both_raster_isps_do_the_keyed_isps_work(cfa: str, settings: IspSettings, corrected: bool) -> None:
    geometry = Geometry(64, 96, 12, cfa)
    corrections = _random_corrections(geometry) if corrected else None
    frame_key = KeySchedule(bytes(32)).frame_key(1, geometry)
    held = _Held(np.random.default_rng(1).random(geometry.shape, dtype=np.float32))
    raw = readout(held, Converter(bits=12, black_level_dn=BLACK_LEVEL_DN), frame_key)
    keyed = isp(raw, frame_key, settings, corrections).restore()
    codes = raw.restore(frame_key)[..., 0]
    assert np.array_equal(raster_isp(codes, geometry, BLACK_LEVEL_DN, settings, corrections), keyed)
    if settings.demosaic == "bilinear":
        near = opencv_isp(codes, geometry, BLACK_LEVEL_DN, settings, corrections)
        inner = (slice(None), slice(1, -1), slice(1, -1))  # OpenCV repeats the pixels beside its edges
        # OpenCV rounds samples and light to 16 bits, some up to three times: 3 / 65535 of light, enlarged by white balance
        # times matrix (1.9 x 1.6) and by the curve's slope at black (12.92), is 1.8e-3.
        assert np.abs(near - keyed)[inner].max() < 1.8e-3


def test_the_table_has_a_row_for_every_operation_and_size() -> None:
    rows = bench_isp(sizes=((16, 24), (32, 48)), repeats=1)
    assert len(rows) == 12
    assert len({(row["operation"], row["height"], row["width"]) for row in rows}) == 12
    for row in rows:
        fastest_ms = min(row["raster_ms"], row["opencv_ms"] or row["raster_ms"])
        assert row["ratio"] == row["keyed_ms"] / fastest_ms > 0
        assert (row["opencv_ms"] is None) == ("malvar" in row["operation"])


def test_too_few_repeats_are_refused() -> None:
    with pytest.raises(ValueError, match="repeats = 0: allowed is 1 or more"):
        bench_isp(repeats=0)
