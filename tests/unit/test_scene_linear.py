"""sRGB and linear light: the standard's anchor points, and codes that survive the way there and back."""

import numpy as np
import pytest

from sensor_sim.scene import linear_from_srgb, srgb_from_linear


def test_every_code_survives_the_way_to_light_and_back() -> None:
    codes = np.arange(256, dtype=np.uint8)
    assert np.array_equal(srgb_from_linear(linear_from_srgb(codes)), codes)


def test_black_white_and_mid_grey_are_where_the_standard_puts_them() -> None:
    light = linear_from_srgb(np.array([0, 10, 128, 255], np.uint8))
    # IEC 61966-2-1 by hand: 10/255 is below the knee, hence over 12.92; 128/255 gives 0.21586.
    assert light.tolist() == pytest.approx([0, 10 / 255 / 12.92, 0.21586, 1], abs=1e-5)
    assert light.dtype == np.float32


def test_all_depths_mean_the_same_light() -> None:
    of_8 = linear_from_srgb(np.arange(256, dtype=np.uint8))
    assert np.allclose(linear_from_srgb(np.arange(256, dtype=np.uint16) * np.uint16(257)), of_8, atol=1e-6)
    assert np.allclose(linear_from_srgb(np.arange(256, dtype=np.float32) / np.float32(255)), of_8, atol=1e-6)


def test_light_outside_the_screen_s_range_is_clipped() -> None:
    assert srgb_from_linear(np.array([-1, 0, 1, 7], np.float32)).tolist() == [0, 0, 255, 255]


def test_another_dtype_is_refused() -> None:
    with pytest.raises(ValueError, match="encoded = int32: allowed is uint8, uint16 or float32"):
        linear_from_srgb(np.zeros(3, np.int32))
