"""A converted network: keyed pixels and their order in, the plain network's answer out."""

from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import Tensor, fx, nn

from inference.keyed.fusing import fused
from inference.keyed.operators import FoldedLinear
from inference.keyed.place import MAP_AXES, Axes, Place
from inference.keyed.positions import are_orders, put_positions_along
from inference.keyed.tables import TABLES, LayerOrders, OrderTables
from inference.keyed.tracing import pixels_of


@dataclass(frozen=True)
class Activation:
    """What one node of the original graph computed.

    Attributes
    ----------
    tensor
        The node's output, (N, C, H, W) where it is spatial.
    order
        int64 (P,) or (N, P), the order that its pixels are in; None where the tensor is not spatial.
    axes
        The adjacent axes that the pixels run along.
    flattened
        The tensor is a keyed map laid out as features (N, C P), channel by channel, in secret order.
    """

    tensor: Tensor
    order: Tensor | None
    axes: Axes = MAP_AXES
    flattened: bool = False

    def raster(self) -> Tensor:
        """The tensor with its pixels back in place."""
        return self.tensor if self.order is None else put_positions_along(self.tensor, self.order, self.axes)


class KeyedNetwork(nn.Module):
    """What `convert` returns: call it as `keyed(x, order)`.

    Attributes
    ----------
    graph
        The keyed graph with a node for each one of the original network; its meta "place" says in which order its tensor is.
    graph_module
        The modules and tables, and the code that runs: that of `graph` with fewer passes over the memory.

    It holds secret orders and therefore refuses to be pickled; they are no part of its state dict either.
    """

    def __init__(self, graph_module: fx.GraphModule, channels_in: int, size_in: tuple[int, int]) -> None:
        super().__init__()
        self.graph, self.graph_module = graph_module.graph, graph_module
        graph_module.graph = fused(self.graph, dict(graph_module.named_modules()))
        self.channels_in, self.size_in = channels_in, size_in

    def forward(self, x: Tensor, order: Tensor) -> Any:
        """Answer for keyed frames exactly as the plain network answers for plain ones.

        Parameters
        ----------
        x
            (N, C, H, W), holding pixels in emission order: pixel q of the frame at row q // W, column q % W.
        order
            Integer (P,), one order for the batch, or (N, P), one for each frame, with P = H W: `x[q] = plain[order[q]]`.

        Raises
        ------
        ValueError
            A size that is not the frame's that the network was converted for; on the CPU also an order that is none.
        TypeError
            Frames or orders that are no tensors.
        """
        return self.graph_module(x, self._checked_order(x, order))

    def rekey(self, layer_orders: LayerOrders) -> None:
        """Give every layer its order of a new epoch; what the network computes stays the same."""
        tables: OrderTables = getattr(self.graph_module, TABLES)
        tables.draw(layer_orders)
        for module in self.graph_module.modules():
            if isinstance(module, FoldedLinear):
                module.forget()

    def activations(self, x: Tensor, order: Tensor) -> dict[str, Activation]:
        """What every node of the original graph computes for these frames, by node name: what a spy on the memory would see.

        Here no sum and no activation is drawn into the operator before it, as they are in `forward`.
        """
        index = self._checked_order(x, order)
        values = _Recorder(self.graph_module, graph=self.graph).record(x, index)
        return {node.meta["original"]: self._activation(node, value, index) for node, value in values.items()}

    def _activation(self, node: fx.Node, value: Tensor, index: Tensor) -> Activation:
        place: Place | None = node.meta["place"]
        if place is None:
            return Activation(value, None)
        return Activation(value, self._order_of(node, index), place.axes, place.flattened)

    def output_order(self, order: Tensor) -> Any:
        """The orders of the outputs, in the structure of the output, for frames in `order`.

        None where an output is not spatial, else the order of that dense output (the identity where it is raster).
        """
        index = order.to(torch.int64)
        output = next(node for node in self.graph.nodes if node.op == "output")
        return fx.node.map_arg(output.args[0], lambda node: self._order_of(node, index))

    def output_places(self) -> Any:
        """Where the pixels of the outputs are, in the structure of the output: a `Place`, or None where it is not spatial."""
        output = next(node for node in self.graph.nodes if node.op == "output")
        return fx.node.map_arg(output.args[0], lambda node: node.meta["place"])

    def _order_of(self, node: fx.Node, index: Tensor) -> Tensor | None:
        place: Place | None = node.meta["place"]
        if place is None or place.flattened:
            return None
        if place.is_input:
            return index
        if place.is_raster:
            return torch.arange(pixels_of(node.meta["shape"], place.axes), device=index.device)
        return self.graph_module.get_buffer(f"{TABLES}.{place.order}")

    def _checked_order(self, x: Tensor, order: Tensor) -> Tensor:
        height, width = self.size_in
        for name, value in (("x", x), ("order", order)):
            if not isinstance(value, Tensor):
                raise TypeError(f"{name} = a {type(value).__name__}: allowed is a torch.Tensor")
        if x.ndim != 4 or x.shape[1:] != (self.channels_in, height, width):
            allowed = f"(N, {self.channels_in}, {height}, {width})"
            raise ValueError(f"x = {tuple(x.shape)}: allowed is {allowed}, the size it was converted for")
        if order.is_floating_point() or order.is_complex() or order.dtype == torch.bool:
            raise ValueError(f"order = {order.dtype}: allowed is a type of whole numbers")
        per_frame = order.ndim == 2 and order.shape[0] == x.shape[0]  # dimension by dimension, as torch.export can follow it
        if not (order.ndim == 1 or per_frame) or order.shape[-1] != height * width:
            raise ValueError(f"order = {tuple(order.shape)}: allowed is ({height * width},) or ({len(x)}, {height * width})")
        index = order.to(device=x.device, dtype=torch.int64)
        # On a GPU the check would make every call wait for its answer.
        if index.device.type == "cpu" and not torch.compiler.is_compiling() and not are_orders(index):
            raise ValueError(f"order: some place is there twice or not at all; allowed is each of 0 to {height * width - 1} once")
        return index

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a keyed network holds a key: it cannot be pickled or copied; convert the plain network again")


class _Recorder(fx.Interpreter):
    """Runs the graph and keeps every tensor that stands for one of the original network."""

    def __init__(self, graph_module: fx.GraphModule, graph: fx.Graph) -> None:
        super().__init__(graph_module, graph=graph)
        self.values: dict[fx.Node, Tensor] = {}

    def record(self, *args: Tensor) -> dict[fx.Node, Tensor]:
        self.run(*args)
        return self.values

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if "original" in n.meta and isinstance(value, Tensor):
            self.values[n] = value
        return value
