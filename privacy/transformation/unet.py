"""A U-Net from pictures to pictures (Ronneberger et al. 2015, "U-Net", figure 1), small enough for 32x32."""

from itertools import pairwise

import torch
from torch import Tensor, nn


class UNet(nn.Module):
    """Three halvings and as many doublings with skips between them; a sigmoid keeps the output in the range of a picture.

    Shapes: (N, 3, H, W) in 0..1 -> (N, 3, H, W) in 0..1; H and W multiples of 8.

    Parameters
    ----------
    width
        Channels of the maps of full size; they double with each halving.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"width = {width}: allowed is 1 or more")
        widths = [width, 2 * width, 4 * width, 8 * width]
        self.pool = nn.MaxPool2d(2)
        self.down = nn.ModuleList([_twice(3, width), *(_twice(a, b) for a, b in pairwise(widths))])
        wide = widths[::-1]
        self.grow = nn.ModuleList([nn.ConvTranspose2d(a, b, 2, 2) for a, b in pairwise(wide)])
        self.up = nn.ModuleList([_twice(2 * b, b) for b in wide[1:]])
        self.last = nn.Conv2d(width, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = [self.down[0](x)]
        for step in self.down[1:]:
            maps.append(step(self.pool(maps[-1])))
        y = maps.pop()
        for grow, step in zip(self.grow, self.up, strict=True):
            y = step(torch.cat([grow(y), maps.pop()], 1))
        return torch.sigmoid(self.last(y))


def _twice(channels: int, out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for entering in (channels, out):
        layers += [nn.Conv2d(entering, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
    return nn.Sequential(*layers)
