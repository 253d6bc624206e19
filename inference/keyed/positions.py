"""Moving the pixels of a feature map: the two operations that every keyed operator is made of."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inference.keyed.place import MAP_AXES, Axes
from inference.keyed.row_kernels import CLAMP, HARDSWISH, NOTHING, are_permutations, put_rows, take_rows

Activation = Literal["relu", "relu6", "hardswish"]
ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {"relu": F.relu, "relu6": F.relu6, "hardswish": F.hardswish}
_IN_KERNEL: dict[Activation | None, tuple[int, float, float]] = {
    None: (NOTHING, 0.0, 0.0),
    "relu": (CLAMP, 0.0, math.inf),
    "relu6": (CLAMP, 0.0, 6.0),
    "hardswish": (HARDSWISH, 0.0, 6.0),
}
_NOTHING_ADDED = np.empty((0, 0, 0), np.float32)


def take_positions(x: Tensor, order: Tensor, added: Tensor | None = None, activation: Activation | None = None) -> Tensor:
    """Bring the pixels of a raster into an order: `out[q] = activation(x[order[q]] + added[q])`, all channels together.

    Parameters
    ----------
    x
        (N, C, H, W), or (1, C, H, W) to be shared by all frames. Channels-last memory moves each pixel as one block and
        is several times faster.
    order
        int64 (P,) for all of the batch, or (N, P) with one order for each frame; P = H W.
    added
        What is added, (N, C, H, W); None is nothing.
    activation
        What the sums go through; None is the identity.

    Returns
    -------
    Tensor
        (N, C, H, W) in the memory format of `x`.

    Raises
    ------
    IndexError
        A place in `order` outside 0..P-1.
    """
    if order.ndim == 2 and x.shape[0] == 1:
        x = x.expand(order.shape[0], -1, -1, -1)
    n, c, h, w = x.shape
    if not x.is_contiguous(memory_format=torch.channels_last):
        planes = x.reshape(n, c, h * w)
        moved = planes.index_select(2, order) if order.ndim == 1 else planes.gather(2, order[:, None, :].expand(n, c, h * w))
        moved = moved.view(n, c, h, w)
        return _activated(moved if added is None else moved + added, activation)
    rows = x.permute(0, 2, 3, 1).reshape(n, h * w, c)
    if _fits_kernels(x) and (added is None or _fits_kernels(added)):
        moved = torch.empty_like(rows)
        beside = _NOTHING_ADDED if added is None else added.permute(0, 2, 3, 1).reshape(rows.shape).numpy()
        _check(take_rows(rows.numpy(), _as_rows(order), beside, *_IN_KERNEL[activation], moved.numpy()), order)
        return moved.view(n, h, w, c).permute(0, 3, 1, 2)
    if order.ndim == 1 and n > 1:
        moved = rows.index_select(1, order)
    else:
        moved = rows.reshape(n * h * w, c).index_select(0, _row_numbers(order, n))
    moved = moved.view(n, h, w, c).permute(0, 3, 1, 2)
    return _activated(moved if added is None else moved + added, activation)


def put_positions(x: Tensor, order: Tensor, activation: Activation | None = None) -> Tensor:
    """Put pixels that are in an order back into the raster: `out[order[q]] = activation(x[q])`, undoing `take_positions`.

    Every order must be a permutation: where it is not, some pixels of the result are arbitrary.
    """
    n, c, h, w = x.shape
    if not x.is_contiguous(memory_format=torch.channels_last):
        planes = x.reshape(n, c, h * w)
        places = order if order.ndim == 1 else order[:, None, :].expand(n, c, h * w)
        moved = torch.empty_like(planes)
        moved = moved.index_copy_(2, places, planes) if order.ndim == 1 else moved.scatter_(2, places, planes)
        return _activated(moved.view(n, c, h, w), activation)
    rows = x.permute(0, 2, 3, 1).reshape(n, h * w, c)
    if _fits_kernels(x):
        moved = torch.empty_like(rows)
        _check(put_rows(rows.numpy(), _as_rows(order), *_IN_KERNEL[activation], moved.numpy()), order)
        return moved.view(n, h, w, c).permute(0, 3, 1, 2)
    flat = rows.reshape(n * h * w, c)
    moved = torch.empty_like(flat).index_copy_(0, _row_numbers(order, n), flat)
    return _activated(moved.view(n, h, w, c).permute(0, 3, 1, 2), activation)


def take_positions_along(x: Tensor, order: Tensor, axes: Axes) -> Tensor:
    """`take_positions` for a tensor of any layout, whose pixels run along the adjacent `axes`."""
    return _along(take_positions, x, order, axes)


def put_positions_along(x: Tensor, order: Tensor, axes: Axes) -> Tensor:
    """`put_positions` for a tensor of any layout, whose pixels run along the adjacent `axes`."""
    return _along(put_positions, x, order, axes)


def invert(order: Tensor) -> Tensor:
    """The inverse of each order: int64 (P,) or (N, P), with `invert(order)[order[q]] = q`."""
    places = torch.arange(order.shape[-1], device=order.device).expand_as(order)
    return torch.zeros_like(order).scatter_(-1, order, places)


def are_orders(order: Tensor) -> bool:
    """Whether each row of `order`, int64 (P,) or (N, P) on the CPU, holds every place in 0..P-1 once."""
    return bool(are_permutations(order.contiguous().view(-1, order.shape[-1]).numpy()))


def _along(move: Callable[[Tensor, Tensor], Tensor], x: Tensor, order: Tensor, axes: Axes) -> Tensor:
    if axes == MAP_AXES and x.ndim == 4:
        return move(x, order)
    # What lies behind the pixels takes the place of the channels, and what lies between frame and pixels that of columns.
    merged = x.flatten(axes[0], axes[-1]).movedim(axes[0], 1)
    if order.ndim == 2:
        merged = merged.expand(order.shape[0], *merged.shape[1:])
    moved = move(merged.reshape(*merged.shape[:2], -1).transpose(1, 2)[:, :, :, None], order)
    moved = moved[:, :, :, 0].transpose(1, 2).reshape(merged.shape)
    return moved.movedim(1, axes[0]).unflatten(axes[0], [x.shape[axis] for axis in axes])


def _fits_kernels(x: Tensor) -> bool:
    """Whether the kernels can stand in for torch: plain numbers on the CPU that nobody traces or differentiates."""
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and type(x) is Tensor
        and not x.requires_grad
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()
    )


def _activated(x: Tensor, activation: Activation | None) -> Tensor:
    return x if activation is None else ACTIVATIONS[activation](x)


def _as_rows(order: Tensor) -> NDArray[np.int64]:
    return order.contiguous().view(-1, order.shape[-1]).numpy()


def _check(inside: bool, order: Tensor) -> None:
    if not inside:
        raise IndexError(f"order = {int(order.min())} to {int(order.max())}: allowed is 0 to {order.shape[-1] - 1}")


def _row_numbers(order: Tensor, frames: int) -> Tensor:
    """The places of an order in the rows of all frames, one frame behind the other: (N P,)."""
    if frames == 1:
        return order.flatten()
    first = torch.arange(0, frames * order.shape[-1], order.shape[-1], device=order.device)[:, None]
    return (order + first).flatten()
