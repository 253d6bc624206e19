"""What "the same answers" means for a keyed network: at the output and at every node of the original graph."""

from typing import Any

import torch
from torch import Tensor, fx, nn

from inference.keyed import KeyedNetwork
from inference.keyed.network import Activation
from inference.keyed.positions import take_positions

TOLERANCE = 1e-5
"""Largest difference allowed, as a share of the largest value of the plain tensor."""


class _PlainRecorder(fx.Interpreter):
    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.values: dict[str, Tensor] = {}

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor):
            self.values[n.name] = value
        return value


def plain_activations(network: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """What every node of the plain network computes."""
    recorder = _PlainRecorder(fx.symbolic_trace(network))
    with torch.inference_mode():
        recorder.run(x)
    return recorder.values


def scrambled(x: Tensor, order: Tensor) -> Tensor:
    """Frames x (N, C, H, W) as the camera emits them in `order`."""
    return take_positions(x, order)


def random_orders(frames: int, pixels: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(pixels, generator=generator) for _ in range(frames)])


def smooth_pictures(frames: int, size: tuple[int, int], seed: int) -> Tensor:
    """Pictures (frames, 3, H, W): white noise dies in a network of random weights, something smooth lives."""
    coarse = torch.rand(frames, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return nn.functional.interpolate(coarse, size=size, mode="bicubic")


def with_live_statistics(network: nn.Module, size: tuple[int, int]) -> nn.Module:
    """The network with batch-norm statistics of its own signal; with the default ones the signal dies and hides errors."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics of this one pass
    with torch.no_grad():
        network(smooth_pictures(8, size, seed=2))
    return network.eval()


def differing_nodes(keyed: KeyedNetwork, plain: dict[str, Tensor], x: Tensor, order: Tensor) -> list[str]:
    """Nodes of the original graph where the keyed network, restored to raster, differs from the plain activations."""
    with torch.inference_mode():
        kept = keyed.activations(scrambled(x, order), order)
    assert set(kept) <= set(plain)
    assert len(kept) > len(plain) // 2
    return [name for name, activation in kept.items() if _differs(activation, plain[name])]


def _differs(activation: Activation, plain: Tensor) -> bool:
    if activation.order is None and activation.tensor.ndim == 2 and activation.flattened:
        return False  # its features are in keyed order; the linear layer behind it is compared
    raster = activation.raster()
    return raster.shape != plain.shape or not (raster - plain).abs().max() <= TOLERANCE * plain.abs().max()
