"""The sensor, from light to volts: scenes in linear light, and the physics of an array one effect a file."""

from sensor_sim.profile import DEMO_PROFILE, SensorProfile
from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene
from sensor_sim.sensor import Exposure, Sensor

__all__ = ["DEMO_PROFILE", "Exposure", "Scene", "SceneError", "Sensor", "SensorProfile"]
