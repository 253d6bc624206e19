"""The bench: a camera under test in even light, as calibration meets it, simulated or on a wire.

A bench implements `CameraUnderTest`, and where its equipment allows `Chamber` and `VoltageInput`. Calibration sees nothing else.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from numbers import Real
from typing import NamedTuple, Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from adc import FrameHeader, Geometry


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value that came from outside is a number; truth values, which Python counts among them, are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


class BenchError(RuntimeError):
    """The camera or the light cannot do what a measurement needs: one sentence that says what, and what is needed."""


@dataclass(frozen=True)
class CameraIdentity:
    """What a camera's frames say about it.

    Attributes
    ----------
    device
        its name, 1 character or more.
    geometry
        its array.
    analog_gain
        gain before the converter, V/V, above 0.
    black_level_dn
        nominal code of zero volts, 0 to the highest code.

    Raises ValueError for figures outside that or of another type.
    """

    device: str
    geometry: Geometry
    analog_gain: float
    black_level_dn: float

    def __post_init__(self) -> None:
        if not isinstance(self.device, str) or not self.device:
            raise ValueError(f"device = {self.device!r}: allowed is a name of 1 character or more")
        if not is_number(self.analog_gain) or not 0 < self.analog_gain < math.inf:
            raise ValueError(f"analog_gain = {self.analog_gain!r}: allowed is a number above 0 and finite")
        top_dn = 2**self.geometry.bits - 1
        if not is_number(self.black_level_dn) or not 0 <= self.black_level_dn <= top_dn:
            raise ValueError(f"black_level_dn = {self.black_level_dn!r}: allowed is a number, 0 to {top_dn}")

    @classmethod
    def of_frame(cls, header: FrameHeader) -> "CameraIdentity":
        """The camera of a frame, as it was set then."""
        return cls(header.device, header.geometry, header.analog_gain, header.black_level_dn)


@dataclass(frozen=True)
class Light:
    """Even light on the array: photons that reach each photosite in a second, 0 or more, of a red, a green and a blue line.

    Raises ValueError for a colour that is negative or not finite.
    """

    red_per_s: float = 0.0
    green_per_s: float = 0.0
    blue_per_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("red_per_s", "green_per_s", "blue_per_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} = {getattr(self, name)}: allowed is 0 or more photons/s and finite")

    @property
    def photons_per_s(self) -> tuple[float, float, float]:
        """Red, green and blue."""
        return self.red_per_s, self.green_per_s, self.blue_per_s


DARKNESS = Light()


class RasterFrame(NamedTuple):
    """One frame as the key holder restores it: codes uint16 (H, W, C) in DN, and what its header says of its exposure."""

    codes: NDArray[np.uint16]
    exposure_s: float
    temperature_k: float


class CameraUnderTest(Protocol):
    """A camera that looks into even light."""

    @property
    def identity(self) -> CameraIdentity:
        """Which camera this is."""

    def set_exposure_s(self, exposure_s: float) -> None:
        """Set the exposure time of the next frames, above 0 s; frames say which one the camera made of it."""

    def set_light(self, light: Light) -> None:
        """Set the light of the next frames. Raises BenchError where the source cannot give it."""

    def capture(self, count: int) -> Iterator[RasterFrame]:
        """Take `count` frames, one after another, as they are asked for."""


@runtime_checkable
class Chamber(Protocol):
    """A bench that warms and cools its camera."""

    def set_temperature_k(self, temperature_k: float) -> None:
        """Bring the camera to a temperature, K. Raises BenchError where that cannot be reached."""


@runtime_checkable
class VoltageInput(Protocol):
    """A camera whose converters can be driven by a voltage instead of the photosites."""

    @property
    def voltage_range_v(self) -> tuple[float, float]:
        """The voltages that the input takes, from below the converters' range to above it."""

    def capture_voltages(self, frames: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.uint16]]:
        """For voltages float32 (H,) the codes uint16 (H, W, C) of one frame: row r of all columns converts voltage r."""


def photons_per_pixel(irradiance_w_per_m2: float, wavelength_nm: float, pitch_um: float, exposure_s: float) -> float:
    """Photons that reach a photosite: E A t / (h c / lambda) (EMVA 1288 R4 Linear, equation 4), for a source in W/m^2."""
    joule_per_photon = 6.62607015e-34 * 299_792_458 / (wavelength_nm * 1e-9)
    return irradiance_w_per_m2 * (pitch_um * 1e-6) ** 2 * exposure_s / joule_per_photon
