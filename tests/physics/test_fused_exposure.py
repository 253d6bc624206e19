"""The fused exposure is the plain one bit for bit, on any number of threads, and each effect is drawn alone."""

from dataclasses import replace

import numba
import numpy as np
import pytest

from sensor_sim import (
    DEMO_PROFILE,
    Blooming,
    DarkCurrent,
    Defects,
    Lens,
    PixelOffset,
    Prnu,
    ReadoutFigures,
    ResetNoise,
    Rts,
    Sensor,
    SensorProfile,
    SourceFollower,
)  # fmt: skip
from sensor_sim.plain import plain_signal

FULL = replace(
    DEMO_PROFILE,
    height=60,
    width=90,
    read_noise_e=1.5,
    lens=Lens(2.8, 1.5, 25, 0.8, -0.6),
    prnu=Prnu(1.0),
    dark=DarkCurrent(2000, 300.0, spread_percent=30, tail_percent=1, tail_e_per_s=1e4),
    offset=PixelOffset(1e-3, 1e-4),
    reset=ResetNoise(1.6e-15, cds=False),
    source_follower=SourceFollower(1e-4),
    rts=Rts(1.0, 3e-4),
    defects=Defects(0.1, 1000, 0.1, 50, 0.1, 1),
    blooming=Blooming(50),
    optical_black_rows=4,
    readout=ReadoutFigures(line_time_s=1e-5),
)
SCENE = np.random.default_rng(1).random((60, 90, 3), dtype=np.float32) ** 4 * 2
OFF = {
    "lens": None, "prnu": Prnu(), "dark": DarkCurrent(), "offset": PixelOffset(), "reset": ResetNoise(0.0, cds=False),
    "source_follower": SourceFollower(), "rts": Rts(), "defects": Defects(), "blooming": Blooming(), "read_noise_e": 0.0,
    "shot_noise": False, "optical_black_rows": 0,
}  # fmt: skip
NOTHING = replace(FULL, **OFF)


def signal(profile: SensorProfile, seed: int = 7, scene: np.ndarray = SCENE) -> np.ndarray:
    exposure = Sensor(profile, 3).expose(scene, profile.default_exposure_s, seed)
    rows = (
        exposure.signal_v if exposure.optical_black_v is None else np.concatenate([exposure.optical_black_v, exposure.signal_v])
    )
    return rows.reshape(rows.shape[0], -1)


def plain(profile: SensorProfile) -> np.ndarray:
    return plain_signal(SCENE, profile, Sensor(profile, 3).die, profile.default_exposure_s, 7)


@pytest.mark.parametrize("cfa", ["mono", "rgb", "rggb", "bggr", "grbg", "gbrg"])
@pytest.mark.parametrize("cds", [False, True])
def test_all_effects_together_equal_the_plain_chain_bit_for_bit(cfa: str, cds: bool) -> None:
    profile = replace(FULL, cfa=cfa, reset=replace(FULL.reset, cds=cds))
    assert np.array_equal(signal(profile), plain(profile))


@pytest.mark.parametrize("effect", list(OFF))
def test_the_chain_without_one_effect_equals_the_plain_one_bit_for_bit(effect: str) -> None:
    profile = replace(FULL, **{effect: OFF[effect]})
    assert np.array_equal(signal(profile), plain(profile))


def test_the_frame_does_not_depend_on_the_number_of_threads() -> None:
    threads = numba.get_num_threads()
    frames = []
    try:
        for count in range(1, numba.config.NUMBA_NUM_THREADS + 1):
            numba.set_num_threads(count)
            frames.append(signal(FULL))
    finally:
        numba.set_num_threads(threads)
    assert all(np.array_equal(frame, frames[0]) for frame in frames)


@pytest.mark.parametrize("effect", ["offset", "reset", "source_follower", "rts", "read_noise_e"])
def test_an_effect_in_volts_adds_the_same_alone_and_among_all_others(effect: str) -> None:
    # Defects hold their level whatever is added, so they are left out. Signals below 1 V in single precision: a few 2**-24.
    among = signal(replace(FULL, defects=Defects())) - signal(replace(FULL, defects=Defects(), **{effect: OFF[effect]}))
    alone = signal(replace(NOTHING, optical_black_rows=4, **{effect: getattr(FULL, effect)}))
    without = signal(replace(NOTHING, optical_black_rows=4))
    assert np.allclose(among, alone - without, atol=1e-6)
    assert np.abs(among).max() > 1e-5


@pytest.mark.parametrize("effect", ["prnu", "dark", "lens"])
def test_an_effect_on_the_charge_leaves_the_noise_in_volts_as_it_is(effect: str) -> None:
    quiet = replace(FULL, shot_noise=False, blooming=Blooming(), defects=Defects())
    silent = {name: OFF[name] for name in ("reset", "source_follower", "rts", "read_noise_e", "offset")}
    changed = {effect: OFF[effect]}
    noise = signal(quiet) - signal(replace(quiet, **silent))
    noise_without = signal(replace(quiet, **changed)) - signal(replace(quiet, **changed, **silent))
    assert np.allclose(noise, noise_without, atol=1e-6)


def test_each_effect_does_something_here_and_nothing_when_off_alone() -> None:
    full, base = signal(FULL), signal(NOTHING)
    for effect, off in OFF.items():
        if effect in ("optical_black_rows", "shot_noise"):
            continue
        assert not np.array_equal(signal(replace(FULL, **{effect: off})), full), effect
        assert np.array_equal(signal(replace(NOTHING, **{effect: off})), base), effect


def test_temporal_noise_is_new_in_every_frame_and_what_is_fixed_is_not() -> None:
    mean = np.mean([signal(FULL, seed) for seed in range(40)], axis=0)
    other = np.mean([signal(FULL, seed) for seed in range(40, 80)], axis=0)
    assert not np.array_equal(signal(FULL, 1), signal(FULL, 2))
    # Over 40 frames the temporal noise falls below the fixed pattern: the two means are alike.
    assert np.corrcoef(mean.ravel(), other.ravel())[0, 1] > 0.99


def test_shielded_rows_have_everything_but_light() -> None:
    dark_scene, bright_scene = np.zeros_like(SCENE), np.full_like(SCENE, 0.9)
    quiet = replace(FULL, blooming=Blooming())
    dark, bright = (Sensor(quiet, 3).expose(scene, 0.05, 1) for scene in (dark_scene, bright_scene))
    assert dark.optical_black_v is not None
    assert bright.optical_black_v is not None
    assert dark.optical_black_v.shape == (4, 90, 1)
    assert np.array_equal(dark.optical_black_v, bright.optical_black_v)
    black_e = dark.optical_black_v.astype(float) / quiet.conversion_gain_v_per_e
    # Dark current of 2000 e-/s over 50 ms: 100 e-, on 360 photosites with 13 e- of reset noise, 10 of shot noise, 10 of offset,
    # 30 of spread and 70 of tail and hot ones; z = 4 of some 80/sqrt(360).
    assert np.median(black_e) == pytest.approx(95, abs=17)
    assert Sensor(NOTHING).expose(SCENE, 0.05, 1).optical_black_v is None


def test_the_exposure_carries_its_frame_seed() -> None:
    assert Sensor(FULL).expose(SCENE, 0.01, 2**64 - 1).frame_seed == 2**64 - 1
