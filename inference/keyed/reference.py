"""The published operators: deformable convolution and pooling whose offsets are built from the key.

Perez, Lopez, Arguello, "Privacy-preserving deep learning using deformable operators for secure task learning", ICASSP 2024,
equation 2. They are slow (the offsets have 2 k^2 values for each output pixel) and serve as the measure of the fast ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from inference.keyed.errors import UnsupportedLayerError
from inference.keyed.positions import invert

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """How a convolution or pooling window walks over its input raster; every pair is (rows, columns)."""

    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    @classmethod
    def of(cls, layer: nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) -> "Window":
        """The window of a convolution or pooling layer."""
        kernel, dilation = _pair(layer.kernel_size), _pair(getattr(layer, "dilation", 1))
        if layer.padding == "same":
            padding = dilation[0] * (kernel[0] - 1) // 2, dilation[1] * (kernel[1] - 1) // 2
        else:
            padding = (0, 0) if isinstance(layer.padding, str) else _pair(layer.padding)
        return cls(kernel, _pair(layer.stride), padding, dilation)


def _pair(value: int | tuple[int, ...]) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def keyed_offsets(inverse_in: Tensor, order_out: Tensor, window: Window, size_in: Pair, size_out: Pair) -> Tensor:
    """Offsets that make a deformable operator read a keyed raster and write another (equation 2).

    At output cell q and tap u: `rc(K^-1[s rc(K1[q]) - p + d u]) - (s rc(q) - p + d u)`, with K the order of the input, K1
    that of the output; a source outside the raster gets the place (-1, -1), which samples zero.

    Parameters
    ----------
    inverse_in
        K^-1, int64 (P,) or (N, P), P = H W of `size_in`.
    order_out
        K1, int64 (P',), P' = H' W' of `size_out`.

    Returns
    -------
    Tensor
        float32 (1 or N, 2 kh kw, H', W') in torchvision's layout: for each tap its row displacement, then its column one.
    """
    (height, width), (height_out, width_out) = size_in, size_out
    device = order_out.device
    inverse = inverse_in.reshape(-1, height * width)
    cell = torch.arange(height_out * width_out, device=device)
    true_row, true_column = order_out // width_out, order_out % width_out
    offsets = []
    for u in range(window.kernel[0]):
        for v in range(window.kernel[1]):
            row = true_row * window.stride[0] - window.padding[0] + window.dilation[0] * u
            column = true_column * window.stride[1] - window.padding[1] + window.dilation[1] * v
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            place = inverse[:, torch.where(inside, row * width + column, 0)]
            grid_row = (cell // width_out) * window.stride[0] - window.padding[0] + window.dilation[0] * u
            grid_column = (cell % width_out) * window.stride[1] - window.padding[1] + window.dilation[1] * v
            offsets.append(torch.where(inside, place // width, -1) - grid_row)
            offsets.append(torch.where(inside, place % width, -1) - grid_column)
    return torch.stack(offsets, 1).view(len(inverse), -1, height_out, width_out).float()


def deformable_samples(x: Tensor, offsets: Tensor, window: Window) -> tuple[Tensor, Tensor]:
    """Bilinear samples of x (N, C, H, W) at every tap: values (N, C, taps, H', W') and inside (N or 1, 1, taps, H', W').

    A tap at (-1, -1) lies outside: its value is 0 and `inside` is False.
    """
    n, c, height, width = x.shape
    frames, _, height_out, width_out = offsets.shape
    taps = offsets.view(frames, -1, 2, height_out, width_out)
    u = torch.arange(window.kernel[0], device=x.device).repeat_interleave(window.kernel[1])
    v = torch.arange(window.kernel[1], device=x.device).repeat(window.kernel[0])
    rows = torch.arange(height_out, device=x.device)[:, None] * window.stride[0] - window.padding[0]
    columns = torch.arange(width_out, device=x.device) * window.stride[1] - window.padding[1]
    row = taps[:, :, 0] + rows + (window.dilation[0] * u)[:, None, None]
    column = taps[:, :, 1] + columns + (window.dilation[1] * v)[:, None, None]
    values = torch.zeros(n, c, *row.shape[1:], dtype=x.dtype, device=x.device)
    for corner_row, weight_row in ((row.floor(), 1 - row % 1), (row.floor() + 1, row % 1)):
        for corner_column, weight_column in ((column.floor(), 1 - column % 1), (column.floor() + 1, column % 1)):
            inside = (corner_row >= 0) & (corner_row < height) & (corner_column >= 0) & (corner_column < width)
            place = torch.where(inside, corner_row * width + corner_column, 0).long().expand(n, *row.shape[1:])
            corner = x.flatten(2).gather(2, place.reshape(n, 1, -1).expand(n, c, -1)).view_as(values)
            values += corner * (weight_row * weight_column * inside)[:, None]
    return values, ((row > -1) & (row < height) & (column > -1) & (column < width))[:, None]


class ReferenceOperator(nn.Module):
    """A published operator in place of a convolution or pooling layer, all keyed."""

    def __init__(self, layer: nn.Module, size_in: Pair, size_out: Pair, path: str) -> None:
        super().__init__()
        self.layer = layer
        self.size_in, self.size_out = size_in, size_out
        if size_out == (1, 1) and isinstance(layer, nn.AdaptiveAvgPool2d):
            layer = nn.AvgPool2d(size_in)
        self.compute, self.window = _published(layer, path)

    def forward(self, x: Tensor, order_in: Tensor | None, order_out: Tensor | None) -> Tensor:
        """x (N, C, H, W) in `order_in` -> (N, C', H', W') in `order_out`; None stands for the raster."""
        if order_in is None:
            order_in = torch.arange(self.size_in[0] * self.size_in[1], device=x.device)
        if order_out is None:
            order_out = torch.arange(self.size_out[0] * self.size_out[1], device=x.device)
        offsets = keyed_offsets(invert(order_in), order_out, self.window, self.size_in, self.size_out)
        return self.compute(x, offsets.to(x.dtype), self.window)


def _published(layer: nn.Module, path: str) -> tuple[Callable[[Tensor, Tensor, Window], Tensor], Window]:
    if isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros" and _is_symmetric(layer):

        def convolve(x: Tensor, offsets: Tensor, window: Window) -> Tensor:
            offsets = offsets.expand(len(x), -1, -1, -1).contiguous()
            # torchvision reads the number of groups off the weight's shape.
            return deform_conv2d(x, offsets, layer.weight, layer.bias, window.stride, window.padding, window.dilation)

        return convolve, Window.of(layer)
    if isinstance(layer, nn.MaxPool2d) and not layer.ceil_mode:

        def largest(x: Tensor, offsets: Tensor, window: Window) -> Tensor:
            values, inside = deformable_samples(x, offsets, window)
            return values.masked_fill(~inside, float("-inf")).amax(2)

        return largest, Window.of(layer)
    if isinstance(layer, nn.AvgPool2d) and not layer.ceil_mode and layer.divisor_override is None:

        def mean(x: Tensor, offsets: Tensor, window: Window) -> Tensor:
            values, inside = deformable_samples(x, offsets, window)
            return values.mean(2) if layer.count_include_pad else values.sum(2) / inside.sum(2)

        return mean, Window.of(layer)
    raise UnsupportedLayerError(path, type(layer).__name__, "the reference backend has no such operator; use backend='fast'")


def _is_symmetric(layer: nn.Conv2d) -> bool:
    """Whether both borders get the same padding, which is all that torchvision's operator can do."""
    return layer.padding != "same" or all(d * (k - 1) % 2 == 0 for k, d in zip(layer.kernel_size, layer.dilation, strict=True))
