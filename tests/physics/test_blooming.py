"""The charge above the full well runs over along the column, conserved up to what is drained."""

from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, Blooming, Sensor
from sensor_sim.blooming import apply_blooming, bloom

WELL = 1000.0


def spot(electrons: float, rows: int = 41, background: float = 0.0) -> np.ndarray:
    held = np.full((rows, 5), background, np.float32)
    held[rows // 2, 2] = electrons
    return held


def test_charge_is_conserved_up_to_the_drained_share() -> None:
    scene = np.random.default_rng(1).uniform(0, 1050, (60, 40)).astype(np.float32)
    scene[:5] = scene[-5:] = 100  # room enough that nothing leaves the array
    for drained_percent in (0.0, 40.0):
        held = apply_blooming(scene, WELL, Blooming(drained_percent))
        excess = np.maximum(scene - WELL, 0).sum(dtype=float)
        assert held.max() <= WELL
        # Sums of values up to 1000 in single precision.
        assert held.sum(dtype=float) == pytest.approx(scene.sum(dtype=float) - drained_percent / 100 * excess, rel=1e-6)


def test_a_spot_spreads_evenly_up_and_down_and_not_across() -> None:
    held = apply_blooming(spot(5000.0), WELL, Blooming(0.0))
    assert held[:, 2].tolist() == held[::-1, 2].tolist()
    assert held[18:23, 2].tolist() == [1000] * 5
    assert not held[:, [0, 1, 3, 4]].any()


def test_what_reaches_the_first_or_last_row_leaves_the_array() -> None:
    held = apply_blooming(spot(1e6, rows=5), WELL, Blooming(0.0))
    assert held[:, 2].tolist() == [1000] * 5


def test_a_complete_drain_is_the_full_well_alone() -> None:
    assert np.array_equal(
        apply_blooming(spot(5000.0, background=10), WELL, Blooming()), np.minimum(spot(5000.0, background=10), WELL)
    )


def test_nothing_above_the_well_changes_nothing() -> None:
    held = np.random.default_rng(1).uniform(0, WELL, (60, 40)).astype(np.float32)
    assert np.array_equal(apply_blooming(held, WELL, Blooming(0.0)), held)


@pytest.mark.parametrize("drained_percent", [0.0, 37.0, 99.0])
def test_the_kernel_equals_its_twin_bit_for_bit(drained_percent: float) -> None:
    electrons = np.random.default_rng(2).exponential(500, (70, 300)).astype(np.float32)
    electrons[:, 128:256] /= 100  # a block of columns without any excess
    expected = apply_blooming(electrons, WELL, Blooming(drained_percent))
    bloom(electrons, WELL, Blooming(drained_percent))
    assert np.array_equal(electrons, expected)


def test_the_shielded_rows_are_out_of_reach() -> None:
    profile = replace(DEMO_PROFILE, cfa="mono", read_noise_e=0.0, blooming=Blooming(0.0), optical_black_rows=4)
    exposure = Sensor(profile).expose(np.full((256, 256, 3), 5, np.float32), profile.default_exposure_s, 1)
    assert exposure.optical_black_v is not None
    assert not exposure.optical_black_v.any()


@pytest.mark.parametrize("drained_percent", [-0.1, 100.1, float("nan")])
def test_an_impossible_share_is_refused_by_name(drained_percent: float) -> None:
    with pytest.raises(ValueError, match=r"drained_percent = .*: allowed is 0 to 100"):
        Blooming(drained_percent)
