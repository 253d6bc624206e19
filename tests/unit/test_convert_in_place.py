"""Networks that change tensors in place, and those that a converter must not get wrong in silence."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.keyed import UnsupportedLayerError, convert
from tests.keyed_check import random_orders, scrambled, smooth_pictures

SIZE = (8, 12)


class Net(nn.Module):
    def __init__(self, compute: Callable[["Net", Tensor], Tensor], **modules: Any) -> None:
        super().__init__()
        self.compute = compute
        self.c, self.d, self.e = (nn.Conv2d(channels, 8, 3, padding=1) for channels in (3, 8, 8))
        self.act, self.linear = nn.ReLU(inplace=True), nn.Linear(8 * SIZE[0] * SIZE[1], 5)
        self.mean = nn.Parameter(torch.rand(3, *SIZE))
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x: Tensor) -> Tensor:
        return self.compute(self, x)


def assigned_nowhere(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    a.relu_()
    return net.d(a).mean((2, 3))


def module_assigned_nowhere(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    net.act(a)
    return net.d(a).mean((2, 3))


def added_in_place(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    b = net.d(a)
    b.add_(a)
    return b.mean((2, 3))


def read_before_and_after(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    b = net.d(a)
    return (b + net.act(a)).mean((2, 3))


def preactivated_with_shortcut(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    return (net.d(net.act(a)) + a).mean((2, 3))


def sum_in_place_and_read_again(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    b = net.d(a)
    return (net.e(a.add_(b)) + a * 2).mean((2, 3))


def frame_in_place(net: Net, x: Tensor) -> Tensor:
    y = x - 0.5
    a = net.c(y)
    F.relu(y, inplace=True)
    return (a + net.c(y)).mean((2, 3))


def constant_without_a_batch(net: Net, x: Tensor) -> Tensor:
    return net.c(x - net.mean).mean((2, 3))


@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
@pytest.mark.parametrize(
    "compute",
    [
        assigned_nowhere, module_assigned_nowhere, added_in_place, read_before_and_after, preactivated_with_shortcut,
        sum_in_place_and_read_again, frame_in_place, constant_without_a_batch,
    ],
)  # fmt: skip
def test_what_is_changed_in_place_is_read_as_in_the_plain_network(compute: Any, shuffle: str) -> None:
    torch.manual_seed(1)
    net = Net(compute).eval()
    x, order = smooth_pictures(3, SIZE, seed=3), random_orders(3, SIZE[0] * SIZE[1])
    for layout in (torch.contiguous_format, torch.channels_last):
        frames = x.contiguous(memory_format=layout)
        keyed = convert(net, frames[:1], shuffle=shuffle)  # type: ignore[arg-type]
        with torch.inference_mode():
            plain, answer = net(frames.clone()), keyed(scrambled(frames, order), order)
        assert (answer - plain).abs().max() <= 1e-5 * plain.abs().max()
    assert net.act.inplace  # the user's own network is as it was


def another_name(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    half = a[:, :4]
    half.relu_()
    return net.d(a).mean((2, 3))


def plus_equals_on_another_name(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    other = a
    other += net.d(a)
    return (net.e(other) + a).mean((2, 3))


def by_feature(net: Net, x: Tensor) -> Tensor:
    return net.linear(net.norm(net.c(x).flatten(1)))


def weights_by_feature(net: Net, x: Tensor) -> Tensor:
    return net.linear(net.c(x).flatten(1) * net.norm.weight)


def channels_behind(net: Net, x: Tensor) -> Tensor:
    return net.d(nn.functional.prelu(net.c(x).permute(0, 2, 3, 1), net.slopes).permute(0, 3, 1, 2)).mean((2, 3))


def strips(net: Net, x: Tensor) -> Tensor:
    a = net.c(x)
    return net.d(a * F.adaptive_avg_pool2d(a, (1, None))).mean((2, 3))


def joined_batches(net: Net, x: Tensor) -> Tensor:
    return net.c(torch.cat([x, 2 * x], 0)).mean((2, 3))


@pytest.mark.parametrize(
    ("compute", "says"),
    [
        (another_name, "changes a tensor in place that is read later as"),
        (plus_equals_on_another_name, "its keyed twin answers otherwise"),
        (by_feature, "only pointwise and linear layers may follow a flatten"),
        (weights_by_feature, "only pointwise and linear layers may follow a flatten"),
        (channels_behind, "its effect on the order of the pixels is not known"),
        (strips, "spread over the rows or columns"),
        (joined_batches, "its effect on the order of the pixels is not known"),
    ],
)
def test_what_cannot_be_followed_is_refused_and_not_answered_wrongly(compute: Any, says: str) -> None:
    torch.manual_seed(1)
    norm = nn.LayerNorm(8 * SIZE[0] * SIZE[1])
    nn.init.normal_(norm.weight)
    net = Net(compute, norm=norm, slopes=nn.Parameter(torch.randn(SIZE[0]))).eval()
    with pytest.raises(UnsupportedLayerError, match=says):
        convert(net, torch.zeros(1, 3, *SIZE))


def test_conversion_leaves_every_module_in_its_mode() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Dropout(0.1)).train()
    net[1].eval()
    keyed = convert(net, torch.zeros(1, 3, 8, 8))
    assert [module.training for module in net] == [True, False, True]
    assert keyed.training


def test_a_folded_weight_follows_its_layer() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 96, 5)).eval()
    keyed = convert(net, torch.zeros(1, 3, *SIZE))
    x, order = smooth_pictures(2, SIZE, seed=3), random_orders(2, 96)
    with torch.no_grad():
        for _ in range(2):
            assert torch.allclose(keyed(scrambled(x, order), order), net(x), atol=1e-6)
            net[2].weight.mul_(-2)


def test_frames_and_orders_are_tensors() -> None:
    keyed = convert(nn.Sequential(nn.Conv2d(3, 4, 3)), torch.zeros(1, 3, *SIZE))
    x, order = smooth_pictures(1, SIZE, seed=3), random_orders(1, 96)
    with pytest.raises(TypeError, match=r"order = a ndarray: allowed is a torch\.Tensor"):
        keyed(x, order.numpy())
