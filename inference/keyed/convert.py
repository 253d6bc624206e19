"""From a trained network to its keyed twin: follow the order of every tensor and rewrite only what is spatial."""

from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from inference.keyed.errors import UnsupportedLayerError
from inference.keyed.network import KeyedNetwork
from inference.keyed.operators import Call, FoldedLinear, KeyedOperator, RuntimeFoldedLinear
from inference.keyed.place import INPUT, RASTER, Place
from inference.keyed.positions import compose, invert, take_positions
from inference.keyed.rules import (
    POINTWISE_FUNCTIONS,
    POINTWISE_METHODS,
    POINTWISE_MODULES,
    SPATIAL_FUNCTIONS,
    SPATIAL_MODULES,
    is_pointwise_convolution,
)

Shuffle = Literal["every-layer", "input"]
Backend = Literal["fast", "reference"]


class LayerOrders(Protocol):
    """Where the secret orders of the layers come from: `adc.KeySchedule.layer_orders()`."""

    def order(self, name: str, positions: int) -> NDArray[np.uint32]: ...


def convert(
    network: nn.Module,
    example: Tensor,
    shuffle: Shuffle = "every-layer",
    layer_orders: LayerOrders | None = None,
    backend: Backend = "fast",
) -> KeyedNetwork:
    """Make the keyed twin of a trained network: same parameters, same answers, pixels in secret order.

    Parameters
    ----------
    network
        Any network that torch.fx can trace and whose spatial layers are known; its parameters are shared, not copied.
    example
        (N, C, H, W), an input of the size that the frames will have; its values do not matter.
    shuffle
        "every-layer": every tensor that leaves an operator is in its own secret order. "input": the order is undone at the
        first spatial operator, which is fastest.
    layer_orders
        Source of the layers' orders; by default a throw-away key.
    backend
        "fast", or "reference": the published deformable operators, some ten times slower.

    Raises
    ------
    UnsupportedLayerError
        An operation whose effect on the order is not known, with its path and what to do.
    """
    if shuffle not in ("every-layer", "input"):
        raise ValueError(f"shuffle = {shuffle!r}: allowed is 'every-layer' or 'input'")
    if backend not in ("fast", "reference"):
        raise ValueError(f"backend = {backend!r}: allowed is 'fast' or 'reference'")
    if example.ndim != 4:
        raise ValueError(f"example = {tuple(example.shape)}: allowed is (N, C, H, W)")
    traced = _trace(network, example)
    rewriter = _Rewriter(traced, shuffle, layer_orders or _throw_away_orders(), backend, example.device)
    size = int(example.shape[2]), int(example.shape[3])
    return KeyedNetwork(rewriter.rewrite(), size).train(network.training)


def _throw_away_orders() -> LayerOrders:
    import secrets

    from adc import KeySchedule

    return KeySchedule(secrets.token_bytes(32)).layer_orders()


def _trace(network: nn.Module, example: Tensor) -> fx.GraphModule:
    try:
        traced = fx.symbolic_trace(network)
    except (fx.proxy.TraceError, TypeError) as error:
        raise UnsupportedLayerError(
            type(network).__name__, "forward", f"torch.fx cannot trace it ({error}); take data-dependent branches out of it"
        ) from error
    modes = {module: module.training for module in network.modules()}
    with torch.no_grad():
        ShapeProp(traced.eval()).propagate(example)
    for module, mode in modes.items():
        module.training = mode
    return traced


