"""Networks by name: built here, read with the weights that the project trained, or made elsewhere."""

from inference.models.named import NamedNetwork, named_network
from inference.models.privdl import load_privdl_network, load_privdl_order
from inference.models.registry import MODELS, build, load, model_for

__all__ = ["MODELS", "NamedNetwork", "build", "load", "load_privdl_network", "load_privdl_order", "model_for", "named_network"]
