"""A profile takes the figures that a sensor can have and refuses every other by name."""

from dataclasses import replace

import pytest

from sensor_sim import DEMO_PROFILE

NAN, INFINITE = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        *[(side, value) for side in ("height", "width") for value in (0, -2, 65536, 255, 2.5, NAN)],
        ("cfa", "xtrans"),
        *[("quantum_efficiency", (0.5, value, 0.5)) for value in (0.0, -0.1, 1.01, NAN)],
        ("quantum_efficiency", (0.5, 0.5)),
        *[
            (figure, value)
            for figure in ("peak_photons_per_s", "full_well_e", "conversion_gain_v_per_e")
            for value in (0.0, -1.0, NAN, INFINITE)
        ],
        ("full_well_e", 2**24 + 1),
        *[("conversion_gain_v_per_e", value) for value in (1e-10, 1.1)],
        *[("read_noise_e", value) for value in (-0.1, 10_001.0, NAN, INFINITE)],
        *[("temperature_k", value) for value in (20.0, 401.0, NAN)],
    ],
)
def test_an_impossible_figure_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"^{field} = .*: allowed is"):
        replace(DEMO_PROFILE, **{field: value})


def test_odd_sides_are_allowed_where_there_is_no_tile() -> None:
    assert replace(DEMO_PROFILE, cfa="mono", height=255, width=3).shape == (255, 3, 1)
    assert replace(DEMO_PROFILE, cfa="rgb", height=255, width=3).shape == (255, 3, 3)


def test_the_demonstration_s_figures_fit_each_other() -> None:
    assert DEMO_PROFILE.shape == (256, 256, 1)
    assert DEMO_PROFILE.full_well_e * DEMO_PROFILE.conversion_gain_v_per_e == pytest.approx(1.0)
    assert max(DEMO_PROFILE.white_signal_v(DEMO_PROFILE.default_exposure_s)) == pytest.approx(0.8)
    assert max(DEMO_PROFILE.white_signal_v(DEMO_PROFILE.full_well_exposure_s)) == pytest.approx(1.0)


def test_a_mono_array_needs_no_white_balance() -> None:
    assert replace(DEMO_PROFILE, cfa="mono").white_balance == (1, 1, 1)
