"""A camera of a few lines of NumPy that shares nothing with the simulator: what calibration must find is what it was given."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adc import Geometry
from calibration.bench import DARKNESS, CameraIdentity, Light, RasterFrame


@dataclass(frozen=True)
class Made:
    """What the camera is made with."""

    gain_dn_per_e: float = 0.4
    efficiency: tuple[float, float, float] = (0.5, 0.6, 0.4)
    noise_e: float = 5.0
    row_noise_e: float = 0.0
    frame_noise_e: float = 0.0
    full_well_e: float = 9000.0
    prnu_percent: float = 1.0
    dsnu_e: float = 4.0
    column_e: float = 0.0
    dark_e_per_s: float = 20.0
    doubling_k: float = 7.0
    bow_dn: float = 0.0
    black_dn: float = 100.0
    compensated: bool = False


class NumpyCamera:
    """A camera on a bench with a chamber; its die and its noise follow from the seed."""

    def __init__(self, made: Made, shape: tuple[int, int] = (120, 160), cfa: str = "mono", seed: int = 0) -> None:
        geometry = Geometry(*shape, 12, cfa)  # type: ignore[arg-type]
        self.identity = CameraIdentity("numpy", geometry, 1.0, made.black_dn)
        self.made = made
        die = np.random.default_rng((seed, 0))
        self.response = 1 + made.prnu_percent / 100 * die.standard_normal(geometry.shape)
        columns = made.column_e * die.standard_normal((1, geometry.width, 1))
        self.offset_e = made.dsnu_e * die.standard_normal(geometry.shape) + columns
        self.random = np.random.default_rng((seed, 1))
        self.exposure_s, self.temperature_k, self.light = 0.01, 300.0, DARKNESS

    def set_exposure_s(self, exposure_s: float) -> None:
        self.exposure_s = exposure_s

    def set_light(self, light: Light) -> None:
        self.light = light

    def set_temperature_k(self, temperature_k: float) -> None:
        self.temperature_k = temperature_k

    def photo_electrons(self) -> np.ndarray:
        rates = np.array(self.light.photons_per_s) * self.made.efficiency * self.exposure_s
        geometry = self.identity.geometry
        if geometry.cfa == "mono":
            return np.full(geometry.shape, rates.sum())
        if geometry.cfa == "rgb":
            return np.broadcast_to(rates, geometry.shape).copy()
        lit = np.empty(geometry.shape)
        for place, letter in enumerate(geometry.cfa):
            lit[place // 2 :: 2, place % 2 :: 2] = rates["rgb".index(letter)]
        return lit

    def capture(self, count: int) -> Iterator[RasterFrame]:
        made = self.made
        for _ in range(count):
            dark_e = made.dark_e_per_s * self.exposure_s * 2 ** ((self.temperature_k - 300.0) / made.doubling_k)
            lit_e = self.photo_electrons() * self.response
            electrons = np.minimum(self.random.poisson(lit_e + dark_e), made.full_well_e) - dark_e * made.compensated
            electrons = electrons + self.offset_e + made.noise_e * self.random.standard_normal(lit_e.shape)
            electrons += made.row_noise_e * self.random.standard_normal((lit_e.shape[0], 1, 1))
            electrons += made.frame_noise_e * self.random.standard_normal()
            signal_dn = electrons * made.gain_dn_per_e
            signal_dn += 4 * made.bow_dn * (signal_dn / 4096) * (1 - signal_dn / 4096)
            codes = np.clip(np.floor(signal_dn + made.black_dn + 0.5), 0, 4095).astype(np.uint16)
            yield RasterFrame(codes, self.exposure_s, self.temperature_k)


class WithoutChamber:
    """The same camera on a bench that cannot warm it."""

    def __init__(self, camera: NumpyCamera) -> None:
        self.camera, self.identity = camera, camera.identity
        self.set_exposure_s, self.set_light = camera.set_exposure_s, camera.set_light

    def capture(self, count: int) -> Iterator[RasterFrame]:
        return self.camera.capture(count)
