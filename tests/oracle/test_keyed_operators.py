"""Fast operator = published operator (torchvision's deformable convolution) = plain layer, on every kind of window."""

import pytest
import torch
from torch import nn

from inference.keyed import UnsupportedLayerError, convert
from tests.keyed_check import TOLERANCE, differing_nodes, plain_activations, random_orders, scrambled

LAYERS = {
    "3x3": nn.Conv2d(4, 6, 3, padding=1),
    "stride 2": nn.Conv2d(4, 6, 3, stride=2, padding=1),
    "1x1 stride 2": nn.Conv2d(4, 6, 1, stride=2),
    "1x1": nn.Conv2d(4, 6, 1),
    "dilation 2": nn.Conv2d(4, 6, 3, padding=2, dilation=2),
    "no padding": nn.Conv2d(4, 6, 3),
    "same": nn.Conv2d(4, 6, 5, padding="same"),
    "even kernel": nn.Conv2d(4, 6, 2, stride=2),
    "oblong": nn.Conv2d(4, 6, (3, 5), stride=(1, 2), padding=(1, 0)),
    "stride beyond kernel": nn.Conv2d(4, 6, 2, stride=3),
    "groups": nn.Conv2d(4, 8, 3, padding=1, groups=2),
    "depthwise": nn.Conv2d(4, 4, 3, padding=1, groups=4),
    "max pool": nn.MaxPool2d(2),
    "max pool padded": nn.MaxPool2d(3, 2, 1),
    "average pool": nn.AvgPool2d(2),
    "average pool, padding counted": nn.AvgPool2d(3, 2, 1),
    "average pool, padding not counted": nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    "mean over space": nn.AdaptiveAvgPool2d(1),
}


@pytest.mark.parametrize("size", [(8, 8), (9, 12)])
@pytest.mark.parametrize("name", LAYERS)
def test_fast_and_published_operator_equal_the_plain_layer(name: str, size: tuple[int, int]) -> None:
    torch.manual_seed(3)
    layer = nn.Sequential(nn.Identity(), LAYERS[name])
    x = torch.randn(3, 4, *size)
    order = random_orders(3, size[0] * size[1])
    answers = []
    with torch.inference_mode():
        plain = layer(x)
        for backend in ("fast", "reference"):
            keyed = convert(layer, x, backend=backend)  # type: ignore[arg-type]
            assert differing_nodes(keyed, plain_activations(layer, x), x, order) == []
            answers.append(keyed.activations(scrambled(x, order), order)["_1"].raster())
    assert (answers[0] - plain).abs().max() <= TOLERANCE * plain.abs().max()
    assert (answers[0] - answers[1]).abs().max() <= TOLERANCE * plain.abs().max()


def test_the_published_form_of_the_input_shuffle_restores_at_the_first_layer() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(), nn.Conv2d(5, 2, 3))
    x, order = torch.randn(2, 3, 7, 6), random_orders(2, 42)
    with torch.inference_mode():
        keyed = convert(layers, x, shuffle="input", backend="reference")
        assert (keyed(scrambled(x, order), order) - layers(x)).abs().max() <= TOLERANCE * layers(x).abs().max()


def test_what_the_published_operators_cannot_do_is_refused_by_path() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1, padding_mode="reflect"))
    with pytest.raises(UnsupportedLayerError, match=r"^0 \(Conv2d\)"):
        convert(layers, torch.zeros(1, 3, 8, 8), backend="reference")
