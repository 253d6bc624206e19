"""The fast operators: a raster tile inside, keyed tensors outside."""

from typing import Any

import torch
from torch import Tensor, nn

from inference.keyed.place import MAP_AXES, Axes
from inference.keyed.positions import Activation, put_positions, put_positions_along, take_positions, take_positions_along


class KeyedOperator(nn.Module):
    """A spatial layer whose input and output are keyed.

    The layer itself runs on a raster tile that never leaves this module, so it is the very kernel that the plain network
    runs, and its sums do not depend on the key. What enters and what leaves is in secret order.

    Parameters
    ----------
    layer
        Any module (N, C, H, W) -> (N, C', H', W').
    axes_in, axes_out
        The adjacent axes along which the pixels run.
    """

    def __init__(self, layer: nn.Module, axes_in: Axes = MAP_AXES, axes_out: Axes = MAP_AXES) -> None:
        super().__init__()
        self.layer = layer
        self.axes_in, self.axes_out = axes_in, axes_out

    def forward(
        self,
        x: Tensor | list[Tensor],
        order_in: Tensor | None,
        order_out: Tensor | None,
        *args: Any,
        before: Activation | None = None,
        added: Tensor | None = None,
        activation: Activation | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """x in `order_in` -> the layer's output in `order_out`; None stands for the raster.

        x may come in a list, which is emptied, so that its memory is free once its pixels have been moved. What `fusing` has
        drawn in: x goes through the activation `before`, `added` is added to the output, and `activation` comes last; they
        come with orders only, and with maps. All other arguments are the layer's.
        """
        tile = x.pop() if isinstance(x, list) else x
        del x
        if before is not None and order_in is not None:
            tile = put_positions(tile, order_in, before)
        elif order_in is not None:
            tile = put_positions_along(tile, order_in, self.axes_in)
        out: Tensor = self.layer(tile, *args, **kwargs)
        del tile
        if order_out is None:
            return out
        if added is None and activation is None:
            return take_positions_along(out, order_out, self.axes_out)
        return take_positions(out, order_out, added, activation)


class Call(nn.Module):
    """A function or a method of a tensor as a module, so that it can stand where a layer can."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        return self.function(*args, **kwargs)


class FoldedLinear(nn.Module):
    """A linear layer that reads a flattened keyed map: the permutation is folded into the columns of its weight.

    The original layer's parameters are shared, so that training reaches them.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        self._folded: Tensor | None = None
        self._folded_state: tuple[Any, ...] = ()

    def train(self, mode: bool = True) -> "FoldedLinear":
        """Forget the folded weight whenever the weight may have changed."""
        self.forget()
        return super().train(mode)

    def forget(self) -> None:
        """Fold anew in the next call: weight or order have changed."""
        self._folded = None

    def forward(self, x: Tensor, order_in: Tensor) -> Tensor:
        """x (N, C P), channel by channel in `order_in`, int64 (P,), the same in every call -> (N, features)."""
        if self.training or torch.is_grad_enabled():
            return nn.functional.linear(x, self._fold(order_in), self.linear.bias)
        if torch.compiler.is_compiling():  # which would keep a tensor of its own kind
            return nn.functional.linear(x, self._fold(order_in), self.linear.bias)
        state = self.linear.weight.data_ptr(), self.linear.weight.dtype, _version(self.linear.weight)
        if self._folded is None or self._folded_state != state:
            self._folded, self._folded_state = self._fold(order_in), state
        folded = self._folded
        return nn.functional.linear(x, folded, self.linear.bias)

    def _fold(self, order_in: Tensor) -> Tensor:
        weight = self.linear.weight
        return weight.view(len(weight), -1, len(order_in)).index_select(2, order_in).flatten(1)


def _version(tensor: Tensor) -> int:
    """How often a tensor was changed in place; those of inference mode cannot be."""
    return 0 if tensor.is_inference() else tensor._version


class RestoringLinear(nn.Module):
    """A linear layer that reads a flattened map in the frame's own order, which is known only at run time."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: Tensor, order_in: Tensor) -> Tensor:
        """x (N, C P) in `order_in`, (P,) or (N, P) -> (N, features)."""
        by_position = x.view(x.shape[0], -1, order_in.shape[-1])
        return self.linear(put_positions_along(by_position, order_in, (2,)).flatten(1))
