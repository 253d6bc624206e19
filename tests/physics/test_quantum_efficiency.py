"""Quantum efficiency turns each colour's photons into its own share of electrons."""

import numpy as np
import pytest

from sensor_sim.quantum_efficiency import apply_quantum_efficiency

EFFICIENCY = (0.4, 0.6, 0.5)


def test_each_colour_has_its_own_share() -> None:
    electrons = apply_quantum_efficiency(np.full((4, 6, 3), 1000, np.float32), EFFICIENCY)
    assert electrons.dtype == np.float32
    # Single precision: 2**-24 relative for the share and for the product.
    assert electrons[2, 3].tolist() == pytest.approx([400, 600, 500], rel=2**-22)


def test_one_colour_of_light_makes_no_electrons_of_another() -> None:
    photons = np.zeros((4, 6, 3), np.float32)
    photons[..., 1] = 1000
    electrons = apply_quantum_efficiency(photons, EFFICIENCY)
    assert not electrons[..., [0, 2]].any()


def test_darkness_stays_dark() -> None:
    assert not apply_quantum_efficiency(np.zeros((4, 6, 3), np.float32), EFFICIENCY).any()
