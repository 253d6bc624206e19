"""What a camera model stands in: the light before it, how warm it is, and whether it waits for its exposures."""

from abc import ABC, abstractmethod

from adc import RawFrame
from firmware_model.camera import Camera
from firmware_model.device_settings import DeviceSettings
from sensor_sim import SensorProfile


class Surroundings(ABC):
    """Where a camera is; what it says of temperature and time holds for an ordinary place."""

    @abstractmethod
    def captured_by(self, camera: Camera) -> RawFrame:
        """One frame that a camera takes here. Raises SceneError where there is nothing to see, and what the camera raises."""

    def temperature_k(self, profile: SensorProfile) -> float:
        """How warm the sensor of this profile is, K."""
        return profile.temperature_k

    def paced(self, settings: DeviceSettings) -> DeviceSettings:
        """The settings that say how far two frames are apart in time."""
        return settings

    def close(self) -> None:
        """Let go of what is held, such as a webcam."""
        return
