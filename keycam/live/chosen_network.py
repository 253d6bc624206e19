"""Which network answers: its classes by name, and the size of the pictures that it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from adc import Geometry
from inference.datasets import CLASSES
from inference.models import MODELS, named_network
from inference.models.pretrained import pretrained_names, pretrained_network

MASK_SIZE = (240, 320)
"""(h, w) for networks with a class for each pixel that take pictures of any size."""


@dataclass(frozen=True, eq=False)
class ChosenNetwork:
    """A network, ready to predict.

    Attributes
    ----------
    name
        As it was asked for.
    network
        Takes (1, 3, h, w) in 0..1.
    size
        (h, w) that it was made for.
    classes
        Their names; empty where nobody knows them.
    """

    name: str
    network: nn.Module
    size: tuple[int, int]
    classes: Sequence[str]

    def class_name(self, index: int) -> str:
        """The name of a class, or its number."""
        return self.classes[index] if index < len(self.classes) else f"class {index}"


def chosen_network(name: str, weights: Path | None) -> ChosenNetwork:
    """The network `name` with `weights`; torchvision's take their published ones, which this may have to download.

    Raises ValueError for an unknown name, WeightsError for weights that are not there, do not fit or cannot be downloaded.
    """
    if name not in MODELS and name in pretrained_names():
        published = pretrained_network(name, weights)
        return ChosenNetwork(name, published.network, published.size or MASK_SIZE, published.classes)
    named = named_network(name, weights)
    classes = CLASSES[MODELS[name].dataset] if name in MODELS else ()
    return ChosenNetwork(name, named.network, named.size or (224, 224), classes)


def cropped_to(size: tuple[int, int], geometry: Geometry) -> tuple[tuple[int, int], tuple[int, int, int, int]]:
    """The picture (h, w) for a network made for `size`, and the centred part (top, left, height, width) that it is made of.

    The largest part of which blocks of photosites make the picture's pixels, all of one size and even where the array is a Bayer
    one, as the image signal processor wants them. Raises ValueError for an array that is smaller.
    """
    step = 2 if geometry.is_bayer else 1
    factor = min(geometry.height // size[0], geometry.width // size[1])
    factor -= factor % step if factor > 1 else 0
    if factor < 1:
        trouble = f"the network takes pictures of {size[1]}x{size[0]} and the camera has {geometry.width}x{geometry.height}"
        raise ValueError(f"model: {trouble}; allowed is a network for smaller pictures")
    height, width = size[0] * factor, size[1] * factor
    top, left = (geometry.height - height) // 2 // 2 * 2, (geometry.width - width) // 2 // 2 * 2
    return size, (top, left, height, width)
