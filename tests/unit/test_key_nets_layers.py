"""Key-Nets' keyed layers give the answers of the plain ones, on what the keyed sensor sends."""

import numpy as np
import pytest
import torch
from torch import nn

from privacy.attacks.keyed_layers import orders_from_layers
from privacy.schemes import KeyNets
from privacy.schemes.key_nets_layers import KeyedLayers, LayerKey, affine_map

SHAPE = (8, 12)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(4, 6, 3, stride=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 5),
    )  # fmt: skip
    layers[1].running_mean.normal_()
    layers[1].running_var.uniform_(0.5, 2)
    return layers.double().eval()


def sensor_key(scheme: KeyNets) -> LayerKey:
    """The sensor's key over values in the sequence channel, row, column, as torch keeps pictures."""
    channel_first = np.arange(scheme.order.size).reshape(*scheme.shape, 3).transpose(2, 0, 1).reshape(-1)
    return LayerKey(np.argsort(channel_first)[scheme.order], scheme.gain.astype(np.float64))


def test_keyed_layers_answer_on_the_sensors_samples_as_the_plain_network_does_on_the_picture() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, *SHAPE, 3), np.uint8)
    scheme, plain = KeyNets.with_key(np.random.default_rng(1), SHAPE), network()
    keyed = KeyedLayers(plain, (3, *SHAPE), sensor_key(scheme), np.random.default_rng(2))
    expected = plain(torch.from_numpy(images).double().permute(0, 3, 1, 2))
    answers = keyed(torch.from_numpy(scheme.encrypt(images).samples.astype(np.float64)).reshape(4, -1))
    # float64 sums of some hundred products in another sequence.
    torch.testing.assert_close(answers, expected, rtol=1e-11, atol=1e-11)
    other = KeyNets.with_key(np.random.default_rng(3), SHAPE)
    wrong = keyed(torch.from_numpy(other.encrypt(images).samples.astype(np.float64)).reshape(4, -1))
    assert (wrong - expected).abs().min(1).values.max() > 1e-3


def test_every_inner_layer_is_a_w_a_prev_inverse_in_full_matrices() -> None:
    rng = np.random.default_rng(0)
    plain = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3)).double()
    key = LayerKey.with_key(rng, 5)
    inner = LayerKey.with_key(np.random.default_rng(9), 7)
    keyed = KeyedLayers(plain, (5,), key, np.random.default_rng(9))

    def matrix(of: LayerKey) -> np.ndarray:
        full = np.zeros((of.order.size, of.order.size))
        full[np.arange(of.order.size), of.order] = of.gain
        return full

    first, last = plain[0].weight.detach().numpy(), plain[2].weight.detach().numpy()
    np.testing.assert_allclose(keyed.layers[0].weight, matrix(inner) @ first @ np.linalg.inv(matrix(key)), rtol=1e-12)
    np.testing.assert_allclose(keyed.layers[0].bias, matrix(inner) @ plain[0].bias.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(keyed.layers[2].weight, last @ np.linalg.inv(matrix(inner)), rtol=1e-12)


def test_a_layers_key_commutes_with_relu_and_is_undone_by_its_inverse() -> None:
    key, x = LayerKey.with_key(np.random.default_rng(0), 50), torch.randn(3, 50, dtype=torch.float64)
    assert torch.equal(torch.relu(key.applied(x)), key.applied(torch.relu(x)))
    torch.testing.assert_close(key.inverse().applied(key.applied(x)), x, rtol=1e-14, atol=0)
    assert not torch.allclose(key.applied(x), x)


def test_a_convolution_is_the_matrix_of_its_taps() -> None:
    layer = nn.Conv2d(1, 1, 3, padding=1).double()
    weight, bias, shape = affine_map(layer, (1, 4, 5))
    taps = layer.weight.detach().numpy()[0, 0]
    expected = np.zeros((20, 20))
    for row, column, down, right in np.ndindex(4, 5, 3, 3):
        if 0 <= row + down - 1 < 4 and 0 <= column + right - 1 < 5:
            expected[5 * row + column, 5 * (row + down - 1) + column + right - 1] = taps[down, right]
    assert shape == (1, 4, 5)
    np.testing.assert_allclose(weight, expected, atol=1e-15)
    np.testing.assert_allclose(bias, np.full(20, layer.bias.item()))


@pytest.mark.parametrize(("layer", "says"), [(nn.MaxPool2d(2), "MaxPool2d"), (nn.Sigmoid(), "Sigmoid")])
def test_a_layer_that_no_key_commutes_with_is_refused(layer, says) -> None:
    plain = nn.Sequential(layer, nn.Flatten(), nn.LazyLinear(2))
    plain(torch.zeros(1, 1, 4, 4))
    with pytest.raises(ValueError, match=rf"network\[0\] = {says}: .*allowed is Conv2d, .*ReLU"):
        KeyedLayers(plain.eval(), (1, 4, 4), LayerKey.none(16), np.random.default_rng(0))


def test_a_network_that_ends_in_a_relu_and_gains_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="ends in a ReLU: allowed is"):
        KeyedLayers(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), (3,), LayerKey.none(3), np.random.default_rng(0))
    for gain in (np.array([1.0, 0.0]), np.array([1.0, -1.0]), np.array([1.0, np.inf]), np.ones(3)):
        with pytest.raises(ValueError, match=r"gain = .*: allowed is above 0"):
            LayerKey(np.arange(2), gain)
    with pytest.raises(ValueError, match=r"order = .*: allowed is permutations"):
        LayerKey(np.zeros(2, np.int64), np.ones(2))


def test_a_keyed_layer_and_the_plain_one_give_both_orders() -> None:
    rng, plain = np.random.default_rng(0), network()
    weight = affine_map(plain[0], (3, *SHAPE))[0].numpy()
    before, own = (LayerKey.with_key(rng, values) for values in weight.shape[::-1])
    keyed = own.gain[:, None] * weight[own.order][:, before.order] / before.gain
    found = orders_from_layers(keyed, weight)
    assert np.array_equal(found.order_in, before.order)
    assert np.array_equal(found.order_out, own.order)
    assert found.chance == 1 / 288


def test_what_looks_the_same_stays_unknown_and_another_layer_is_refused() -> None:
    weight = np.kron(np.eye(3), np.ones((2, 2)))  # every column has its like, and every block too
    assert (orders_from_layers(weight[::-1], weight).order_in == -1).all()
    with pytest.raises(ValueError, match=r"keyed = \(6, 6\) with 36 entries: allowed is \(6, 6\) with 12 entries, as plain"):
        orders_from_layers(np.ones((6, 6)), weight)
    other = np.random.default_rng(1).normal(size=(9, 6))
    assert (orders_from_layers(np.random.default_rng(2).normal(size=(9, 6)), other).order_in == -1).all()
