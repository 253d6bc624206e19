"""Networks as torchvision publishes them, converted without a hand on them: same answers at the output and at every node."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from inference.keyed import KeyedNetwork, convert
from inference.keyed.positions import invert, take_positions
from tests.keyed_check import (
    TOLERANCE,
    differing_nodes,
    plain_activations,
    random_orders,
    scrambled,
    smooth_pictures,
    with_live_statistics,
)

CLASSIFIERS = (
    "alexnet vgg16_bn resnet18 resnet50 wide_resnet50_2 resnext50_32x4d densenet121 googlenet inception_v3 squeezenet1_1 "
    "mobilenet_v2 mobilenet_v3_small shufflenet_v2_x1_0 mnasnet1_0 efficientnet_b0 efficientnet_v2_s regnet_y_400mf convnext_tiny"
).split()
SEGMENTERS = "fcn_resnet50 deeplabv3_mobilenet_v3_large lraspp_mobilenet_v3_large".split()
SMALLEST = {"inception_v3": 80}


def living_network(name: str, size: tuple[int, int]) -> nn.Module:
    """Random weights, statistics of a real pass, and layer scales of 1: with defaults the signal dies and hides errors."""
    torch.manual_seed(1)
    options: dict[str, Any] = {"weights": None}
    if name in SEGMENTERS:
        options["weights_backbone"] = None
    if name in ("googlenet", "inception_v3"):
        options |= {"init_weights": True, "aux_logits": False}
    network: nn.Module = models.get_model(name, **options)
    for path, parameter in network.named_parameters():
        if path.endswith("layer_scale"):
            nn.init.ones_(parameter)
    return with_live_statistics(network, size)


def dense(answer: Any) -> Tensor:
    return answer["out"] if isinstance(answer, dict) else answer


def restored(keyed: KeyedNetwork, answer: Any, order: Tensor) -> Tensor:
    order_out = dense(keyed.output_order(order))
    return dense(answer) if order_out is None else take_positions(dense(answer), invert(order_out))


@pytest.mark.parametrize("sides", [(64, 64), (64, 96)])
@pytest.mark.parametrize("name", [*CLASSIFIERS, *SEGMENTERS])
def test_converted_network_equals_the_plain_one(name: str, sides: tuple[int, int]) -> None:
    extra = SMALLEST.get(name, 64) - 64
    size = sides[0] + extra, sides[1] + extra
    network = living_network(name, size)
    x, order = smooth_pictures(2, size, seed=3), random_orders(2, size[0] * size[1])
    plain = plain_activations(network, x)
    for shuffle in ("input", "every-layer"):
        keyed = convert(network, x, shuffle=shuffle)  # type: ignore[arg-type]
        assert differing_nodes(keyed, plain, x, order) == []
        with torch.inference_mode():
            expected = dense(network(x))
            answer = restored(keyed, keyed(scrambled(x, order), order), order)
            wrong = restored(keyed, keyed(scrambled(x, order), order.flip(0)), order)
        largest = expected.abs().max()
        assert (answer - expected).abs().max() <= TOLERANCE * largest
        assert torch.equal(answer.argmax(1), expected.argmax(1))
        assert (wrong - expected).abs().max() > 1e-3 * largest
