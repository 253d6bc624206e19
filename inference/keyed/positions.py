"""Moving the pixels of a feature map: the one operation that every keyed operator is made of."""

import torch
from torch import Tensor


def take_positions(x: Tensor, index: Tensor) -> Tensor:
    """Re-order the pixels of a feature map: `out[q] = x[index[q]]`, all channels of a pixel together.

    Parameters
    ----------
    x
        (N, C, H, W), or (1, C, H, W) to be shared by all frames. Channels-last memory moves each pixel as one block and
        is several times faster.
    index
        int64 (P,) for all of the batch, or (N, P) with one order for each frame; P = H W.

    Returns
    -------
    Tensor
        (N, C, H, W) in the memory format of `x`.
    """
    if index.ndim == 2 and x.shape[0] == 1:
        x = x.expand(index.shape[0], -1, -1, -1)
    n, c, h, w = x.shape
    if x.is_contiguous(memory_format=torch.channels_last):
        pixels = x.permute(0, 2, 3, 1)
        if index.ndim == 1:
            moved = pixels.reshape(n, h * w, c).index_select(1, index)
        else:
            first = torch.arange(0, n * h * w, h * w, device=index.device)[:, None]
            moved = pixels.reshape(n * h * w, c).index_select(0, (index + first).flatten())
        return moved.view(n, h, w, c).permute(0, 3, 1, 2)
    planes = x.reshape(n, c, h * w)
    moved = planes.index_select(2, index) if index.ndim == 1 else planes.gather(2, index[:, None, :].expand(n, c, h * w))
    return moved.view(n, c, h, w)


def take_positions_along(x: Tensor, index: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Re-order the pixels of a tensor of any layout, whose pixels run along the adjacent `axes`; as `take_positions`."""
    if axes == (2, 3) and x.ndim == 4:
        return take_positions(x, index)
    merged = x.flatten(axes[0], axes[-1]).movedim(axes[0], 1)
    if index.ndim == 1:
        moved = merged.index_select(1, index)
    else:
        merged = merged.expand(index.shape[0], *merged.shape[1:])
        moved = merged.gather(1, index.view(*index.shape, *(1,) * (merged.ndim - 2)).expand_as(merged))
    return moved.movedim(1, axes[0]).unflatten(axes[0], [x.shape[axis] for axis in axes])


def invert(order: Tensor) -> Tensor:
    """The inverse of each order: int64 (P,) or (N, P), with `invert(order)[order[q]] = q`."""
    places = torch.arange(order.shape[-1], device=order.device).expand_as(order)
    return torch.zeros_like(order).scatter_(-1, order, places)


def compose(inverse: Tensor, order: Tensor) -> Tensor:
    """The index that brings a tensor with inverse order `inverse` straight into `order`, one of them or both per frame."""
    if inverse.ndim == 1:
        return inverse[order]
    return inverse.gather(1, order.expand(inverse.shape[0], -1))
