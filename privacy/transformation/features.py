"""What a picture looks like to a trained network's first layers: the phi of Ito et al., equation 4."""

from torch import nn

from inference.datasets import DataError
from inference.models import load
from inference.models.normalise import Normalise
from inference.models.resnet import ResNet

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_VGG16_LAYERS = {"vgg16-relu1_2": 4, "vgg16-relu2_2": 9}
FEATURES = (*_VGG16_LAYERS, "resnet20-block1")
"""relu1_2 is the paper's, relu2_2 that of its later code; resnet20-block1, of keycam's own weights, needs no download."""


def feature_network(name: str) -> nn.Module:
    """The frozen layers `name`: (N, 3, H, W) in 0..1 -> maps.

    Raises `ValueError` for an unknown name, `DataError` where torchvision's ImageNet weights cannot be had.
    """
    if name not in FEATURES:
        raise ValueError(f"features = {name!r}: allowed is {', '.join(FEATURES)}")
    layers = _vgg16_layers(name) if name in _VGG16_LAYERS else _first_block()
    return layers.eval().requires_grad_(False)


def _vgg16_layers(name: str) -> nn.Module:
    from torchvision.models import VGG16_Weights, vgg16  # takes seconds

    try:
        network = vgg16(weights=VGG16_Weights.IMAGENET1K_V1)
    except OSError as error:
        trouble = f"torchvision's ImageNet weights could not be downloaded ({error})"
        raise DataError(f"features = {name!r}: {trouble}; allowed offline is 'resnet20-block1'") from error
    layers = list(network.features)[: _VGG16_LAYERS[name]]
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    return nn.Sequential(Normalise(IMAGENET_MEAN, IMAGENET_STD), *layers)


def _first_block() -> nn.Module:
    network = load("resnet20")
    assert isinstance(network, ResNet)
    first_stage = network.stages[0]
    assert isinstance(first_stage, nn.Sequential)
    return nn.Sequential(network.normalise, network.conv1, network.bn1, network.relu, first_stage[0])
