"""The fast operators: a raster tile inside, keyed tensors outside."""

from typing import Any

import torch
from torch import Tensor, nn

from inference.keyed.place import MAP_AXES, Axes
from inference.keyed.positions import take_positions_along


class KeyedOperator(nn.Module):
    """A spatial layer whose input and output are keyed.

    The layer itself runs on a raster tile that never leaves this module, so it is the very kernel that the plain network
    runs, and its sums do not depend on the key. What enters and what leaves is in secret order.

    Parameters
    ----------
    layer
        Any module (N, C, H, W) -> (N, C', H', W').
    order_out
        int64 (P',), the secret order of the output; None leaves it in raster order.
    axes_in, axes_out
        The adjacent axes along which the pixels run.
    """

    order_out: Tensor | None

    def __init__(self, layer: nn.Module, order_out: Tensor | None, axes_in: Axes = MAP_AXES, axes_out: Axes = MAP_AXES) -> None:
        super().__init__()
        self.layer = layer
        self.axes_in, self.axes_out = axes_in, axes_out
        self.register_buffer("order_out", order_out, persistent=False)

    def forward(self, x: Tensor, inverse_in: Tensor | None, *args: Any, **kwargs: Any) -> Tensor:
        """x in the order whose inverse is `inverse_in` (None: raster) -> the layer's output in `order_out`."""
        tile = x if inverse_in is None else take_positions_along(x, inverse_in, self.axes_in)
        out = self.layer(tile, *args, **kwargs)
        return out if self.order_out is None else take_positions_along(out, self.order_out, self.axes_out)


class Call(nn.Module):
    """A function or a method of a tensor as a module, so that it can stand where a layer can."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.function(*args, **kwargs)


class FoldedLinear(nn.Module):
    """A linear layer that reads a flattened keyed map: the permutation is folded into the columns of its weight.

    Parameters
    ----------
    linear
        The original layer; its parameters are shared, so that training reaches them.
    order_in
        int64 (P,), the order of the map that was flattened; the layer has C P input features.
    """

    order_in: Tensor

    def __init__(self, linear: nn.Linear, order_in: Tensor) -> None:
        super().__init__()
        self.linear = linear
        self.register_buffer("order_in", order_in, persistent=False)
        self._folded: Tensor | None = None

    def train(self, mode: bool = True) -> "FoldedLinear":
        """Forget the folded weight whenever the weight may have changed."""
        self._folded = None
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        """x (N, C P), channel by channel in keyed order -> (N, features)."""
        if self.training or torch.is_grad_enabled():
            return nn.functional.linear(x, self._fold(), self.linear.bias)
        folded = self._folded
        if folded is None or folded.device != x.device:
            folded = self._fold()
            if not torch.compiler.is_compiling():  # which would keep a tensor of its own kind
                self._folded = folded
        return nn.functional.linear(x, folded, self.linear.bias)

    def _fold(self) -> Tensor:
        weight = self.linear.weight
        by_position = weight.view(len(weight), -1, len(self.order_in))
        return by_position.index_select(2, self.order_in).flatten(1)


class RuntimeFoldedLinear(nn.Module):
    """A linear layer that reads a flattened map in the input's own order, which is known only at run time."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: Tensor, inverse_in: Tensor) -> Tensor:
        """x (N, C P) in the order whose inverse is `inverse_in`, (P,) or (N, P) -> (N, features)."""
        by_position = x.view(x.shape[0], -1, inverse_in.shape[-1])
        if inverse_in.ndim == 1:
            raster = by_position.index_select(2, inverse_in)
        else:
            raster = by_position.gather(2, inverse_in[:, None, :].expand_as(by_position))
        return self.linear(raster.flatten(1))
