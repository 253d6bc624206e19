"""Batch norms folded into the convolutions before them, which is exact but for rounding and saves a pass over every map."""

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

from inference.export.program import named_parts

ROUNDING = 5e-6
"""How far folding may move an answer, as a share of the largest one: half of what a keyed network may."""


def fold_batch_norms(network: nn.Module, frames: Tensor) -> nn.Module:
    """A copy of `network`, in eval mode, with folded batch norms; `network` itself where that cannot be done or rounds too much.

    `frames` (N, C, H, W) is what both are tried on.
    """
    try:
        folded: nn.Module = fuse(network)
        with torch.no_grad():
            plain, other = named_parts(network(frames), Tensor), named_parts(folded(frames), Tensor)
    except Exception:  # fuse is torch's experiment and fails in many ways; nothing is lost then
        return network
    close = all((other[name] - answer).abs().max() <= ROUNDING * answer.abs().max() for name, answer in plain.items())
    return folded if close else network


def batch_norms(network: nn.Module) -> int:
    """How many batch norms over maps a network has."""
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())