class _Rewriter:
    """One pass over the traced graph; every original node gets one new node and the place of its tensor."""

    def __init__(
        self, traced: fx.GraphModule, shuffle: Shuffle, layer_orders: LayerOrders, backend: Backend, device: torch.device
    ) -> None:
        self.traced = traced
        self.shuffle, self.layer_orders, self.backend, self.device = shuffle, layer_orders, backend, device
        self.modules = dict(traced.named_modules())
        self.graph = fx.Graph()
        self.new: dict[fx.Node, fx.Node] = {}
        self.places: dict[fx.Node, Place | None] = {}
        self.index: dict[str, fx.Node] = {}
        self.inverse: dict[str, fx.Node] = {}
        self.moved: dict[tuple[fx.Node, str], fx.Node] = {}

    def rewrite(self) -> fx.GraphModule:
        for node in self.traced.graph.nodes:
            new, place = self._rewrite_node(node)
            if place is not None and not place.flattened and (_pixels(node) or 1) == 1:
                place = None  # a single pixel has no order
            new.meta.update(place=place, size=_size(node))
            if node.op != "output":
                new.meta["original"] = node.name
            self.new[node], self.places[node] = new, place
        rewritten = fx.GraphModule(self.traced, self.graph)
        rewritten.graph.eliminate_dead_code()
        rewritten.graph.lint()
        rewritten.recompile()
        return rewritten

    def _rewrite_node(self, node: fx.Node) -> tuple[fx.Node, Place | None]:
        if node.op == "placeholder":
            return self._input(node)
        if node.op == "get_attr":
            return self._copy(node), RASTER if (_pixels(node) or 1) > 1 else None
        if node.op == "output":
            return self._copy(node), None
        sources = [source for source in node.all_input_nodes if self.places[source] is not None]
        if not sources:
            # Nothing keyed goes in. A map that grows out of a single pixel enters the raster layout here.
            return self._copy(node), RASTER if (_pixels(node) or 1) > 1 else None
        if any(self.places[source].flattened for source in sources):  # type: ignore[union-attr]
            return self._flattened(node, sources)
        if self._is_pointwise(node):
            return self._pointwise(node, sources)
        if self._is_spatial(node):
            return self._spatial(node)
        if self._is_flatten(node):
            return self._copy(node), Place(self.places[sources[0]].order, flattened=True)  # type: ignore[union-attr]
        raise UnsupportedLayerError(
            self._path(node),
            self._operation(node),
            "its effect on the order of the pixels is not known; replace it by known layers",
        )

    def _input(self, node: fx.Node) -> tuple[fx.Node, Place]:
        if INPUT.order in self.index:
            raise UnsupportedLayerError(str(node.target), "input", "a keyed network has one input, the frame")
        new = self.graph.placeholder(str(node.target))
        self.index[INPUT.order] = self.graph.placeholder("order")
        self.inverse[INPUT.order] = self.graph.placeholder("inverse")
        return new, INPUT

    # -- what kind of operation a node is

    def _is_pointwise(self, node: fx.Node) -> bool:
        if node.op == "call_module":
            module = self.modules[str(node.target)]
            return isinstance(module, POINTWISE_MODULES) or is_pointwise_convolution(module)
        if node.target in (torch.cat, torch.concat):
            return (node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)) in (1, -3)
        return node.target in (POINTWISE_METHODS if node.op == "call_method" else POINTWISE_FUNCTIONS)

    def _is_spatial(self, node: fx.Node) -> bool:
        if node.op == "call_module":
            return isinstance(self.modules[str(node.target)], SPATIAL_MODULES)
        if node.op == "call_function":
            return node.target in SPATIAL_FUNCTIONS or (node.target is torch.mean and _reduces_space(node))
        return node.target == "mean" and _reduces_space(node)

    def _is_flatten(self, node: fx.Node) -> bool:
        if node.op == "call_module":
            module = self.modules[str(node.target)]
            return isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) in ((1, -1), (1, 3))
        arguments = (*node.args[1:], *node.kwargs.values())
        return node.target in (torch.flatten, "flatten") and arguments in ((1,), (1, -1), (1, 3))

    # -- how each kind is rewritten

    def _pointwise(self, node: fx.Node, sources: list[fx.Node]) -> tuple[fx.Node, Place]:
        # Branches that meet are brought to one order: a layer's own where there is one. A raster branch is a constant in
        # "every-layer", so the frame's order wins; in "input" the order has been undone there, so the raster wins.
        places = [self.places[source] for source in sources]
        by_preference = (RASTER, INPUT) if self.shuffle == "input" else (INPUT, RASTER)
        layers_own = next((p for p in places if p not in by_preference), None)
        target = layers_own or next(p for p in by_preference if p in places)
        return self.graph.node_copy(node, lambda source: self._in_order(source, target)), target

    def _spatial(self, node: fx.Node) -> tuple[fx.Node, Place | None]:
        source = node.args[0]
        place = self.places[source]  # type: ignore[index]
        assert isinstance(source, fx.Node) and place is not None
        pixels = _pixels(node) or 1
        if self.shuffle == "input" and (self.backend == "fast" or place == RASTER):
            return self.graph.node_copy(node, lambda n: self._in_order(n, RASTER)), RASTER
        name = _unused_name(self.traced, self._path(node))
        order = self._layer_order(name, pixels) if pixels > 1 and self.shuffle == "every-layer" else None
        operator = self._operator(self._layer(node), order, source, node)
        self.traced.add_submodule(name, operator)
        new = self.graph.call_module(name, (self.new[source], self.inverse.get(place.order)))
        if order is None:
            return new, RASTER
        keyed = Place(f"{name}.order_out")
        operator.register_buffer("inverse_out", invert(order), persistent=False)
        self.index[keyed.order] = self.graph.get_attr(keyed.order)
        self.inverse[keyed.order] = self.graph.get_attr(f"{name}.inverse_out")
        return new, keyed

    def _operator(self, layer: nn.Module, order: Tensor | None, source: fx.Node, node: fx.Node) -> nn.Module:
        if self.backend == "fast":
            return KeyedOperator(layer, order)
        from inference.keyed.reference import ReferenceOperator  # torchvision takes seconds to import

        if order is None:
            order = torch.arange(_pixels(node) or 1, device=self.device)
        return ReferenceOperator(layer, _size(source), _size(node), order, self._path(node))

    def _flattened(self, node: fx.Node, sources: list[fx.Node]) -> tuple[fx.Node, Place | None]:
        place = self.places[sources[0]]
        assert place is not None
        module = self.modules.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(module, nn.Linear) and place != Place(RASTER.order, flattened=True):
            name = _unused_name(self.traced, self._path(node))
            source = self.new[sources[0]]
            if place.order == INPUT.order:
                self.traced.add_submodule(name, RuntimeFoldedLinear(module))
                return self.graph.call_module(name, (source, self.inverse[INPUT.order])), None
            self.traced.add_submodule(name, FoldedLinear(module, self.traced.get_buffer(place.order)))
            return self.graph.call_module(name, (source,)), None
        if isinstance(module, nn.Linear):
            return self._copy(node), None
        if len(sources) == 1 and self._is_pointwise(node):
            return self._copy(node), place
        raise UnsupportedLayerError(
            self._path(node), self._operation(node), "only pointwise and linear layers may follow a flatten"
        )

    # -- pieces

    def _in_order(self, source: fx.Node, target: Place) -> fx.Node:
        """The new node of `source` with its pixels in the order of `target`."""
        new, place = self.new[source], self.places[source]
        if place is None or place == target:
            return new
        if (source, target.order) not in self.moved:
            if place == RASTER:
                index = self.index[target.order]
            elif target == RASTER:
                index = self.inverse[place.order]
            else:
                index = self.graph.call_function(compose, (self.inverse[place.order], self.index[target.order]))
            self.moved[source, target.order] = self.graph.call_function(take_positions, (new, index))
        return self.moved[source, target.order]

    def _layer_order(self, name: str, pixels: int) -> Tensor:
        return torch.from_numpy(self.layer_orders.order(name, pixels).astype(np.int64)).to(self.device)

    def _layer(self, node: fx.Node) -> nn.Module:
        if node.op == "call_module":
            return self.modules[str(node.target)]
        function = node.target if node.op == "call_function" else getattr(torch, str(node.target))
        return Call(function, node.args[1:], dict(node.kwargs))

    def _copy(self, node: fx.Node) -> fx.Node:
        return self.graph.node_copy(node, lambda source: self.new[source])

    def _path(self, node: fx.Node) -> str:
        return str(node.target) if node.op == "call_module" else node.name

    def _operation(self, node: fx.Node) -> str:
        return type(self.modules[str(node.target)]).__name__ if node.op == "call_module" else str(node.target)


def _unused_name(traced: fx.GraphModule, path: str) -> str:
    """A flat name for the operator at `path`; a layer that is called twice gets two operators."""
    name, number = "keyed_" + path.replace(".", "_"), 1
    while hasattr(traced, name if number == 1 else f"{name}_{number}"):
        number += 1
    return name if number == 1 else f"{name}_{number}"


def _reduces_space(node: fx.Node) -> bool:
    dims: Any = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
    return isinstance(dims, (tuple, list)) and {d % 4 for d in dims} == {2, 3}


def _size(node: fx.Node) -> tuple[int, int]:
    """Rows and columns of a node's tensor; (1, 1) where it is not a map."""
    shape = _shape(node)
    return (shape[2], shape[3]) if len(shape) == 4 else (1, 1)


def _pixels(node: fx.Node) -> int | None:
    """Pixels of a node's tensor where it is a map (N, C, H, W)."""
    shape = _shape(node)
    return shape[2] * shape[3] if len(shape) == 4 else None


def _shape(node: fx.Node) -> list[int]:
    return [int(side) for side in getattr(node.meta.get("tensor_meta"), "shape", ())]
