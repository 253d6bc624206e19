"""The bench that a camera model may stand on: even light, a chamber, and voltages at its converters' input."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from adc import RawFrame
from firmware_model.assembly import converter_of
from firmware_model.camera import Camera
from firmware_model.device_settings import DeviceSettings
from firmware_model.surroundings import Surroundings
from link.registers import BY_NAME
from sensor_sim import Scene, SensorProfile

MOST_PHOTONS_PER_S = 1e20
"""What the light can do: as much as saturates any sensor in a microsecond."""
LEAST_K, MOST_K = 200.0, 400.0
"""What the chamber can do."""
VOLTAGE_MARGIN = 1 / 8
"""How far the voltages reach beyond the converters' range at the profile's gain, in ranges."""


class Bench(Surroundings):
    """Even light, dark at first, and a chamber that is as warm as the profile. One thread sets it, another captures.

    Time is simulated too: a camera on the bench does not wait until an exposure is over, so that dark ones of a minute take no
    minute.

    Parameters
    ----------
    profile
        of the camera that stands on it.
    """

    def __init__(self, profile: SensorProfile) -> None:
        self._profile = profile
        self._light = (0.0, 0.0, 0.0)
        self._scene = self._even((0.0, 0.0, 0.0))
        self._temperature_k = profile.temperature_k
        self._voltages_v: NDArray[np.float32] | None = None

    @property
    def light_per_s(self) -> tuple[float, float, float]:
        """Photons that reach each photosite in a second, of a red, a green and a blue line."""
        return self._light

    @property
    def chamber_k(self) -> float:
        """What the chamber is set to, K."""
        return self._temperature_k

    @property
    def voltage_range_v(self) -> tuple[float, float]:
        """The voltages that the input takes, from below the converters' range to above it."""
        low, high = converter_of(self._profile, 0).ideal.input_range_v
        return low - VOLTAGE_MARGIN * (high - low), high + VOLTAGE_MARGIN * (high - low)

    def set_light(self, red_per_s: float, green_per_s: float, blue_per_s: float) -> None:
        """Set the light of the next frames, photons/s on each photosite; what drives the converters is taken away.

        Raises ValueError for a colour that is not 0 to `MOST_PHOTONS_PER_S`.
        """
        light = (red_per_s, green_per_s, blue_per_s)
        if not all(0 <= colour <= MOST_PHOTONS_PER_S for colour in light):
            raise ValueError(f"light_per_s = {list(light)}: allowed is 0 to {MOST_PHOTONS_PER_S:g} photons/s of each colour")
        self._light, self._scene, self._voltages_v = light, self._even(light), None

    def set_temperature_k(self, temperature_k: float) -> None:
        """Bring the camera to a temperature, K, at once. Raises ValueError for one that the chamber does not reach."""
        if not LEAST_K <= temperature_k <= MOST_K:
            raise ValueError(f"temperature_k = {temperature_k}: allowed is {LEAST_K:g} to {MOST_K:g} K")
        self._temperature_k = temperature_k

    def set_voltages(self, voltages_v: NDArray[np.float32]) -> None:
        """Drive the converters of the next frames by voltages float32 (H,), row r of all columns by voltage r.

        Raises ValueError for voltages outside the range, or more than the array has rows.
        """
        low, high = self.voltage_range_v
        rows = self._profile.height
        if voltages_v.ndim != 1 or not 1 <= voltages_v.size <= rows:
            raise ValueError(f"voltages_v = {voltages_v.size} voltages: allowed is one for each row of a frame, up to {rows}")
        # Single precision may round the ends of the range outwards.
        if not bool(((voltages_v >= np.float32(low)) & (voltages_v <= np.float32(high))).all()):
            least, most = float(voltages_v.min()), float(voltages_v.max())
            raise ValueError(f"voltages_v = {least:g} to {most:g}: allowed is {low:g} to {high:g} V")
        self._voltages_v = voltages_v.astype(np.float32)

    def captured_by(self, camera: Camera) -> RawFrame:
        """The frame that a camera takes of the light or of the voltages. Raises what the camera raises."""
        camera.sensor = camera.sensor.at_temperature(self._temperature_k)
        voltages_v = self._voltages_v
        return camera.capture(self._scene) if voltages_v is None else camera.capture_voltages(voltages_v)

    def temperature_k(self, profile: SensorProfile) -> float:
        """What the chamber is set to, K."""
        return self._temperature_k

    def paced(self, settings: DeviceSettings) -> DeviceSettings:
        """Settings with the shortest exposure: readout, store and link alone take their time."""
        return replace(settings, exposure_s=BY_NAME["exposure_s"].lowest)

    def _even(self, light: tuple[float, float, float]) -> Scene:
        white = np.array(light) / self._profile.peak_photons_per_s
        shape = (self._profile.height, self._profile.width, 3)
        return np.ascontiguousarray(np.broadcast_to(white.astype(np.float32), shape))
