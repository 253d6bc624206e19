"""Keyed networks: the answers of a trained network, computed on pixels in a secret order."""

from inference.keyed.convert import convert
from inference.keyed.errors import UnsupportedLayerError
from inference.keyed.network import KeyedNetwork

__all__ = ["KeyedNetwork", "UnsupportedLayerError", "convert"]
