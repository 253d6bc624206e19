"""The network of a batch by its name: its classes, the pictures that it takes, and its plain and keyed forms."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from adc import KeySchedule
from inference.answers import Network
from inference.choices import Shuffle
from inference.datasets import CLASSES
from inference.keyed import KeyedNetwork, convert
from inference.models import MODELS, load
from inference.models.pretrained import network_digest, pretrained_names, pretrained_network

LEAST_PX = 16
"""Smallest side of a picture for networks that do not say one."""


@dataclass(frozen=True, eq=False)
class ChosenNetwork:
    """A network with what a batch must know of it.

    Attributes
    ----------
    network
        Ready to predict, batch norms folded into the convolutions.
    classes
        Their names.
    size
        (height, width) of its pictures, px; None where it has a class for each pixel and takes pictures of any size.
    least_px
        Smallest side of a picture that makes sense to it.
    digest
        SHA-256 of its weights.
    """

    network: nn.Module
    classes: tuple[str, ...]
    size: tuple[int, int] | None
    least_px: int
    digest: str

    def size_for(self, wanted: tuple[int, int] | None) -> tuple[int, int] | None:
        """The size of its pictures where `wanted` is asked for, or with None its own. Raises ValueError for one too small."""
        if wanted is not None and min(wanted) < self.least_px:
            allowed = f"allowed for this network is {self.least_px}x{self.least_px} or more"
            raise ValueError(f"size = {wanted[0]}x{wanted[1]}: {allowed}")
        return wanted or self.size

    def plain(self) -> Network:
        """The network on raster frames, which ignores their order; with the same optimisations as the keyed one."""
        return _Plain(self.network.to(memory_format=torch.channels_last))

    def keyed(self, schedule: KeySchedule, size: tuple[int, int], shuffle: Shuffle) -> Network:
        """Its keyed twin for pictures of a size. Raises UnsupportedLayerError where it has a layer that cannot be keyed."""
        network = self.network.to(memory_format=torch.channels_last)
        example = torch.zeros(1, 3, *size).contiguous(memory_format=torch.channels_last)
        with schedule.layer_orders() as layer_orders:
            return _Keyed(convert(network, example, shuffle, layer_orders))


def choose_network(model: str, weights: Path | None) -> ChosenNetwork:
    """The network called `model`, of keycam's or torchvision's. Raises ValueError and WeightsError."""
    if model in MODELS:
        entry, network = MODELS[model], load(model, weights)
        size = entry.size if entry.dataset == "cifar10" else None
        classes, least_px = CLASSES[entry.dataset], entry.smallest_px
    else:
        if model not in pretrained_names():
            others = "a classifier or segmentation network of torchvision's"
            raise ValueError(f"model = {model!r}: allowed is {', '.join(MODELS)}, {others}")
        found = pretrained_network(model, weights)
        network, size, classes, least_px = found.network, found.size, found.classes, LEAST_PX
    return ChosenNetwork(_optimised(network), classes, size, least_px, network_digest(network))


def _optimised(network: nn.Module) -> nn.Module:
    """The network with its batch norms folded into the convolutions."""
    try:
        return fuse(network)
    except Exception:  # tracing runs the network's own code; what cannot be traced `convert` refuses in a sentence of its own
        return network


class _Plain:
    def __init__(self, network: nn.Module) -> None:
        self._network = network

    def __call__(self, x: Tensor, order: Tensor) -> Tensor:
        answer: Tensor = self._network(x.contiguous(memory_format=torch.channels_last))
        return answer

    def output_order(self, order: Tensor) -> None:
        """Raster."""


class _Keyed:
    def __init__(self, network: KeyedNetwork) -> None:
        self._network = network

    def __call__(self, x: Tensor, order: Tensor) -> Tensor:
        answer: Tensor = self._network(x.contiguous(memory_format=torch.channels_last), order)
        return answer

    def output_order(self, order: Tensor) -> Tensor | None:
        places: Tensor | None = self._network.output_order(order)
        return places
