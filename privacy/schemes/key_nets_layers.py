"""Key-Nets' network: every layer keyed as A W A_prev^-1 (Byrne, DeCann, Bloom, 2020; see `key_nets`).

A is a permutation with positive gains, so that relu(A z) = A relu(z), and every affine layer between two keys becomes another
affine layer. Whoever holds the keyed layers and the plain network can find the keys: the entries of A W A_prev^-1 are those of W
in other places, scaled row by row and column by column.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from privacy.schemes.scheme import checked_orders

AFFINE = (nn.Conv2d, nn.Linear, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.BatchNorm2d, nn.Flatten)


@dataclass(frozen=True, eq=False)
class LayerKey:
    """A of one layer: (A x)[q] = gain[q] x[order[q]].

    Attributes
    ----------
    order
        int64 (D,), a permutation.
    gain
        float64 (D,), above 0 and finite.

    Raises ValueError for anything else.
    """

    order: NDArray[np.int64] = field(repr=False)
    gain: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        checked_orders("order", self.order, self.order.shape[:1])
        if self.gain.shape != self.order.shape or not ((self.gain > 0) & (self.gain < np.inf)).all():
            raise ValueError(f"gain = {self.gain.dtype} {self.gain.shape}: allowed is above 0, {self.order.shape}")

    @classmethod
    def with_key(cls, rng: np.random.Generator, values: int) -> Self:
        """Draw the key of a layer of so many values, its gains between a quarter and four."""
        return cls(rng.permutation(values), 2 ** rng.uniform(-2, 2, values))

    @classmethod
    def none(cls, values: int) -> Self:
        """The key that changes nothing: that of answers in clear."""
        return cls(np.arange(values), np.ones(values))

    def applied(self, x: Tensor) -> Tensor:
        """A x of x (..., D)."""
        return x[..., torch.from_numpy(self.order)] * torch.from_numpy(self.gain).to(x.dtype)

    def inverse(self) -> Self:
        """A^-1, a permutation with positive gains as well."""
        places = np.argsort(self.order)
        return type(self)(places, 1 / self.gain[places])


class KeyedLayers(nn.Module):
    """A plain network of affine layers and ReLUs, keyed; it takes A_0 x, float64 (N, D), and answers as the plain one does on x.

    Parameters
    ----------
    network
        Convolutions, average pools, batch norms (in evaluation mode), flattenings, linear layers and ReLUs, one after the other.
    shape
        C, H, W of its input.
    key
        A_0, that of the input's values in the sequence channel, row, column.
    rng
        What the inner keys are drawn from.

    Raises ValueError for another layer: a network of max pools or sigmoids cannot be keyed so.
    """

    def __init__(self, network: nn.Sequential, shape: Sequence[int], key: LayerKey, rng: np.random.Generator) -> None:
        super().__init__()
        last = max(at for at, layer in enumerate(network) if isinstance(layer, AFFINE))
        if any(isinstance(layer, nn.ReLU) for layer in network[last:]):
            raise ValueError("network = one that ends in a ReLU: allowed is one that ends in an affine layer")
        layers: list[nn.Module] = []
        for at, layer in enumerate(network):
            if isinstance(layer, nn.ReLU):
                layers.append(nn.ReLU())
            elif isinstance(layer, AFFINE):
                weight, bias, shape = affine_map(layer, shape)
                own = LayerKey.none(len(bias)) if at == last else LayerKey.with_key(rng, len(bias))
                layers.append(_keyed(weight, bias, own, key))
                key = own
            else:
                allowed = ", ".join(kind.__name__ for kind in (*AFFINE, nn.ReLU))
                raise ValueError(f"network[{at}] = {type(layer).__name__}: it does not commute with a key; allowed is {allowed}")
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """The plain network's answers from A_0 x, float64 (N, D)."""
        answers: Tensor = self.layers(x)
        return answers


@torch.no_grad()
def affine_map(layer: nn.Module, shape: Sequence[int]) -> tuple[Tensor, Tensor, tuple[int, ...]]:
    """The matrix, float64 (E, D), the bias, float64 (E,), and the output's shape of an affine layer on inputs of D values.

    It is probed with the D unit pictures, so it takes D E numbers: this is for networks of thousands of values, not of millions.
    """
    parameter = next(layer.parameters(), torch.zeros(()))
    values = int(np.prod(shape))
    bias = layer(torch.zeros(1, *shape, dtype=parameter.dtype))
    columns = layer(torch.eye(values, dtype=parameter.dtype).reshape(values, *shape)) - bias
    return columns.reshape(values, -1).T.double(), bias.reshape(-1).double(), tuple(bias.shape[1:])


def _keyed(weight: Tensor, bias: Tensor, own: LayerKey, before: LayerKey) -> nn.Linear:
    """A W A_prev^-1 and A b, as a layer."""
    # Rows take their places by A. Columns take theirs by the transpose of A_prev^-1, which moves as A_prev does and divides.
    columns = LayerKey(before.order, 1 / before.gain)
    layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    layer.weight.data = columns.applied(own.applied(weight.T).T)
    layer.bias.data = own.applied(bias)
    return layer.requires_grad_(False)
