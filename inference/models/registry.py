"""The networks by name, and the weights that belong to them."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

from torch import nn

from inference.models.resnet import PreResNet, ResNet
from inference.models.state import WeightsError, fill
from inference.models.vgg import Vgg16

MODELS: dict[str, Callable[[], nn.Module]] = {"resnet20": ResNet, "preresnet110": PreResNet, "vgg16": Vgg16}


SMALLEST_PX = {"resnet20": 4, "preresnet110": 4, "vgg16": 32}
"""The smallest side of a picture that each network takes."""


def build(name: str) -> nn.Module:
    """Make the network `name` with fresh weights. Raises `ValueError` for an unknown name."""
    if name not in MODELS:
        raise ValueError(f"model = {name!r}: allowed is one of {', '.join(MODELS)}")
    return MODELS[name]()


def shipped_weights(name: str) -> Path:
    """The weights for CIFAR-10 that come with keycam. Raises `WeightsError` when there are none for `name`."""
    path = Path(str(resources.files("inference"))) / "weights" / f"{name}-cifar10.safetensors"
    if not path.is_file():
        raise WeightsError(
            f"model = {name!r}: no weights are shipped for it; allowed is weights from 'keycam train --model {name}'"
        )
    return path


def load(name: str, weights: Path | None = None) -> nn.Module:
    """Make the network `name` with `weights` (safetensors or .pth), by default the shipped ones, ready to predict.

    Raises `ValueError` for an unknown name and `WeightsError` for weights that are not there or not those of the network.
    """
    network = build(name)
    return fill(network, shipped_weights(name) if weights is None else weights, name)
