"""How fast the sensor is simulated with all its physics, beside a plain NumPy chain and the camera of PyPI's emva1288."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from adc import RASTER, ColumnConverter, Converter, Geometry, KeySchedule, readout
from benchmarks.timing import median_ms
from sensor_sim import DEMO_PROFILE, Scene, Sensor, SensorProfile, load_profile, profile_names
from sensor_sim.blooming import bloom
from sensor_sim.defects import set_stuck
from sensor_sim.fused import collect, sense
from sensor_sim.plain import plain_signal
from sensor_sim.resample import resample
from sensor_sim.rts import add_rts
from sensor_sim.scene import load_photograph
from sensor_sim.streams import FrameStream, TemporalEffect

CASES = ((480, 640), (1080, 1920))
_SEED = 1


class SensorRow(TypedDict):
    """One line of the table; a group that a profile does not have costs next to nothing.

    collect_ms: lens, quantum efficiency, PRNU, dark current and shot noise. sense_ms: full well, reset, source-follower and
    read noise, offsets. readout_ms: column converters, row noise, black clamp and INL, in raster order. numpy_ms: the same
    exposure and conversion in plain NumPy. emva1288_ms: a frame of emva1288.camera.Camera of this size, which has neither
    lens, colour, reset noise, columns nor defects; None where the package is not installed.
    """

    profile: str
    height: int
    width: int
    frames_per_second: float
    total_ms: float
    collect_ms: float
    blooming_ms: float
    sense_ms: float
    telegraph_ms: float
    defects_ms: float
    readout_ms: float
    numpy_ms: float
    emva1288_ms: float | None


@dataclass(frozen=True, eq=False)
class _Parts:
    profile: SensorProfile
    sensor: Sensor
    converter: ColumnConverter
    scene: Scene


def bench_sensor(sizes: Iterable[tuple[int, int]] = CASES, repeats: int = 20) -> list[SensorRow]:
    """Time frames of the astronaut photograph at half the default exposure, one row for each profile and size (height, width).

    total_ms is an exposure and its readout, without a key, from a scene of the array's size; the groups are timed one by one
    beside it. All are medians over repeats, the two counterparts over three, as they take seconds.

    Raises ValueError for repeats below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats}: allowed is 1 or more")
    names = ["demo", *profile_names()]
    return [_row(name, height, width, repeats) for height, width in sizes for name in names]


def _row(name: str, height: int, width: int, repeats: int) -> SensorRow:
    parts = _parts(name, height, width)
    profile, sensor, scene = parts.profile, parts.sensor, parts.scene
    exposure_s = sensor.exposure_taken_s(profile.default_exposure_s / 2)
    key = KeySchedule(bytes(32), policy=RASTER).frame_key(0, Geometry(height, width, profile.readout.bits, profile.cfa))
    held = sensor.expose(scene, exposure_s, _SEED)

    def frame() -> None:
        readout(sensor.expose(scene, exposure_s, _SEED), parts.converter, key)

    groups = _group_times_ms(parts, exposure_s, repeats)
    total_ms = median_ms(frame, repeats)

    def in_numpy() -> None:
        plain_signal(scene, profile, sensor.die, exposure_s, _SEED)
        parts.converter.convert(held.signal_v)

    return SensorRow(
        profile=name,
        height=height,
        width=width,
        frames_per_second=1000 / total_ms,
        total_ms=total_ms,
        collect_ms=groups["collect_ms"],
        blooming_ms=groups["blooming_ms"],
        sense_ms=groups["sense_ms"],
        telegraph_ms=groups["telegraph_ms"],
        defects_ms=groups["defects_ms"],
        readout_ms=median_ms(lambda: readout(held, parts.converter, key), repeats),
        numpy_ms=median_ms(in_numpy, 3, warm_up=1),
        emva1288_ms=_emva1288_ms(height, width),
    )


def _parts(name: str, height: int, width: int) -> _Parts:
    profile = replace(DEMO_PROFILE if name == "demo" else load_profile(name), height=height, width=width)
    figures = profile.readout
    ideal = Converter(figures.full_scale_v, figures.analog_gain, figures.black_level_dn, figures.bits)
    converter = ColumnConverter.drawn(ideal, figures, width, _SEED)
    return _Parts(profile, Sensor(profile, _SEED), converter, resample(load_photograph("astronaut"), (height, width)))


def _group_times_ms(parts: _Parts, exposure_s: float, repeats: int) -> dict[str, float]:
    profile, die = parts.profile, parts.sensor.die
    white_photons = profile.peak_photons_per_s * exposure_s
    warm_time_s = exposure_s * profile.dark.warming(profile.temperature_k)
    at_reset, at_signal = (FrameStream(_SEED, at) for at in (TemporalEffect.RTS_AT_RESET, TemporalEffect.RTS_AT_SIGNAL))

    def collected() -> NDArray[np.float32]:
        return collect(parts.scene, profile, die, white_photons, warm_time_s, _SEED)[0]

    electrons = collected()
    signal_v = sense(electrons.copy(), profile, die, _SEED)
    work = np.empty_like(electrons)

    def fresh(of: NDArray[np.float32]) -> NDArray[np.float32]:
        np.copyto(work, of)
        return work

    copy_ms = median_ms(lambda: fresh(electrons), repeats)
    blooming_ms = 0.0
    if profile.blooming.is_on:
        lit = work[profile.optical_black_rows :]

        def bloomed() -> None:
            fresh(electrons)
            bloom(lit, profile.full_well_e, profile.blooming)

        blooming_ms = median_ms(bloomed, repeats) - copy_ms
    return {
        "collect_ms": median_ms(collected, repeats),
        "blooming_ms": max(blooming_ms, 0.0),
        "sense_ms": max(median_ms(lambda: sense(fresh(electrons), profile, die, _SEED), repeats) - copy_ms, 0.0),
        "telegraph_ms": median_ms(lambda: add_rts(signal_v, die.rts, profile.reset.cds, at_reset, at_signal), repeats),
        "defects_ms": median_ms(lambda: set_stuck(signal_v, die.stuck, die.columns), repeats),
    }


def _emva1288_ms(height: int, width: int) -> float | None:
    if find_spec("emva1288") is None:
        return None
    from emva1288.camera import Camera

    random = np.random.default_rng(_SEED)
    camera = Camera(
        width=width, height=height, bit_depth=12, seed=_SEED,
        prnu=1 + 0.01 * random.standard_normal((height, width)), dsnu=random.standard_normal((height, width)),
    )  # fmt: skip
    radiance = camera.get_radiance_for(mean=1000)
    return median_ms(lambda: camera.grab(radiance), 3, warm_up=1)
