"""The sensor, from light to volts: scenes in linear light, and the physics of an array one effect a file."""

from sensor_sim.blooming import Blooming
from sensor_sim.dark_current import DarkCurrent
from sensor_sim.defects import Defects
from sensor_sim.exposure import Exposure
from sensor_sim.lens import Lens
from sensor_sim.pixel_offset import PixelOffset
from sensor_sim.prnu import Prnu
from sensor_sim.profile import DEMO_PROFILE, SensorProfile
from sensor_sim.profile_file import ProfileError, load_profile, profile_names
from sensor_sim.readout_figures import ReadoutFigures
from sensor_sim.reset_noise import ResetNoise
from sensor_sim.rts import Rts
from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene
from sensor_sim.sensor import Sensor
from sensor_sim.shutter import MovingScene
from sensor_sim.source_follower import SourceFollower

__all__ = [
    "DEMO_PROFILE",
    "Blooming",
    "DarkCurrent",
    "Defects",
    "Exposure",
    "Lens",
    "MovingScene",
    "PixelOffset",
    "Prnu",
    "ProfileError",
    "ReadoutFigures",
    "ResetNoise",
    "Rts",
    "Scene",
    "SceneError",
    "Sensor",
    "SensorProfile",
    "SourceFollower",
    "load_profile",
    "profile_names",
]
