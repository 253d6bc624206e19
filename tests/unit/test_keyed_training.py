"""Training through a keyed network: its gradients are those of the plain one, and so are the statistics that it gathers."""

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from adc import KeySchedule
from inference.choices import Shuffle
from inference.keyed import convert
from inference.models import build
from tests.keyed_check import random_orders, scrambled, smooth_pictures

# In double precision: sums over a keyed map run in another order than over a raster, and the sign of a gradient through many
# batch norms must not hang on the rounding of single precision.
EQUAL = 1e-9


def network_of(name: str) -> nn.Module:
    torch.manual_seed(1)
    if name == "folded":  # whose linear layer reads a keyed map
        layers = nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 7 * 11, 5)
        return nn.Sequential(*layers).double()
    network = build(name) if name == "resnet20" else models.get_model(name, weights=None, num_classes=10)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # whose draws depend on the place of a feature
    return network.double()


def learn(network: nn.Module, answer: Tensor) -> dict[str, Tensor]:
    """The gradient of each parameter for labels 0, 1, ...; the gradients are taken off."""
    nn.functional.cross_entropy(answer, torch.arange(len(answer))).backward()
    gradients = {name: parameter.grad for name, parameter in network.named_parameters() if parameter.grad is not None}
    network.zero_grad()
    return gradients


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
@pytest.mark.parametrize(("name", "size"), [("resnet20", (16, 24)), ("folded", (16, 24)), ("mobilenet_v3_small", (48, 64))])
def test_gradients_through_the_keyed_network_are_the_plain_ones(
    name: str, size: tuple[int, int], shuffle: Shuffle, training: bool
) -> None:
    network = network_of(name).train(training)
    x, order = smooth_pictures(4, size, seed=3).double(), random_orders(4, size[0] * size[1])
    keyed = convert(network, x, shuffle, KeySchedule(bytes(range(32))).layer_orders())
    assert keyed.training == training
    before = {path: buffer.clone() for path, buffer in network.named_buffers()}
    plain = learn(network, network(x))
    gathered = {path: buffer.clone() for path, buffer in network.named_buffers()}
    network.load_state_dict(before, strict=False)
    through_key = learn(network, keyed(scrambled(x, order), order))
    assert plain.keys() == through_key.keys() == {path for path, _ in network.named_parameters()}
    for path, gradient in through_key.items():
        assert (gradient - plain[path]).abs().max() <= EQUAL * gradient_scale(plain), path
    # The running statistics of the batch norms, too; in eval mode there is nothing to gather.
    assert [path for path, buffer in network.named_buffers() if not torch.allclose(buffer, gathered[path], rtol=EQUAL)] == []
    assert any(not torch.equal(gathered[path], before[path]) for path in before) == training


def gradient_scale(gradients: dict[str, Tensor]) -> float:
    return max(float(gradient.abs().max()) for gradient in gradients.values())


@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
def test_a_step_of_training_changes_the_answers_of_both_networks_alike(shuffle: Shuffle) -> None:
    network = network_of("folded").train()
    x, order = smooth_pictures(4, (16, 24), seed=3).double(), random_orders(4, 384)
    keyed = convert(network, x, shuffle, KeySchedule(bytes(range(32))).layer_orders())
    keyed.eval()
    with torch.inference_mode():
        untrained = keyed(scrambled(x, order), order)
    keyed.train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    nn.functional.cross_entropy(keyed(scrambled(x, order), order), torch.arange(4)).backward()
    optimiser.step()
    keyed.eval()
    with torch.inference_mode():
        assert torch.allclose(keyed(scrambled(x, order), order), network(x), rtol=EQUAL, atol=EQUAL)
        assert not torch.allclose(network(x), untrained, rtol=1e-3, atol=1e-3)
