"""Channel normalisation as the network's first layer, so that a network takes pictures in 0..1."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.2470, 0.2435, 0.2616)


class Normalise(nn.Module):
    """Subtract a mean and divide by a standard deviation for each channel.

    It is pointwise, so it commutes with any order of the pixels: a keyed network holds it unchanged.

    Parameters
    ----------
    mean, std
        One value a channel, in the input's units (0..1).
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Sequence[float] = CIFAR10_MEAN, std: Sequence[float] = CIFAR10_STD) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("scale", 1 / torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x (N, C, H, W)."""
        return (x - self.mean) * self.scale
