"""A photosite holds its full well and no more."""

import numpy as np

from sensor_sim.full_well import apply_full_well


def test_the_well_cuts_what_exceeds_it_and_keeps_the_rest() -> None:
    held = apply_full_well(np.array([0, 1, 9_999, 10_000, 10_001, 1e9], np.float32), 10_000.0)
    assert held.tolist() == [0, 1, 9_999, 10_000, 10_000, 10_000]
    assert held.dtype == np.float32


def test_a_saturated_array_has_no_noise_left() -> None:
    electrons = np.random.default_rng(1).poisson(20_000, (50, 60)).astype(np.float32)
    assert apply_full_well(electrons, 10_000.0).var() == 0
