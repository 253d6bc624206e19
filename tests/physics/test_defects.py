"""Defective photosites and columns are as many as configured, stay where they are, and do what their names say."""

from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, Defects, Sensor

PROFILE = replace(DEMO_PROFILE, cfa="mono", read_noise_e=0.0, shot_noise=False, temperature_k=333.15)
SITES = 256 * 256
EXPOSURE_S = PROFILE.default_exposure_s


def signal_e(defects: Defects, level: float, seed: int = 1, device_seed: int = 1) -> np.ndarray:
    scene = np.full((256, 256, 3), level, np.float32)
    exposure = Sensor(replace(PROFILE, defects=defects), device_seed).expose(scene, EXPOSURE_S, seed)
    return exposure.signal_v[..., 0].astype(float) / PROFILE.conversion_gain_v_per_e


def as_configured(count: int, percent: float, places: int = SITES) -> bool:
    # A binomial number; z = 4.
    share = percent / 100
    return abs(count - share * places) <= 4 * np.sqrt(share * (1 - share) * places)


def test_hot_photosites_leak_in_the_dark() -> None:
    dark = signal_e(Defects(hot_percent=1.0, hot_e_per_s=50_000.0), 0.0)
    hot = dark > 0
    assert as_configured(hot.sum(), 1.0)
    assert dark[hot] == pytest.approx(np.full(hot.sum(), 50_000 * EXPOSURE_S), rel=1e-5)


def test_cold_photosites_answer_in_part_and_not_in_the_dark() -> None:
    sound, cold = signal_e(Defects(), 0.5), signal_e(Defects(cold_percent=2.0, cold_response_percent=30.0), 0.5)
    touched = cold != sound
    assert as_configured(touched.sum(), 2.0)
    assert cold[touched] == pytest.approx(0.3 * sound[touched], rel=1e-5)
    assert not signal_e(Defects(cold_percent=2.0), 0.0).any()


def test_stuck_photosites_and_dead_columns_hold_a_level_whatever_the_light() -> None:
    defects = Defects(stuck_percent=1.0, column_percent=5.0)
    dark, lit = signal_e(defects, 0.0, seed=1), signal_e(defects, 0.9, seed=2)
    same = dark == lit
    columns = same.all(axis=0)
    assert as_configured(columns.sum(), 5.0, places=256)
    assert (np.ptp(lit[:, columns], axis=0) == 0).all()
    assert as_configured(same[:, ~columns].sum(), 1.0, places=256 * int((~columns).sum()))
    assert 0 <= lit[same].min() <= lit[same].max() <= PROFILE.full_well_e


def test_defects_stay_with_the_die_and_differ_between_dies() -> None:
    defects = Defects(0.5, 50_000.0, 0.5, 50.0, 0.5, 1.0)
    assert np.array_equal(signal_e(defects, 0.5, seed=1), signal_e(defects, 0.5, seed=2))
    assert not np.array_equal(signal_e(defects, 0.5, device_seed=1), signal_e(defects, 0.5, device_seed=2))


def test_one_kind_switched_off_leaves_the_others_in_their_places() -> None:
    all_kinds = Defects(0.5, 50_000.0, 0.5, 50.0, 0.5, 0.0)
    without_cold = signal_e(replace(all_kinds, cold_percent=0.0), 0.0)
    assert np.array_equal(signal_e(all_kinds, 0.0), without_cold)  # cold ones do not show in the dark


def test_no_defects_change_nothing() -> None:
    assert np.unique(signal_e(Defects(), 0.5)).size == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("hot_percent", -1.0), ("cold_percent", 51.0), ("stuck_percent", float("nan")), ("column_percent", 51.0),
     ("hot_e_per_s", -1.0), ("cold_response_percent", 101.0)],
)  # fmt: skip
def test_an_impossible_figure_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{field} = .*: allowed is 0"):
        Defects(**{field: value})
