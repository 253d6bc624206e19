"""The secret orders of a network's layers and all that is computed from them: what a new epoch replaces."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference.keyed.positions import invert

TABLES = "order_tables"
"""Name of the tables in a keyed graph module."""


class LayerOrders(Protocol):
    """Where the secret orders come from: `adc.KeySchedule.layer_orders()`."""

    def order(self, name: str, positions: int) -> NDArray[np.uint32]: ...


class OrderTables(nn.Module):
    """Declares the tables of a network by name; `draw` fills them, as buffers that are no part of the state dict."""

    def __init__(self) -> None:
        super().__init__()
        self._recipes: dict[str, Callable[[LayerOrders], Tensor]] = {}

    def declare_order(self, name: str, positions: int) -> str:
        """The order of the layer `name`, int64 (positions,)."""
        self._recipes[name] = lambda source: torch.from_numpy(source.order(name, positions).astype(np.int64))
        return name

    def declare_inverse(self, order: str) -> str:
        """The inverse of another table's order."""
        name = f"inverse_of_{order}"
        self._recipes[name] = lambda source: invert(self.get_buffer(order).cpu())
        return name

    def declare_move(self, before: str, after: str) -> str:
        """What takes a tensor straight from one order into another: `take_positions(x, table)`."""
        name = f"{before}_to_{after}"
        self._recipes[name] = lambda source: invert(self.get_buffer(before).cpu())[self.get_buffer(after).cpu()]
        return name

    def draw(self, source: LayerOrders, device: torch.device | None = None) -> None:
        """Fill all tables anew, on `device` or else where they lie."""
        for name, recipe in self._recipes.items():
            self.register_buffer(name, recipe(source).to(device or self.get_buffer(name).device), persistent=False)
