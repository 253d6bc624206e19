"""What "the same answers" means for a keyed network: at the output and at every node of the original graph."""

import torch
from torch import Tensor

from experiments.living_networks import smooth_pictures, with_live_statistics
from inference.keyed import KeyedNetwork
from inference.keyed.equality import node_differences, plain_activations
from inference.keyed.positions import take_positions

__all__ = [
    "TOLERANCE",
    "differing_nodes",
    "plain_activations",
    "random_orders",
    "scrambled",
    "smooth_pictures",
    "with_live_statistics",
]

TOLERANCE = 1e-5
"""Largest difference allowed, as a share of the largest value of the plain tensor."""


def scrambled(x: Tensor, order: Tensor) -> Tensor:
    """Frames x (N, C, H, W) as the camera emits them in `order`."""
    return take_positions(x, order)


def random_orders(frames: int, pixels: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(pixels, generator=generator) for _ in range(frames)])


def differing_nodes(keyed: KeyedNetwork, plain: dict[str, Tensor], x: Tensor, order: Tensor) -> list[str]:
    """Nodes of the original graph where the keyed network, restored to raster, differs from the plain activations."""
    differences = node_differences(keyed, plain, x, order)
    assert len(differences) > len(plain) // 2
    return [name for name, difference in differences.items() if not difference <= TOLERANCE]
