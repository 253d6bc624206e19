"""A keyed network as a program of torch.export: the frames and their order in, the answer out, no keycam needed to run it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, fx, nn
from torch.export import Dim, ExportedProgram

from inference.keyed import KeyedNetwork
from inference.keyed.operators import FoldedLinear
from inference.keyed.place import Axes

Part = TypeVar("Part")
Answers = Callable[[Tensor, Tensor], dict[str, Tensor]]
"""Frames and their orders -> the answers by name, and beside a dense one `NAME` the order of its pixels, `NAME_order`."""

ANSWER = "answer"
"""The name of an answer that the network itself gives none."""


class ExportError(ValueError):
    """A keyed network that cannot be exported."""


class KeyedProgram(nn.Module):
    """What is exported: it returns what the network returns; where an answer is dense, a pair of that and the orders.

    The orders are a dict from the answer's name to int64 (N, P'): `answer[q] = plain[order[q]]`.
    """

    def __init__(self, keyed: KeyedNetwork) -> None:
        super().__init__()
        self.keyed = _with_plain_linears(keyed)

    def forward(self, x: Tensor, order: Tensor) -> Any:
        answer = self.keyed(x, order)
        dense = named_parts(self.keyed.output_order(order), Tensor)
        orders = {name: order_out.expand(order.shape[0], -1) for name, order_out in dense.items()}
        return (answer, orders) if orders else answer


def export_program(keyed: KeyedNetwork, frames: int | None = None) -> ExportedProgram:
    """Export `keyed` with inputs x, float32 (N, C, H, W), and order, int64 (N, P), for exactly `frames` or any number N.

    The program holds the layers' secret orders, as `keyed` does. Raises `ExportError` where torch.export cannot follow it.
    """
    height, width = keyed.size_in
    # The file keeps its example, so that it must be nobody's picture and nobody's order.
    x = torch.zeros(frames or 2, keyed.channels_in, height, width)
    order = torch.arange(height * width).repeat(len(x), 1)
    free = None if frames else {0: Dim("frames", min=1)}
    try:
        with torch.no_grad():
            program = torch.export.export(KeyedProgram(keyed).eval(), (x, order), dynamic_shapes={"x": free, "order": free})
    except Exception as error:  # torch.export names no class of its own for what it cannot follow
        raise ExportError(f"torch.export cannot follow it ({_first_line(error)})") from error
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it would tell the folders of this machine
    return program


def write_program(program: ExportedProgram, file: Path) -> None:
    """Write `program` to `file`, as torch.export.load reads it."""
    content = io.BytesIO()  # torch's own writer has no OSError for a disk that is full
    torch.export.save(program, content)
    file.write_bytes(content.getbuffer())


def program_answers(file: Path) -> Answers:
    """The answers of the program in `file`."""
    module = torch.export.load(file).module()

    def answers(x: Tensor, order: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            return named_outputs(module(x, order))

    return answers


def named_outputs(output: Any) -> dict[str, Tensor]:
    """What a `KeyedProgram` returned, by name, in the order of its outputs."""
    if isinstance(output, tuple) and len(output) == 2 and isinstance(output[1], dict):
        answer, orders = output
        return named_parts(answer, Tensor) | {f"{name}_order": order for name, order in orders.items()}
    return named_parts(output, Tensor)


def named_parts(value: Any, kind: type[Part], name: str = ANSWER) -> dict[str, Part]:
    """The parts of `kind` in a network's output: under their names where it is a dict, numbered where it is a tuple."""
    if isinstance(value, kind):
        return {name: value}
    if isinstance(value, dict):
        parts = {str(key): part for key, part in value.items()}
    elif isinstance(value, (tuple, list)):
        parts = {f"{name}_{number}": part for number, part in enumerate(value)}
    else:
        return {}
    found: dict[str, Part] = {}
    for key, part in parts.items():
        found |= named_parts(part, kind, key)
    return found


def dense_axes(keyed: KeyedNetwork) -> dict[str, Axes]:
    """Along which axes the pixels of each dense answer run, by the answer's name."""
    output = next(node for node in keyed.graph.nodes if node.op == "output")
    places = {name: node.meta["place"] for name, node in named_parts(output.args[0], fx.Node).items()}
    return {name: place.axes for name, place in places.items() if place is not None}


def _with_plain_linears(keyed: KeyedNetwork) -> KeyedNetwork:
    """The same network, its folded linear layers plain ones, so that a file holds their weights once and permuted."""
    graph = fx.Graph()
    graph.output(graph.graph_copy(keyed.graph, {}))
    graph_module = fx.GraphModule(keyed.graph_module, graph)
    for node in graph.nodes:
        module = graph_module.get_submodule(node.target) if node.op == "call_module" else None
        if isinstance(module, FoldedLinear):
            graph_module.add_submodule(node.target, _plain(module, graph_module.get_buffer(node.args[1].target)))
            node.args = node.args[:1]
    graph_module.recompile()
    return KeyedNetwork(graph_module, keyed.channels_in, keyed.size_in)


def _plain(folded: FoldedLinear, order_in: Tensor) -> nn.Linear:
    linear = nn.Linear(folded.linear.in_features, folded.linear.out_features, bias=folded.linear.bias is not None)
    weight = folded.linear.weight.detach()
    by_position = weight.view(len(weight), -1, len(order_in))
    linear.weight = nn.Parameter(by_position[:, :, order_in].flatten(1))
    linear.bias = folded.linear.bias
    return linear


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
