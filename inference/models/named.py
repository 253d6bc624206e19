"""Networks by any name: keycam's, PrivDL's, torchvision's, or `module:function` of the user's own."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from inference.models.privdl import NAME as PRIVDL
from inference.models.privdl import SIZE as CIFAR_SIZE
from inference.models.privdl import load_privdl_network
from inference.models.registry import MODELS, load
from inference.models.state import WeightsError, fill, read_state

TORCHVISION_SIZE = (224, 224)


@dataclass(frozen=True)
class NamedNetwork:
    """A network, ready to predict, and the size (height, width) of the pictures that it was made for; None where unknown."""

    network: nn.Module
    size: tuple[int, int] | None


def named_network(name: str, weights: Path | None = None) -> NamedNetwork:
    """Make the network `name` with `weights`, a file of safetensors or a state dict that torch.save wrote.

    Without `weights`, keycam's networks take those that are shipped, and a function of the user's gives its own. A function
    is looked for in the current folder too; calling it runs the user's code.

    Raises
    ------
    ValueError
        An unknown name, or a function that gives no network.
    WeightsError
        Weights that are missing, unreadable or of another network.
    """
    if name in MODELS:
        return NamedNetwork(load(name, weights), MODELS[name].size)
    if ":" in name:
        network = _users_network(name)
        return NamedNetwork(network.eval() if weights is None else fill(network, weights, name), None)
    if name != PRIVDL and name not in _torchvision_names():
        others = "a classifier or segmentation network of torchvision's, or module:function"
        raise ValueError(f"model = {name!r}: allowed is {', '.join(MODELS)}, {PRIVDL}, {others}")
    if weights is None:
        raise WeightsError(f"weights = None: {name} comes without any; allowed is a safetensors or .pth file with its weights")
    if name == PRIVDL:
        return NamedNetwork(load_privdl_network(weights), CIFAR_SIZE)
    return NamedNetwork(_torchvision_network(name, weights), TORCHVISION_SIZE)


def _torchvision_names() -> set[str]:
    from torchvision import models  # takes seconds

    return {*models.list_models(module=models), *models.list_models(module=models.segmentation)}


def _torchvision_network(name: str, weights: Path) -> nn.Module:
    from torchvision import models

    options: dict[str, Any] = {"weights": None}
    if name in models.list_models(module=models.segmentation):
        options["weights_backbone"] = None  # else it is downloaded
        if any(path.startswith("aux_classifier.") for path in read_state(weights, name)):
            options["aux_loss"] = True
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False  # minutes of drawing what the file replaces
    return fill(models.get_model(name, **options), weights, name)


def _users_network(name: str) -> nn.Module:
    module_name, _, function_name = name.partition(":")
    allowed = "allowed is module:function, a function without arguments that returns a torch.nn.Module"
    try:
        with _current_folder_importable():
            function = getattr(importlib.import_module(module_name), function_name)
            network = function()
    except Exception as error:  # it is the user's code, which may raise anything
        trouble = " ".join(str(error).split()) or "no message"
        raise ValueError(f"model = {name!r}: {type(error).__name__}, {trouble}; {allowed}") from error
    if not isinstance(network, nn.Module):
        raise ValueError(f"model = {name!r}: it returns a {type(network).__name__}; {allowed}")
    return network


@contextmanager
def _current_folder_importable() -> Iterator[None]:
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
