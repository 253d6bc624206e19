"""torchvision's networks by name, with the weights that it publishes and pictures in 0..1 as their input."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from torch import nn

from inference.models.named import named_network
from inference.models.normalise import Normalise
from inference.models.state import WeightsError


@dataclass(frozen=True, eq=False)
class PretrainedNetwork:
    """A network of torchvision's that takes pictures in 0..1.

    Attributes
    ----------
    network
        Ready to predict; its first layer is the normalisation that the weights were trained with.
    classes
        Their names.
    size
        Height and width of the pictures that it was trained with, px; None where it takes any.
    """

    network: nn.Module
    classes: tuple[str, ...]
    size: tuple[int, int] | None


def pretrained_names() -> set[str]:
    """The classifiers and segmentation networks that torchvision has weights for."""
    from torchvision import models

    names = {*models.list_models(module=models), *models.list_models(module=models.segmentation)}
    return {name for name in names if len(models.get_model_weights(name))}


def pretrained_network(name: str, weights: Path | None = None) -> PretrainedNetwork:
    """Make torchvision's network `name`, with the weights in a file or with torchvision's newest, downloaded once.

    Raises
    ------
    ValueError
        An unknown name.
    WeightsError
        Weights that cannot be downloaded, or a file that is not theirs.
    """
    from torchvision import models

    if name not in pretrained_names():
        raise ValueError(f"model = {name!r}: allowed is a classifier or segmentation network of torchvision's with weights")
    newest = models.get_model_weights(name).DEFAULT
    if weights is not None:
        network = named_network(name, weights).network
    else:
        try:
            network = models.get_model(name, weights=newest).eval()
        except (OSError, HTTPException, RuntimeError) as error:  # the last where the file is not what its name says
            trouble = f"its weights cannot be downloaded from {newest.url} ({' '.join(str(error).split())})"
            allowed = "allowed is a machine that reaches it, or --weights with a file of them"
            raise WeightsError(f"model = {name!r}: {trouble}; {allowed}") from error
    preset = newest.transforms()
    is_dense = name in models.list_models(module=models.segmentation)
    size = None if is_dense else _both(preset.crop_size)
    return PretrainedNetwork(
        nn.Sequential(Normalise(preset.mean, preset.std), network).eval(), tuple(newest.meta["categories"]), size
    )


def network_digest(network: nn.Module) -> str:
    """SHA-256 over the names and values of a network's state."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _both(side: int | Sequence[int]) -> tuple[int, int]:
    sides = (side,) if isinstance(side, int) else tuple(side)
    return sides[0], sides[-1]
