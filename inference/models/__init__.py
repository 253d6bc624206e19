"""Networks by name: built here, or read with the weights that the project trained."""

from inference.models.registry import MODELS, build, load

__all__ = ["MODELS", "build", "load"]
