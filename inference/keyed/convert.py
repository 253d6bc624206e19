"""From a trained network to its keyed twin."""

import secrets
from typing import Any

from torch import Tensor, nn

from adc import KeySchedule
from inference.choices import Shuffle
from inference.keyed.network import KeyedNetwork
from inference.keyed.rewriter import Backend, Rewriter
from inference.keyed.self_check import refuse_if_different
from inference.keyed.tables import LayerOrders
from inference.keyed.tracing import trace


def convert(
    network: nn.Module,
    example: Tensor,
    shuffle: Shuffle = "every-layer",
    layer_orders: LayerOrders | None = None,
    backend: Backend = "fast",
    pointwise: tuple[Any, ...] = (),
) -> KeyedNetwork:
    """Make the keyed twin of a trained network: same parameters, same answers, pixels in secret order.

    Parameters
    ----------
    network
        Any network that torch.fx can trace and whose spatial layers are known; its parameters are shared, not copied.
    example
        (N, C, H, W), an input of the size that the frames will have; its values do not matter.
    shuffle
        "every-layer": every tensor that leaves an operator is in a secret order of its layer, which branches that meet
        share. "input": the order is undone at the first spatial operator, which is fastest.
    layer_orders
        Source of the layers' orders; by default a throw-away key.
    backend
        "fast", or "reference": the published deformable operators, some ten times slower.
    pointwise
        Module classes and functions of your own that treat every pixel alike and alone. A class must be a leaf of the trace,
        a function known to it (`torch.fx.wrap`).

    Raises
    ------
    UnsupportedLayerError
        An operation whose effect on the order is not known, with its path and what to do; or a twin that does not answer as
        the network does, which is tried once on noise.
    """
    if shuffle not in ("every-layer", "input"):
        raise ValueError(f"shuffle = {shuffle!r}: allowed is 'every-layer' or 'input'")
    if backend not in ("fast", "reference"):
        raise ValueError(f"backend = {backend!r}: allowed is 'fast' or 'reference'")
    if example.ndim != 4:
        raise ValueError(f"example = {tuple(example.shape)}: allowed is (N, C, H, W)")
    orders = layer_orders or KeySchedule(secrets.token_bytes(32)).layer_orders()
    rewritten = Rewriter(trace(network, example), shuffle, backend, pointwise).rewrite(orders, example.device)
    channels, height, width = map(int, example.shape[1:])
    keyed = KeyedNetwork(rewritten, channels, (height, width))
    own = set(network.modules())
    for module in keyed.modules():
        if module not in own:  # the shared ones are in the modes that their owner wants
            module.training = network.training
    refuse_if_different(network, keyed, example)
    return keyed
