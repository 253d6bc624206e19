"""The graph of a network, and what every node of it yields."""

from typing import Any

import torch
from torch import Tensor, fx, nn

from inference.keyed.errors import UnsupportedLayerError
from inference.keyed.in_place import without_in_place


def trace(network: nn.Module, example: Tensor) -> fx.GraphModule:
    """Trace `network` and note in each node's meta, as "value", what it yields for `example`: tensors without their data.

    Raises UnsupportedLayerError where torch.fx cannot trace it, ValueError where the network does not take the example.
    """
    try:
        traced = without_in_place(fx.symbolic_trace(network))
    except UnsupportedLayerError:
        raise
    # A forward that meets a stand-in for its tensor fails wherever it first asks for a number: in any call, with any error.
    except Exception as error:
        raise UnsupportedLayerError(
            type(network).__name__, "forward", f"torch.fx cannot trace it ({_in_short(error)}); {_ADVICE}"
        ) from error
    modes = {module: module.training for module in network.modules()}
    try:
        with torch.no_grad():
            _Noting(traced.eval()).run(example)
    except Exception as error:  # it is the user's network, which fails as it likes
        raise ValueError(
            f"example = {tuple(example.shape)}: allowed is what the network itself takes ({_in_short(error)})"
        ) from error
    finally:
        for module, mode in modes.items():
            module.training = mode
    return traced


_ADVICE = "take branches and loops that depend on the frame out of it; for detectors there is inference.keyed.detector"


def _in_short(error: Exception) -> str:
    """The first sentence of what torch says; the rest is for those who mend torch."""
    return str(error).splitlines()[0].split(". ")[0] if str(error) else type(error).__name__


class _Noting(fx.Interpreter):
    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        n.meta["value"] = fx.node.map_aggregate(value, _without_data)
        return value


def _without_data(value: Any) -> Any:
    return torch.empty(value.shape, dtype=value.dtype, device="meta") if isinstance(value, Tensor) else value


def tensors_of(value: Any) -> list[Tensor]:
    """All tensors in a node's value, which may be a tensor, a structure of them, or a plain number."""
    found: list[Tensor] = []
    fx.node.map_aggregate(value, lambda part: found.append(part) if isinstance(part, Tensor) else None)
    return found


def shape_of(node: fx.Node) -> tuple[int, ...]:
    """Shape of a node's tensor, or of the first one where it yields several; () where there is none."""
    tensors = tensors_of(node.meta["value"])
    return tuple(tensors[0].shape) if tensors else ()


def pixels_of(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    """Number of pixels along `axes`."""
    count = 1
    for axis in axes:
        count *= shape[axis]
    return count
