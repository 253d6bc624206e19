"""Charts are what their names say, pixel by pixel, and can be had by name."""

import numpy as np
import pytest

from sensor_sim.scene import (
    ChartSource,
    SceneError,
    colour_patches,
    grey_ramp,
    moving_bar,
    open_scene,
    slanted_edge,
    srgb_from_linear,
)
from sensor_sim.scene.charts import CHARTS, PATCHES_SRGB


@pytest.mark.parametrize("name", list(CHARTS))
def test_a_chart_is_chosen_by_its_name_and_may_be_gone_over_again(name: str) -> None:
    source = open_scene(f"chart:{name}")
    assert isinstance(source, ChartSource)
    scenes = list(source)
    assert len(scenes) == len(source) == (60 if name == "bar" else 1)
    for scene in scenes:
        assert scene.shape == (480, 640, 3)
        assert scene.dtype == np.float32
        assert 0 <= scene.min() <= scene.max() <= 1
    assert all(np.array_equal(one, other) for one, other in zip(scenes, source, strict=True))


def test_an_unknown_chart_lists_the_known_ones() -> None:
    with pytest.raises(SceneError, match=r"chart = star: there is no such chart; allowed is ramp, edge, patches, field, bar"):
        open_scene("chart:star")


def test_the_ramp_rises_in_even_steps_from_black_to_white() -> None:
    ramp = grey_ramp(2, 11)[0, :, 1]
    assert ramp == pytest.approx(np.arange(11) / 10, abs=1e-6)  # single precision


def test_the_patches_show_their_srgb_values_in_order() -> None:
    chart = srgb_from_linear(colour_patches(80, 120))
    shown = [tuple(chart[20 * row + 10, 20 * column + 10]) for row in range(4) for column in range(6)]
    assert shown == list(PATCHES_SRGB)


def test_the_edge_crosses_the_middle_at_its_angle_and_keeps_the_light_that_it_covers() -> None:
    edge = slanted_edge(101, 200, dark=0.0, bright=1.0, degrees=10.0)[..., 0]
    # The bright part of a row is what lies right of the edge: 100 less tan(10 deg) for every row below the middle.
    expected = 100 - np.tan(np.radians(10)) * (np.arange(101) - 50)
    assert edge.sum(axis=1, dtype=np.float64) == pytest.approx(expected, abs=1e-4)
    assert np.all(np.diff(edge, axis=1) >= 0)


@pytest.mark.parametrize("t_s", [0.0, 0.013, 0.37, 0.99])
def test_the_bar_moves_at_its_speed_and_runs_round(t_s: float) -> None:
    line = (moving_bar(2, 100, t_s, speed_px_per_s=300, bar_px=10)[0, :, 0] - 0.05) / 0.85
    assert line.sum() == pytest.approx(10, abs=1e-4)
    left = 300 * t_s % 100
    expected = [min(x + 1, left + 10) - max(x, left) for x in range(200)]
    assert line == pytest.approx(np.clip(expected, 0, 1).reshape(2, 100).sum(axis=0), abs=1e-5)
