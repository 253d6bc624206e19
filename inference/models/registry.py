"""The networks by name, and the weights that belong to them."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

from torch import nn

from inference.models.resnet import PreResNet, ResNet
from inference.models.vgg import Vgg16

MODELS: dict[str, Callable[[], nn.Module]] = {"resnet20": ResNet, "preresnet110": PreResNet, "vgg16": Vgg16}


class WeightsError(ValueError):
    """Weights that are missing, unreadable or of another network."""


def build(name: str) -> nn.Module:
    """Make the network `name` with fresh weights. Raises `ValueError` for an unknown name."""
    if name not in MODELS:
        raise ValueError(f"model = {name!r}: allowed is one of {', '.join(MODELS)}")
    return MODELS[name]()


def shipped_weights(name: str) -> Path:
    """The weights for CIFAR-10 that come with keycam. Raises `WeightsError` when there are none for `name`."""
    path = Path(str(resources.files("inference"))) / "weights" / f"{name}-cifar10.safetensors"
    if not path.is_file():
        raise WeightsError(f"weights: none are shipped for {name}; train them with 'keycam train --model {name}'")
    return path


def load(name: str, weights: Path | None = None) -> nn.Module:
    """Make the network `name` with `weights` (safetensors), by default the shipped ones, ready to predict."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    network = build(name)
    path = shipped_weights(name) if weights is None else weights
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"weights = {path}: not a readable safetensors file ({error})") from error
    except RuntimeError as error:
        raise WeightsError(f"weights = {path}: not weights of {name} ({str(error).splitlines()[-1].strip()})") from error
    return network.eval()
