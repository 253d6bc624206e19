"""Where scenes come from: image files, videos, cameras, data sets and moves over photographs, all as linear light."""

from sensor_sim.scene.camera import CameraSource
from sensor_sim.scene.choose import open_scene
from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.images import ImageSource, read_image
from sensor_sim.scene.linear import Scene, linear_from_srgb, srgb_from_linear
from sensor_sim.scene.panzoom import PanZoom
from sensor_sim.scene.photographs import PHOTOGRAPHS, Photograph, load_photograph
from sensor_sim.scene.pictures import ArraySource
from sensor_sim.scene.video import VideoSource

__all__ = [
    "PHOTOGRAPHS",
    "ArraySource",
    "CameraSource",
    "ImageSource",
    "PanZoom",
    "Photograph",
    "Scene",
    "SceneError",
    "VideoSource",
    "linear_from_srgb",
    "load_photograph",
    "open_scene",
    "read_image",
    "srgb_from_linear",
]
