"""EMVA 1288 figures of the same frames by someone else's code: PyPI's emva1288."""

import warnings
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from calibration.bench import DARKNESS, CameraIdentity, Light, RasterFrame
from calibration.planes import Plane
from keycam.simulated_bench import SimulatedBench

Frames = list[NDArray[np.uint16]]


class WatchedBench:
    """A simulated bench that keeps the frames of the light series and of the two stacks as they go by."""

    def __init__(self, bench: SimulatedBench) -> None:
        self._bench = bench
        self._light = DARKNESS
        self._own_exposure_s: float | None = None
        self._own_temperature_k: float | None = None
        self.pairs: dict[Light, Frames] = {}
        self.stacks: dict[Light, Frames] = {}

    @property
    def identity(self) -> CameraIdentity:
        return self._bench.identity

    @property
    def exposure_s(self) -> float:
        """Exposure time of what was kept."""
        assert self._own_exposure_s is not None
        return self._own_exposure_s

    def set_exposure_s(self, exposure_s: float) -> None:
        self._bench.set_exposure_s(exposure_s)

    def set_light(self, light: Light) -> None:
        self._light = light
        self._bench.set_light(light)

    def set_temperature_k(self, temperature_k: float) -> None:
        self._bench.set_temperature_k(temperature_k)

    def capture(self, count: int) -> Iterator[RasterFrame]:
        taken: Frames = []
        for frame in self._bench.capture(count):
            self._own_exposure_s = self._own_exposure_s or frame.exposure_s
            self._own_temperature_k = self._own_temperature_k or frame.temperature_k
            own = (frame.exposure_s, frame.temperature_k) == (self._own_exposure_s, self._own_temperature_k)
            if count > 1 and own:
                taken.append(frame.codes)
            yield frame
        if taken:
            (self.pairs if count == 2 else self.stacks).setdefault(self._light, taken)


def oracle_figures(watched: WatchedBench, plane: Plane) -> dict[str, float]:
    """The figures of one colour plane by `emva1288`, under our names and in our units."""
    from emva1288.process.data import Data1288
    from emva1288.process.results import Results1288
    from emva1288.process.routines import get_int_imgs

    exposure_ns = watched.exposure_s * 1e9

    def photons(light: Light) -> float:
        return light.photons_per_s[plane.colour] * watched.exposure_s

    def sums(frames: Frames) -> dict[str, Any]:
        found: dict[str, Any] = get_int_imgs([plane.of(codes) for codes in frames])
        return found

    temporal = {}
    for light, frames in watched.pairs.items():
        if light == DARKNESS or photons(light) > 0:
            each = sums(frames)
            temporal[photons(light)] = {"sum": each["sum"].sum(), "pvar": each["pvar"].sum(), "dmean": each["dmean"]}
    spatial = {photons(light): sums(frames) for light, frames in watched.stacks.items()}
    height, width = spatial[0.0]["sum"].shape
    # numpy 2 took asfarray away, which this package still asks for.
    with warnings.catch_warnings(), patch.object(np, "asfarray", _as_floats, create=True):
        warnings.simplefilter("ignore")
        data = Data1288(
            {"temporal": {exposure_ns: temporal}, "spatial": {exposure_ns: spatial}, "height": height, "width": width}
        ).data
        peak = int(np.argmax(data["temporal"]["s2_y"]))
        results = Results1288(data, index_u_ysat=peak)
        return {
            "system_gain_dn_per_e": float(results.K),
            "quantum_efficiency": float(results.QE) / 100,
            "temporal_dark_noise_e": float(results.sigma_d),
            "saturation_capacity_e": float(results.u_e_sat),
            "snr_max_db": float(results.SNR_max_dB()),
            "dynamic_range_db": float(results.DR_dB()),
            "dsnu_all_e": float(results.DSNU1288),
            "prnu_all_percent": float(results.PRNU1288),
        }


def _as_floats(values: Any, dtype: type = np.float64) -> NDArray[Any]:
    return np.asarray(values, dtype=dtype)
