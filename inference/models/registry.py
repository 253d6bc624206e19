"""The networks by name, what they were made for, and the weights that belong to them."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, get_args

from torch import nn

from inference.models.fcn import FcnResNet12
from inference.models.resnet import PreResNet, ResNet
from inference.models.state import WeightsError, fill
from inference.models.vgg import Vgg16

DatasetName = Literal["cifar10", "camvid", "voc"]


@dataclass(frozen=True)
class Model:
    """A network that keycam builds.

    Attributes
    ----------
    make
        Builds it with fresh weights.
    dataset
        What it was made for: "cifar10" for one class a picture, "camvid" for one a pixel.
    size
        Height and width of that data set's pictures, px.
    smallest_px
        The smallest side of a picture that it takes.
    """

    make: Callable[[], nn.Module]
    dataset: DatasetName
    size: tuple[int, int]
    smallest_px: int


MODELS: dict[str, Model] = {
    "resnet20": Model(ResNet, "cifar10", (32, 32), 4),
    "preresnet110": Model(PreResNet, "cifar10", (32, 32), 4),
    "vgg16": Model(Vgg16, "cifar10", (32, 32), 32),
    "fcn_resnet12": Model(FcnResNet12, "camvid", (180, 240), 16),
}

VOC_NETWORKS = (
    "fcn_resnet50", "fcn_resnet101", "deeplabv3_resnet50", "deeplabv3_resnet101", "deeplabv3_mobilenet_v3_large",
    "lraspp_mobilenet_v3_large",
)  # fmt: skip
"""torchvision's networks for the classes of PASCAL VOC; here, so that naming one does not take seconds."""


def model_for(dataset: str, name: str | None = None) -> str:
    """The name of a network for `dataset`: `name` where it is one, the first of them for None. Raises `ValueError`."""
    if dataset not in get_args(DatasetName):
        raise ValueError(f"dataset = {dataset!r}: allowed is {', '.join(get_args(DatasetName))}")
    own = [known for known, model in MODELS.items() if model.dataset == dataset]
    names = list(VOC_NETWORKS) if dataset == "voc" else own
    if name is None:
        return names[0]
    if name not in names:
        other = f", {name} is for {MODELS[name].dataset}" if name in MODELS else ""
        raise ValueError(f"model = {name!r}: allowed is one of {', '.join(names)} with dataset {dataset}{other}")
    return name


def build(name: str) -> nn.Module:
    """Make the network `name` with fresh weights. Raises `ValueError` for an unknown name."""
    if name not in MODELS:
        raise ValueError(f"model = {name!r}: allowed is one of {', '.join(MODELS)}")
    return MODELS[name].make()


def shipped_weights(name: str) -> Path:
    """The weights that come with keycam. Raises `WeightsError` when there are none for `name`."""
    file = f"{name}-{MODELS[name].dataset}.safetensors"
    path = Path(str(resources.files("inference"))) / "weights" / file
    if not path.is_file():
        made = f"keycam train --dataset {MODELS[name].dataset} --model {name}"
        raise WeightsError(f"model = {name!r}: no weights are shipped for it; allowed is weights from '{made}'")
    return path


def has_shipped_weights(name: str) -> bool:
    """Whether keycam comes with weights of `name`."""
    try:
        shipped_weights(name)
    except WeightsError:
        return False
    return True


def load(name: str, weights: Path | None = None) -> nn.Module:
    """Make the network `name` with `weights` (safetensors or .pth), by default the shipped ones, ready to predict.

    Raises `ValueError` for an unknown name and `WeightsError` for weights that are not there or not those of the network.
    """
    network = build(name)
    return fill(network, shipped_weights(name) if weights is None else weights, name)
