"""Where scenes come from: files, cameras, data sets, test charts and moves over photographs, all as linear light."""

from sensor_sim.scene.camera import CameraSource
from sensor_sim.scene.charts import CHARTS, ChartSource, colour_patches, grey_ramp, moving_bar, slanted_edge, uniform_field
from sensor_sim.scene.choose import open_scene
from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.images import ImageSource, read_image
from sensor_sim.scene.linear import Scene, linear_from_srgb, srgb_from_linear
from sensor_sim.scene.panzoom import PanZoom
from sensor_sim.scene.photographs import PHOTOGRAPHS, Photograph, load_photograph
from sensor_sim.scene.pictures import ArraySource
from sensor_sim.scene.video import VideoSource

__all__ = [
    "CHARTS",
    "PHOTOGRAPHS",
    "ArraySource",
    "CameraSource",
    "ChartSource",
    "ImageSource",
    "PanZoom",
    "Photograph",
    "Scene",
    "SceneError",
    "VideoSource",
    "colour_patches",
    "grey_ramp",
    "linear_from_srgb",
    "load_photograph",
    "moving_bar",
    "open_scene",
    "read_image",
    "slanted_edge",
    "srgb_from_linear",
    "uniform_field",
]
