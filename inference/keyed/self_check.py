"""One try of a converted network beside the plain one: a converter that is wrong must not be so in silence."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from inference.keyed.errors import UnsupportedLayerError
from inference.keyed.network import KeyedNetwork
from inference.keyed.place import Place
from inference.keyed.positions import put_positions_along, take_positions

FAR = 1e-3
"""A difference, as a share of the largest value, that no rounding makes; in half precision a tenth."""
_FRAMES = 2


def refuse_if_different(network: nn.Module, keyed: KeyedNetwork, example: Tensor) -> None:
    """Compare both on frames of noise of the example's size, each in an order of its own, in eval mode.

    Raises UnsupportedLayerError where an answer differs by more than rounding.
    """
    generator = torch.Generator().manual_seed(0)
    size = min(len(example), _FRAMES)
    x = torch.rand(size, *example.shape[1:], generator=generator).to(example)
    x = x.contiguous(memory_format=torch.channels_last)
    pixels = example.shape[2] * example.shape[3]
    order = torch.stack([torch.randperm(pixels, generator=generator) for _ in range(size)]).to(example.device)
    modes = {module: module.training for module in (*network.modules(), *keyed.modules())}
    try:
        with torch.no_grad():
            plain = network.eval()(x.clone())
            answer = keyed.eval()(take_positions(x, order), order)
            differences = [_difference(*parts) for parts in zip(*_leaves(plain, answer, keyed, order), strict=True)]
    finally:
        for module, mode in modes.items():
            module.training = mode
    far = 0.1 if torch.finfo(example.dtype).eps > 1e-5 else FAR
    if not all(difference <= far for difference in differences):
        raise UnsupportedLayerError(
            type(network).__name__,
            "forward",
            f"its keyed twin answers otherwise (by {max(differences):.1e} of the largest value): it changes a tensor in place "
            "that is read under another name, or treats places in a way that its trace does not show; write that part without it",
        )


def _leaves(plain: Any, answer: Any, keyed: KeyedNetwork, order: Tensor) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    return tree_leaves(plain), tree_leaves(answer), tree_leaves(keyed.output_order(order)), tree_leaves(keyed.output_places())


def _difference(plain: Any, answer: Any, order: Tensor | None, place: Place | None) -> float:
    if not isinstance(plain, Tensor):
        return 0.0
    if order is not None and place is not None:
        answer = put_positions_along(answer, order, place.axes)
    if answer.shape != plain.shape:
        return float("inf")
    finite = plain.isfinite()
    if not torch.equal(finite, answer.isfinite()):
        return float("inf")
    largest = float(plain[finite].abs().max()) if finite.any() else 0.0
    return float((answer - plain)[finite].abs().max()) / largest if largest else 0.0
