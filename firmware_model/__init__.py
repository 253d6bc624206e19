"""The camera as its host meets it: a device that holds a sensor, a converter, a key and a counter, behind a link."""

from firmware_model.assembly import converter_of, geometry_of
from firmware_model.camera import Camera
from firmware_model.link import InProcessLink

__all__ = ["Camera", "InProcessLink", "converter_of", "geometry_of"]
