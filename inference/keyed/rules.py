"""What each operation does to the order of the pixels."""

import operator

import torch
import torch.nn.functional as F
from torch import nn

# Each output pixel depends on the same pixel of the input alone: the order passes through.
POINTWISE_MODULES: tuple[type[nn.Module], ...] = (
    nn.BatchNorm2d,
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.GELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Tanh,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Dropout,
    nn.Identity,
)
POINTWISE_FUNCTIONS = {
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.iadd,
    operator.imul,
    operator.neg,
    torch.add,
    torch.sub,
    torch.mul,
    torch.div,
    torch.relu,
    torch.sigmoid,
    torch.tanh,
    torch.clamp,
    F.relu,
    F.relu6,
    F.leaky_relu,
    F.gelu,
    F.silu,
    F.sigmoid,
    F.hardswish,
    F.hardsigmoid,
    F.dropout,
}
POINTWISE_METHODS = {
    "add",
    "add_",
    "sub",
    "mul",
    "mul_",
    "div",
    "relu",
    "relu_",
    "sigmoid",
    "tanh",
    "clamp",
    "contiguous",
    "float",
}

# Each output pixel depends on a neighbourhood, or on all pixels.
SPATIAL_MODULES: tuple[type[nn.Module], ...] = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
SPATIAL_FUNCTIONS = {F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d, F.adaptive_max_pool2d}


def is_pointwise_convolution(module: nn.Module) -> bool:
    """A 1x1 convolution that visits every pixel once mixes channels only."""
    return (
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and module.stride == (1, 1)
        and module.padding in ((0, 0), "same", "valid")
    )
