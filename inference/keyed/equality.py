"""How near a keyed network is to its plain one: at every node of the original graph, not at the output alone."""

from typing import Any

import torch
from torch import Tensor, fx, nn

from inference.keyed.in_place import without_in_place
from inference.keyed.network import Activation, KeyedNetwork
from inference.keyed.positions import take_positions


def plain_activations(network: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """What every node of the plain network computes for the frames x (N, C, H, W), by node name."""
    recorder = _Recorder(without_in_place(fx.symbolic_trace(network)))
    with torch.inference_mode():
        recorder.run(x)
    return recorder.values


def node_differences(keyed: KeyedNetwork, plain: dict[str, Tensor], x: Tensor, order: Tensor) -> dict[str, float]:
    """How far the keyed network, restored to raster, is from the plain activations, by node name.

    A map that lies flattened in secret order is left out: the linear layer behind it is compared.

    Parameters
    ----------
    plain
        `plain_activations` of the network that was converted, for the same frames.
    x
        (N, C, H, W), plain frames.
    order
        Integer (P,) or (N, P), the order that they are to be keyed in.

    Returns
    -------
    dict
        Largest difference of a node as a share of its largest plain value; infinite where it is not the same shape.

    Raises
    ------
    ValueError
        The keyed network has a node that the plain activations lack: they are of another network.
    """
    with torch.inference_mode():
        kept = keyed.activations(take_positions(x, order), order)
        foreign = sorted(set(kept) - set(plain))
        if foreign:
            raise ValueError(f"plain: it lacks the node {foreign[0]!r}; allowed are the activations of the converted network")
        return {name: _difference(one, plain[name]) for name, one in kept.items() if not one.flattened}


def _difference(activation: Activation, plain: Tensor) -> float:
    raster = activation.raster()
    if raster.shape != plain.shape:
        return float("inf")
    difference, largest = float((raster - plain).abs().max()), float(plain.abs().max())
    return difference / largest if largest else difference


class _Recorder(fx.Interpreter):
    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.values: dict[str, Tensor] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor):
            self.values[n.name] = value
        return value
