"""Drawing activations and sums beside an operator into the passes that order its maps."""

import operator
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from inference.keyed.operators import KeyedOperator
from inference.keyed.place import MAP_AXES
from inference.keyed.positions import Activation

_MODULES: dict[type[nn.Module], Activation] = {nn.ReLU: "relu", nn.ReLU6: "relu6", nn.Hardswish: "hardswish"}
_FUNCTIONS: dict[Any, Activation] = {
    F.relu: "relu",
    F.relu_: "relu",
    torch.relu: "relu",
    torch.relu_: "relu",
    "relu": "relu",
    "relu_": "relu",
    F.relu6: "relu6",
    F.hardswish: "hardswish",
}
_SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")


def fused(graph: fx.Graph, modules: dict[str, nn.Module]) -> fx.Graph:
    """A copy of a keyed graph that passes over the memory less often; what it computes is the same to the bit."""
    copy = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    copy.output(copy.graph_copy(graph, copies))
    shapes = {copies[node]: node.meta["shape"] for node in graph.nodes if "original" in node.meta}
    for node in list(copy.nodes):
        module = modules.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(module, KeyedOperator):
            if node.args[2] is not None and module.axes_out == MAP_AXES and len(shapes[node]) == 4:
                node = _with_tail(node, modules, shapes)
            if node.args[1] is not None and module.axes_in == MAP_AXES:
                _draw_in_before(node, modules)
                with copy.inserting_before(node):
                    node.args = copy.call_function(in_list, (node.args[0],)), *node.args[1:]
    return copy


def in_list(x: Tensor) -> list[Tensor]:
    """Hands x over: the caller's own name for it ends here, and whoever empties the list frees it."""
    return [x]


def _with_tail(node: fx.Node, modules: dict[str, nn.Module], shapes: dict[fx.Node, Any]) -> fx.Node:
    """Draw the sum and the activation behind an operator into it; returns the node that stands for all of them."""
    drawn_in, added, activation = [node], None, None
    user = _only_user(node)
    if user is not None and (other := _other_summand(user, node)) is not None and shapes.get(other) == shapes[node]:
        drawn_in.append(user)
        added = other
        user = _only_user(user)
    if user is not None and (activation := _activation(user, modules)) is not None:
        drawn_in.append(user)
    if len(drawn_in) == 1:
        return node
    graph = node.graph
    with graph.inserting_after(drawn_in[-1]):
        whole = graph.call_module(str(node.target), node.args, {**node.kwargs, "added": added, "activation": activation})
    drawn_in[-1].replace_all_uses_with(whole)
    shapes[whole] = shapes[node]
    for done in reversed(drawn_in):
        graph.erase_node(done)
    return whole


def _draw_in_before(node: fx.Node, modules: dict[str, nn.Module]) -> None:
    source = node.args[0]
    assert isinstance(source, fx.Node)
    activation = _activation(source, modules)
    if activation is not None and _only_user(source) is node:
        node.args = source.args[0], *node.args[1:]
        node.kwargs = {**node.kwargs, "before": activation}
        node.graph.erase_node(source)


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _other_summand(node: fx.Node, summand: fx.Node) -> fx.Node | None:
    """What `node` adds to `summand`; None where it is no plain sum of two tensors."""
    if node.target not in _SUMS or node.op == "call_module" or len(node.args) != 2 or node.kwargs:
        return None
    others = [argument for argument in node.args if argument is not summand]
    return others[0] if len(others) == 1 and isinstance(others[0], fx.Node) else None


def _activation(node: fx.Node, modules: dict[str, nn.Module]) -> Activation | None:
    if node.op == "call_module":
        return _MODULES.get(type(modules[str(node.target)]))
    only_a_tensor = len(node.args) == 1 and set(node.kwargs) <= {"inplace"}
    return _FUNCTIONS.get(node.target) if only_a_tensor else None
