"""Each photosite collects the colour of its filter, for every array."""

import numpy as np
import pytest

from sensor_sim.cfa import mosaic

COLOURS = np.random.default_rng(1).uniform(1, 100, (6, 8, 3)).astype(np.float32)


@pytest.mark.parametrize("cfa", ["rggb", "bggr", "grbg", "gbrg"])
def test_a_bayer_photosite_collects_the_colour_of_its_place_in_the_tile(cfa: str) -> None:
    collected = mosaic(COLOURS, cfa)
    assert collected.shape == (6, 8, 1)
    for y in range(6):
        for x in range(8):
            assert collected[y, x, 0] == COLOURS[y, x, "rgb".index(cfa[2 * (y % 2) + x % 2])]


def test_a_mono_photosite_collects_all_colours() -> None:
    collected = mosaic(COLOURS, "mono")
    assert collected.shape == (6, 8, 1)
    # Two additions in single precision.
    assert np.allclose(collected[..., 0], COLOURS.astype(np.float64).sum(axis=2), rtol=2**-22)


def test_an_rgb_photosite_has_three_samples() -> None:
    assert np.array_equal(mosaic(COLOURS, "rgb"), COLOURS)


@pytest.mark.parametrize("shape", [(5, 8, 3), (6, 7, 3)])
def test_a_bayer_array_with_an_odd_side_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"electrons = .*: allowed is even sides"):
        mosaic(np.zeros(shape, np.float32), "rggb")


def test_an_unknown_array_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"cfa = xtrans: allowed is mono, rgb, rggb, bggr, grbg, gbrg"):
        mosaic(COLOURS, "xtrans")
