"""Sampling twice removes reset noise and pixel offset, doubles the source follower's variance, and keeps dark charge."""

from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, DarkCurrent, PixelOffset, ResetNoise, Sensor, SensorProfile, SourceFollower
from sensor_sim.pixel_offset import apply_pixel_offset
from sensor_sim.reset_noise import apply_reset_noise
from sensor_sim.source_follower import apply_source_follower
from sensor_sim.streams import FrameStream, TemporalEffect

QUIET = replace(DEMO_PROFILE, cfa="mono", height=200, width=300, read_noise_e=0.0)
DARK_SCENE = np.zeros((200, 300, 3), np.float32)
CAPACITANCE_F = 1.6e-15


def dark_signal(profile: SensorProfile, seed: int = 1, exposure_s: float = 0.01) -> np.ndarray:
    return Sensor(profile, 1).expose(DARK_SCENE, exposure_s, seed).signal_v[..., 0].astype(float)


def test_reset_noise_is_that_of_a_capacitor_and_vanishes_with_the_second_sample() -> None:
    noisy = replace(QUIET, reset=ResetNoise(CAPACITANCE_F, cds=False))
    # sqrt(kT/C) at 300 K and 1.6 fF: 1.61 mV. Relative standard error of a standard deviation: 1/sqrt(2n); z = 4.
    expected_v = np.sqrt(1.380649e-23 * 300 / CAPACITANCE_F)
    assert dark_signal(noisy).std() == pytest.approx(expected_v, rel=4 / np.sqrt(2 * 60_000))
    assert not np.array_equal(dark_signal(noisy, 1), dark_signal(noisy, 2))
    assert not dark_signal(replace(QUIET, reset=ResetNoise(CAPACITANCE_F, cds=True))).any()


def test_reset_noise_grows_with_the_root_of_the_temperature() -> None:
    reset = ResetNoise(CAPACITANCE_F, cds=False)
    assert reset.noise_v(400.0) == pytest.approx(2 * reset.noise_v(100.0))


def test_the_source_follower_s_variance_is_doubled() -> None:
    follower = replace(QUIET, source_follower=SourceFollower(1e-3))
    once = dark_signal(replace(follower, reset=ResetNoise(cds=False)))
    twice = dark_signal(replace(follower, reset=ResetNoise(cds=True)))
    # Relative standard error of a variance: sqrt(2/n); z = 4.
    tolerance = 4 * np.sqrt(2 / once.size)
    assert once.var() == pytest.approx(1e-6, rel=tolerance)
    assert twice.var() == pytest.approx(2e-6, rel=tolerance)


def test_the_pixel_s_offset_is_fixed_and_cancels_but_for_its_residue() -> None:
    offset = replace(QUIET, offset=PixelOffset(spread_v=2e-3, residue_v=1e-4))
    single, sampled_twice = (replace(offset, reset=ResetNoise(cds=cds)) for cds in (False, True))
    assert np.array_equal(dark_signal(single, 1), dark_signal(single, 2))
    tolerance = 4 / np.sqrt(2 * 60_000)  # of a standard deviation; z = 4
    assert dark_signal(single).std() == pytest.approx(np.hypot(2e-3, 1e-4), rel=tolerance)
    assert dark_signal(sampled_twice).std() == pytest.approx(1e-4, rel=tolerance)
    assert sampled_twice.dsnu_e == pytest.approx(1.0)
    assert not dark_signal(replace(QUIET, offset=PixelOffset(spread_v=2e-3))).any()


def test_dark_charge_stays() -> None:
    dark = replace(QUIET, dark=DarkCurrent(1000.0, reference_k=300.0), shot_noise=False)
    for cds in (False, True):
        assert dark_signal(replace(dark, reset=ResetNoise(cds=cds)), exposure_s=0.1) == pytest.approx(100 * 1e-4)


def test_the_profile_states_the_temporal_noise_that_is_left() -> None:
    follower, reset = SourceFollower(1e-4), ResetNoise(CAPACITANCE_F, cds=False)
    noisy = replace(QUIET, read_noise_e=3.0, source_follower=follower, reset=reset)
    for profile in (noisy, replace(noisy, reset=replace(reset, cds=True))):
        tolerance = 4 / np.sqrt(2 * 60_000)  # of a standard deviation; z = 4
        assert dark_signal(profile).std() / 1e-4 == pytest.approx(profile.temporal_dark_noise_e, rel=tolerance)


def test_no_noise_changes_nothing() -> None:
    signal_v = np.ones((4, 5), np.float32)
    stream = FrameStream(1, TemporalEffect.RESET_NOISE)
    assert apply_reset_noise(signal_v, 0.0, stream) is signal_v
    assert apply_source_follower(signal_v, 0.0, stream) is signal_v
    assert np.array_equal(apply_pixel_offset(signal_v, np.zeros((4, 5), np.float32)), signal_v)


@pytest.mark.parametrize("value", [-1e-6, 1.1, float("nan"), float("inf")])
def test_impossible_figures_are_refused_by_name(value: float) -> None:
    for name, make in (
        ("noise_v", lambda: SourceFollower(value)),
        ("spread_v", lambda: PixelOffset(value, 0.0)),
        ("residue_v", lambda: PixelOffset(0.0, value)),
        ("capacitance_f", lambda: ResetNoise(value)),
    ):
        with pytest.raises(ValueError, match=rf"{name} = .*: allowed is 0 to"):
            make()
