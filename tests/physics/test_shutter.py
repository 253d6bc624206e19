"""A rolling shutter leans what moves by the lines that pass, a global one does not, and both blur over the exposure."""

from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, MovingScene, ReadoutFigures, SceneError, Sensor, SensorProfile
from sensor_sim.scene import moving_bar
from sensor_sim.shutter import skew_lines, whole_lines

LINE_S = 1e-5
SPEED_PX_PER_S = 20_000.0  # a fifth of a photosite a line
QUIET = replace(DEMO_PROFILE, cfa="mono", height=100, width=200, read_noise_e=0.0, shot_noise=False, peak_photons_per_s=1e6)
ROLLING = replace(QUIET, shutter="rolling", readout=ReadoutFigures(line_time_s=LINE_S))


def bar_centres(profile: SensorProfile, exposure_s: float, speed_px_per_s: float = SPEED_PX_PER_S) -> np.ndarray:
    """Where each row sees the middle of a bar of 20 photosites that starts at the 60th."""
    bar = MovingScene(lambda t_s: moving_bar(100, 200, t_s + 60 / speed_px_per_s, speed_px_per_s, 20.0), LINE_S)
    signal = Sensor(profile).expose(bar, exposure_s, 1).signal_v[..., 0].astype(float)
    light = signal - signal.min(axis=1, keepdims=True)
    return (light * (np.arange(200) + 0.5)).sum(axis=1) / light.sum(axis=1)


def test_the_skew_is_that_of_the_lines_between_two_rows() -> None:
    centres = bar_centres(ROLLING, LINE_S)
    # The bar's middle is at 70; during the first line it moves on by 0.2. Light in single precision: 1e-3 of a photosite.
    assert centres[0] == pytest.approx(70.1, abs=1e-3)
    assert centres - centres[0] == pytest.approx(np.arange(100) * LINE_S * SPEED_PX_PER_S, abs=2e-3)
    assert centres[-1] - centres[0] == pytest.approx(skew_lines(100, SPEED_PX_PER_S, LINE_S), abs=2e-3)


def test_a_global_shutter_does_not_lean() -> None:
    centres = bar_centres(QUIET, LINE_S)
    assert centres == pytest.approx(np.full(100, 70.1), abs=1e-3)


@pytest.mark.parametrize("profile", [QUIET, ROLLING])
def test_a_longer_exposure_blurs_by_the_way_that_the_scene_moves(profile: SensorProfile) -> None:
    bar = MovingScene(lambda t_s: moving_bar(100, 200, t_s + 60 / SPEED_PX_PER_S, SPEED_PX_PER_S, 20.0), LINE_S / 10)
    signal = Sensor(profile).expose(bar, 50 * LINE_S, 1).signal_v[0, :, 0].astype(float)
    # 50 lines carry the bar 10 photosites on: its border from 80 to 90 is a ramp, 0.9 at the near end and 0.05 at the far one.
    level = signal / signal[75]
    assert level[80:90] == pytest.approx(1 - (1 - 0.05 / 0.9) * (np.arange(10) + 0.5) / 10, abs=0.01)


def test_a_step_counts_with_the_part_that_a_row_s_exposure_covers() -> None:
    flash = MovingScene(lambda t_s: np.full((100, 200, 3), float(t_s > 30 * LINE_S), np.float32), 20 * LINE_S)
    signal = Sensor(ROLLING).expose(flash, 25 * LINE_S, 1).signal_v[:, 0, 0]
    # Steps of 20 lines: dark up to line 40 and lit from there on, as the second step's middle is still dark. Row r is open
    # from line r to line r + 25.
    expected = np.clip(np.arange(100) + 25 - 40, 0, 25) / 25
    assert signal / signal.max() == pytest.approx(expected, abs=1e-5)


def test_a_still_scene_is_the_same_for_every_shutter() -> None:
    still = np.random.default_rng(1).random((100, 200, 3), dtype=np.float32)
    moving = MovingScene(lambda _: still, 3e-5)
    signals = [Sensor(profile).expose(scene, 1e-4, 1).signal_v for profile in (QUIET, ROLLING) for scene in (still, moving)]
    # Weights of the steps sum to 1 in single precision.
    assert all(np.allclose(signal, signals[0], rtol=1e-5) for signal in signals)


def test_a_rolling_shutter_exposes_for_whole_lines() -> None:
    for wish_s, lines in ((1e-7, 1), (1.49e-5, 1), (1.51e-5, 2), (1e-3, 100)):
        assert whole_lines(wish_s, LINE_S) == lines
        assert Sensor(ROLLING).expose(np.zeros((100, 200, 3), np.float32), wish_s, 1).exposure_s == pytest.approx(lines * LINE_S)
    assert Sensor(QUIET).expose(np.zeros((100, 200, 3), np.float32), 1.234e-5, 1).exposure_s == 1.234e-5


def test_impossible_motion_is_refused() -> None:
    still = np.zeros((100, 200, 3), np.float32)
    for step_s in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=r"step_s = .*: allowed is above 0"):
            MovingScene(lambda _: still, step_s)
    with pytest.raises(ValueError, match=r"step_s = 1e-12: allowed is .* or more at this exposure"):
        Sensor(QUIET).expose(MovingScene(lambda _: still, 1e-12), 1e-3, 1)
    with pytest.raises(SceneError, match="scene = float64"):
        Sensor(QUIET).expose(MovingScene(lambda _: np.zeros((4, 4, 3)), 1.0), 1e-3, 1)  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match=r"line_time_s = 0.0: allowed is above 0 for a rolling shutter"):
        replace(QUIET, shutter="rolling")
