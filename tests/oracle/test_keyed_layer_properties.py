"""Any layer with any parameters, on any small map: keyed equals torch.nn.functional on the raster."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from inference.keyed import convert
from inference.keyed.positions import invert, take_positions
from tests.keyed_check import TOLERANCE, random_orders, scrambled

SIDES = st.integers(1, 9)
KERNELS = st.tuples(st.integers(1, 4), st.integers(1, 4))
STEPS = st.tuples(st.integers(1, 5), st.integers(1, 5))
BORDERS = st.tuples(st.integers(0, 3), st.integers(0, 3))
CHECK = settings(max_examples=40, deadline=None, derandomize=True)


def assert_keyed_equals_plain(layer: nn.Module, channels: int, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Identity(), layer).eval()
    x, order = torch.randn(2, channels, *size), random_orders(2, size[0] * size[1])
    with torch.inference_mode():
        try:
            plain = network(x)
        except RuntimeError:
            assume(False)  # no output for this size and window
        assume(plain.numel() > 0)
        for shuffle in ("input", "every-layer"):
            keyed = convert(network, x, shuffle=shuffle)  # type: ignore[arg-type]
            answer, order_out = keyed(scrambled(x, order), order), keyed.output_order(order)
            if order_out is not None:
                answer = take_positions(answer, invert(order_out))
            assert answer.shape == plain.shape
            assert (answer - plain).abs().max() <= TOLERANCE * plain.abs().max()


@CHECK
@given(
    size=st.tuples(SIDES, SIDES),
    kernel=KERNELS,
    stride=STEPS,
    padding=BORDERS,
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    groups=st.sampled_from([1, 2, 4]),
    mode=st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
)
def test_convolution(
    size: tuple[int, int], groups: int, mode: Any, kernel: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    layer = nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups, padding_mode=mode)
    assert_keyed_equals_plain(layer, 4, size)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@CHECK
@given(size=st.tuples(SIDES, SIDES), kernel=KERNELS, dilation=st.integers(1, 3))
def test_convolution_with_padding_that_is_not_symmetric(size: tuple[int, int], kernel: Any, dilation: int) -> None:
    assert_keyed_equals_plain(nn.Conv2d(3, 5, kernel, padding="same", dilation=dilation), 3, size)


@CHECK
@given(
    size=st.tuples(SIDES, SIDES),
    kernel=KERNELS,
    stride=STEPS,
    padding=BORDERS,
    extra=st.integers(0, 1),
    groups=st.sampled_from([1, 4]),
)
def test_transposed_convolution(size: tuple[int, int], kernel: Any, stride: Any, padding: Any, extra: int, groups: int) -> None:
    assume(extra < min(stride))
    assert_keyed_equals_plain(nn.ConvTranspose2d(4, 8, kernel, stride, padding, extra, groups), 4, size)


@CHECK
@given(
    size=st.tuples(SIDES, SIDES), kernel=KERNELS, stride=STEPS, ceil=st.booleans(), counted=st.booleans(), average=st.booleans()
)
def test_pooling(size: tuple[int, int], kernel: Any, stride: Any, ceil: bool, counted: bool, average: bool) -> None:
    padding = kernel[0] // 2, kernel[1] // 2
    if average:
        layer: nn.Module = nn.AvgPool2d(kernel, stride, padding, ceil_mode=ceil, count_include_pad=counted)
    else:
        layer = nn.MaxPool2d(kernel, stride, padding, ceil_mode=ceil)
    assert_keyed_equals_plain(layer, 3, size)


@CHECK
@given(size=st.tuples(SIDES, SIDES), out=st.tuples(SIDES, SIDES), largest=st.booleans())
def test_adaptive_pooling(size: tuple[int, int], out: tuple[int, int], largest: bool) -> None:
    assert_keyed_equals_plain(nn.AdaptiveMaxPool2d(out) if largest else nn.AdaptiveAvgPool2d(out), 3, size)


@CHECK
@given(
    size=st.tuples(SIDES, SIDES), out=st.tuples(SIDES, SIDES), mode=st.sampled_from(["nearest", "bilinear", "bicubic", "area"])
)
def test_interpolation(size: tuple[int, int], out: tuple[int, int], mode: str) -> None:
    assert_keyed_equals_plain(nn.Upsample(out, mode=mode), 3, size)


@CHECK
@given(
    size=st.tuples(SIDES, SIDES),
    border=st.tuples(*[st.integers(-2, 3)] * 4),
    mode=st.sampled_from(["constant", "reflect", "replicate", "circular"]),
)
def test_padding_and_cropping(size: tuple[int, int], border: tuple[int, ...], mode: str) -> None:
    class Pad(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.pad(x, border, mode=mode)

    assert_keyed_equals_plain(Pad(), 3, size)


@CHECK
@given(size=st.tuples(SIDES, SIDES), groups=st.sampled_from([1, 2, 4]), instance=st.booleans())
def test_normalisation_over_space(size: tuple[int, int], groups: int, instance: bool) -> None:
    assume(size[0] * size[1] > 1)
    assert_keyed_equals_plain(nn.InstanceNorm2d(4, affine=True) if instance else nn.GroupNorm(groups, 4), 4, size)


class _Cut(nn.Module):
    """Slices, chunks, views and permutations of axes around a convolution, as shuffling networks have them."""

    def __init__(self, steps: list[str]) -> None:
        super().__init__()
        self.steps = steps
        self.body = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            if step == "slice":
                x = torch.cat([x[:, 2:], x[:, :2]], 1)
            elif step == "chunk":
                first, second = x.chunk(2, 1)
                x = torch.cat([second, first * 2], 1)
            elif step == "shuffle":
                n, c, h, w = x.size()
                x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, c, h, w)
            elif step == "channels last":
                x = F.gelu(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            elif step == "crop":
                x = x[:, :, : x.shape[2] - 1, 1:]
            elif step == "merge":
                x = F.relu(x.flatten(2)).view(x.shape)
            elif step == "attend":
                x = x * torch.sigmoid(x.mean((2, 3), keepdim=True)) + x.amax(1, keepdim=True)
            else:
                x = self.body(x) + x
        return x


STEPS_OF_A_NETWORK = ["slice", "chunk", "shuffle", "channels last", "crop", "merge", "attend", "convolve"]


@CHECK
@given(
    size=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    steps=st.lists(st.sampled_from(STEPS_OF_A_NETWORK), min_size=2, max_size=8),
)
def test_any_chain_of_views_cuts_and_convolutions(size: tuple[int, int], steps: list[str]) -> None:
    assume(steps.count("crop") < 3)
    assert_keyed_equals_plain(_Cut(steps), 4, size)
