"""Networks as torchvision publishes them, converted without a hand on them: same answers at the output and at every node."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from adc import KeySchedule
from experiments.living_networks import CLASSIFIERS, SEGMENTERS, frame_size, living_network
from inference.keyed import KeyedNetwork, convert
from inference.keyed.network import Activation
from inference.keyed.operators import KeyedOperator
from inference.keyed.positions import invert, take_positions
from tests.keyed_check import TOLERANCE, differing_nodes, plain_activations, random_orders, scrambled, smooth_pictures

LAYER_ORDERS = KeySchedule(bytes(range(32))).layer_orders()
FAR = 0.1
"""Distance, as a share of the plain tensor's own norm, beyond which two maps are not the same picture."""


@dataclass(frozen=True)
class Twins:
    """A plain network, its keyed twin in "every-layer", frames and what the plain network computes for them."""

    name: str
    network: nn.Module
    keyed: KeyedNetwork
    x: Tensor
    order: Tensor
    plain: dict[str, Tensor]


# Module fixtures: pytest runs all tests of one network together, so that each is built once.
@pytest.fixture(scope="module", params=[*CLASSIFIERS, *SEGMENTERS])
def living(request: pytest.FixtureRequest) -> Iterator[tuple[str, nn.Module]]:
    yield request.param, living_network(request.param, frame_size(request.param, (64, 96)))


@pytest.fixture(scope="module", params=[(64, 64), (64, 96)], ids=["square", "wide"])
def twins(living: tuple[str, nn.Module], request: pytest.FixtureRequest) -> Twins:
    name, network = living
    size = frame_size(name, request.param)
    x, order = smooth_pictures(2, size, seed=3), random_orders(2, size[0] * size[1])
    return Twins(name, network, convert(network, x, "every-layer", LAYER_ORDERS), x, order, plain_activations(network, x))


def dense(answer: Any) -> Tensor:
    return answer["out"] if isinstance(answer, dict) else answer


def restored(keyed: KeyedNetwork, answer: Any, order: Tensor) -> Tensor:
    order_out = dense(keyed.output_order(order))
    return dense(answer) if order_out is None else take_positions(dense(answer), invert(order_out))


def maps(activations: dict[str, Activation]) -> dict[str, Activation]:
    """The tensors with more pixels than chance would leave in place."""
    return {name: one for name, one in activations.items() if one.order is not None and one.order.shape[-1] > 8}


def distance(map_: Tensor, plain: Tensor) -> float:
    return float((map_ - plain).norm() / plain.norm())


@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
def test_converted_network_equals_the_plain_one(twins: Twins, shuffle: str) -> None:
    x, order = twins.x, twins.order
    keyed = twins.keyed if shuffle == "every-layer" else convert(twins.network, x, shuffle="input")
    assert differing_nodes(keyed, twins.plain, x, order) == []
    with torch.inference_mode():
        expected = dense(twins.network(x))
        answer = restored(keyed, keyed(scrambled(x, order), order), order)
        wrong = restored(keyed, keyed(scrambled(x, order), order.flip(0)), order)
    largest = expected.abs().max()
    assert (answer - expected).abs().max() <= TOLERANCE * largest
    assert torch.equal(answer.argmax(1), expected.argmax(1))
    assert (wrong - expected).abs().max() > 1e-3 * largest


def test_no_map_of_the_converted_network_is_a_raster(twins: Twins) -> None:
    with torch.inference_mode():
        kept = maps(twins.keyed.activations(scrambled(twins.x, twins.order), twins.order))
    # A map whose pixels are all the same looks the same in any order: what a network spreads from one pixel over the frame.
    checked = {name: one for name, one in kept.items() if not is_even(twins.plain[name], one.axes)}
    assert len(checked) >= 0.9 * len(kept)
    assert len(checked) > 10
    assert [name for name, one in checked.items() if not distance(one.tensor, twins.plain[name]) > FAR] == []


def is_even(plain: Tensor, axes: tuple[int, ...]) -> bool:
    spread = plain.amax(axes, keepdim=True) - plain.amin(axes, keepdim=True)
    return bool(spread.max() <= TOLERANCE * plain.abs().max())


def test_with_a_wrong_key_no_map_is_the_plain_one(twins: Twins) -> None:
    with torch.inference_mode():
        wrong = maps(twins.keyed.activations(scrambled(twins.x, twins.order), twins.order.flip(0)))
    assert [name for name, one in wrong.items() if not distance(one.raster(), twins.plain[name]) > FAR] == []
    # What little the larger maps share with the plain ones no key changes: borders that are padded with zeros, and where a
    # bias alone decides. Channels of a frame of 6144 pixels in a random order correlate by about 1 / sqrt(6144) = 0.013.
    alike = {
        n: correlation(one, twins.plain[n]) for n, one in wrong.items() if one.order is not None and one.order.shape[-1] >= 100
    }
    assert max(alike.values()) < 0.5
    assert sum(alike.values()) / len(alike) < 0.3
    assert alike[next(iter(alike))] < 0.05


def correlation(activation: Activation, plain: Tensor) -> float:
    """Mean over frames and channels of the absolute correlation over space; channels that are even do not count."""
    a, b = (planes(tensor, activation.axes) for tensor in (activation.raster(), plain))
    norms = a.norm(dim=-1) * b.norm(dim=-1)
    return float(((a * b).sum(-1) / norms)[norms > 1e-9 * norms.max()].abs().mean())


def planes(tensor: Tensor, axes: tuple[int, ...]) -> Tensor:
    """The pixels of each channel along the last axis, less their mean."""
    pixels = tensor.flatten(axes[0], axes[-1]).movedim(axes[0], -1)
    return pixels - pixels.mean(-1, keepdim=True)


# All layers of networks that compute little; of the others one, each time the same.
SEARCHED_THROUGHOUT = ("alexnet", "squeezenet1_1", "resnet18", "mobilenet_v3_small")


def test_one_wrong_tap_at_any_one_layer_is_found(twins: Twins) -> None:
    graph_module = twins.keyed.graph_module
    modules = {name: module for name, module in graph_module.named_modules() if isinstance(module, KeyedOperator)}
    ordered = {node.target for node in graph_module.graph.nodes if node.target in modules and node.args[2] is not None}
    operators = {name: module for name, module in modules.items() if name in ordered}
    assert len(operators) >= 7
    names = [random.Random(twins.name).choice(sorted(operators))]
    if twins.name in SEARCHED_THROUGHOUT and twins.x.shape[2] != twins.x.shape[3]:
        names = sorted(operators)
    for name in names:
        with operators[name].register_forward_pre_hook(with_a_wrong_tap):
            found = differing_nodes(twins.keyed, twins.plain, twins.x, twins.order)
        assert found, f"a wrong tap in {name} went unseen"
    assert differing_nodes(twins.keyed, twins.plain, twins.x, twins.order) == []


def with_a_wrong_tap(operator: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where the first pixel belongs the last one is put: neighbours may be equal, as where few are spread over many."""
    x, order_in, order_out, *rest = args
    taps = order_out.clone()
    taps[taps.argmin()] = len(taps) - 1
    return x, order_in, taps, *rest
