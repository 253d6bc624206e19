"""Networks of random weights through which a signal lives, so that a pixel out of place shows at every layer."""

from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models.detection.ssd import SSD

from inference.keyed.detector import DenseMaps
from inference.models import MODELS, build

CLASSIFIERS = (
    "alexnet vgg16_bn resnet18 resnet50 wide_resnet50_2 resnext50_32x4d densenet121 googlenet inception_v3 squeezenet1_1 "
    "mobilenet_v2 mobilenet_v3_small shufflenet_v2_x1_0 mnasnet1_0 efficientnet_b0 efficientnet_v2_s regnet_y_400mf convnext_tiny"
).split()
SEGMENTERS = "fcn_resnet50 deeplabv3_mobilenet_v3_large lraspp_mobilenet_v3_large".split()
DETECTORS = "ssdlite320_mobilenet_v3_large ssd300_vgg16".split()
_SMALLEST_PX = {"inception_v3": 80}


def frame_size(name: str, size: tuple[int, int]) -> tuple[int, int]:
    """`size`, or the size of the same excess over 64 pixels for a network that takes no frames so small."""
    extra = _SMALLEST_PX.get(name, 64) - 64
    return size[0] + extra, size[1] + extra


def smooth_pictures(frames: int, size: tuple[int, int], seed: int) -> Tensor:
    """Pictures (frames, 3, H, W): white noise dies in a network of random weights, something smooth lives."""
    coarse = torch.rand(frames, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return nn.functional.interpolate(coarse, size=size, mode="bicubic")


def with_live_statistics(network: nn.Module, size: tuple[int, int]) -> nn.Module:
    """The network with batch-norm statistics of its own signal; with the default ones the signal dies and hides errors."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics of this one pass
    with torch.no_grad():
        network(smooth_pictures(8, size, seed=2))
    return network.eval()


def living_network(name: str, size: tuple[int, int]) -> nn.Module:
    """A classifier or segmentation network of ours or of torchvision, in eval mode, for frames of about `size`."""
    torch.manual_seed(1)
    if name in MODELS:
        return with_live_statistics(build(name), size)
    options: dict[str, Any] = {"weights": None}
    if name in SEGMENTERS:
        options["weights_backbone"] = None
    if name in ("googlenet", "inception_v3"):
        options |= {"init_weights": True, "aux_logits": False}
    network: nn.Module = models.get_model(name, **options)
    for path, parameter in network.named_parameters():
        if path.endswith("layer_scale"):  # by default a block adds a millionth of what it computes
            nn.init.ones_(parameter)
    return with_live_statistics(network, size)


def living_detector(name: str, size: tuple[int, int], **options: Any) -> SSD:
    """A detector of torchvision's, in eval mode, whose scores are far apart: by default all are near one another."""
    torch.manual_seed(1)
    detector: SSD = models.get_model(name, weights=None, weights_backbone=None, **options)
    maps = DenseMaps(detector)
    if any(isinstance(module, nn.BatchNorm2d) for module in maps.modules()):
        with_live_statistics(maps, size)
    for layers in maps.scores:
        last = [layer for layer in layers.modules() if isinstance(layer, nn.Conv2d)][-1]
        nn.init.normal_(last.weight, std=4 * float(last.weight.detach().std()))
    return detector.eval()
