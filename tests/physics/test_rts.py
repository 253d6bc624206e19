"""Photosites with a trap jump between two values, or three where they are sampled twice; the others never do."""

from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, ResetNoise, Rts, Sensor

PROFILE = replace(DEMO_PROFILE, cfa="mono", read_noise_e=0.0, rts=Rts(5.0, 1e-3))
DARK = np.zeros((256, 256, 3), np.float32)


def frames(cds: bool, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    sensor = Sensor(replace(PROFILE, reset=ResetNoise(cds=cds)), 1)
    signal = np.stack([sensor.expose(DARK, 0.01, seed).signal_v[..., 0] for seed in range(count)])
    trapped = np.zeros((256, 256), bool)
    trapped[sensor.die.rts.row, sensor.die.rts.sample] = True
    return signal, trapped


@pytest.mark.parametrize(("cds", "levels"), [(False, 2), (True, 3)])
def test_a_trapped_photosite_has_two_values_or_three_and_the_others_one(cds: bool, levels: int) -> None:
    signal, trapped = frames(cds)
    assert not signal[:, ~trapped].any()
    values = [np.unique(series) for series in signal[:, trapped].T]
    assert max(map(len, values)) == levels
    for value in values:
        steps = np.diff(value)
        assert np.allclose(steps, steps[:1], rtol=1e-6) or len(value) == 2  # equal steps, in single precision


def test_share_and_mean_jump_are_the_configured_ones() -> None:
    sites = Sensor(PROFILE, 1).die.rts
    # A binomial share of n photosites; the mean of an exponential has the standard error mean/sqrt(n). z = 4.
    assert sites.row.size == pytest.approx(0.05 * 65536, abs=4 * np.sqrt(0.05 * 0.95 * 65536))
    assert sites.amplitude_v.mean() == pytest.approx(1e-3, rel=4 / np.sqrt(sites.row.size))


def test_the_upper_state_is_held_for_each_trap_s_share_of_the_time() -> None:
    signal, _ = frames(cds=False)
    sites = Sensor(replace(PROFILE, reset=ResetNoise(cds=False)), 1).die.rts
    held = (signal[:, sites.row, sites.sample] > 0).mean(axis=0)
    # Over 200 frames a share p has the standard error sqrt(p(1-p)/200); the mean square of the normalised deviations of n
    # traps is 1 with the standard error sqrt(2/n) (a little more at the ends). z = 5.
    middle = (sites.filled > 0.1) & (sites.filled < 0.9)
    deviation = (held - sites.filled)[middle] / np.sqrt(sites.filled * (1 - sites.filled) / 200)[middle]
    assert (deviation**2).mean() == pytest.approx(1, abs=5 * np.sqrt(2 / middle.sum()))


def test_no_traps_change_nothing() -> None:
    assert not Sensor(replace(PROFILE, rts=Rts(0.0, 1e-3)), 1).expose(DARK, 0.01, 1).signal_v.any()


@pytest.mark.parametrize(("field", "value"), [("share_percent", -1.0), ("share_percent", 51.0), ("amplitude_v", float("nan"))])
def test_an_impossible_figure_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{field} = .*: allowed is 0 to"):
        replace(PROFILE.rts, **{field: value})
