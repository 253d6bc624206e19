"""The keyed image signal processor: from a camera's keyed frame to the keyed picture that a network takes."""

from inference.isp.corrections import Corrections
from inference.isp.image import KeyedImage
from inference.isp.pipeline import isp
from inference.isp.settings import IspSettings

__all__ = ["Corrections", "IspSettings", "KeyedImage", "isp"]
