"""The offsets of the published operators against the formula, written out."""

import numpy as np
import pytest
import torch

from inference.keyed.positions import invert
from inference.keyed.reference import Window, keyed_offsets


def direct_offsets(order_in, order_out, window, size_in, size_out):
    """Equation 2 of Perez et al., cell by cell and tap by tap."""
    inverse = np.argsort(order_in)
    offsets = np.zeros((2 * window.kernel[0] * window.kernel[1], *size_out), np.float32)
    for q in range(size_out[0] * size_out[1]):
        for tap in range(window.kernel[0] * window.kernel[1]):
            u = np.array(divmod(tap, window.kernel[1]))
            shift = np.array(window.dilation) * u - window.padding
            source = np.array(window.stride) * divmod(order_out[q], size_out[1]) + shift
            inside = 0 <= source[0] < size_in[0] and 0 <= source[1] < size_in[1]
            place = divmod(inverse[source[0] * size_in[1] + source[1]], size_in[1]) if inside else (-1, -1)
            cell = divmod(q, size_out[1])
            offsets[2 * tap : 2 * tap + 2, cell[0], cell[1]] = place - (np.array(window.stride) * cell + shift)
    return offsets


@pytest.mark.parametrize("size_in", [(6, 6), (5, 8), (9, 4)])
@pytest.mark.parametrize(
    "window",
    [
        Window((3, 3), (1, 1), (1, 1), (1, 1)),
        Window((3, 3), (2, 2), (1, 1), (1, 1)),
        Window((3, 3), (1, 1), (2, 2), (2, 2)),
        Window((1, 1), (2, 2), (0, 0), (1, 1)),
        Window((2, 2), (2, 2), (0, 0), (1, 1)),
        Window((3, 2), (1, 3), (0, 1), (1, 2)),
        Window((5, 5), (1, 1), (2, 2), (1, 1)),
    ],
)
def test_offsets_equal_the_direct_loop(size_in: tuple[int, int], window: Window) -> None:
    size_out = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(size_in, window.padding, window.dilation, window.kernel, window.stride, strict=True)
    )
    if min(size_out) < 1:
        pytest.skip("this window does not fit into this raster")
    random = np.random.default_rng(7)
    order_in = random.permutation(size_in[0] * size_in[1])
    order_out = random.permutation(size_out[0] * size_out[1])
    offsets = keyed_offsets(invert(torch.from_numpy(order_in)), torch.from_numpy(order_out), window, size_in, size_out)
    assert np.array_equal(offsets[0].numpy(), direct_offsets(order_in, order_out, window, size_in, size_out))


def test_a_batch_of_orders_gives_the_offsets_of_each() -> None:
    window = Window((3, 3), (1, 1), (1, 1), (1, 1))
    orders = torch.stack([torch.randperm(20, generator=torch.Generator().manual_seed(i)) for i in range(3)])
    out = torch.arange(20)
    batch = keyed_offsets(invert(orders), out, window, (4, 5), (4, 5))
    each = [keyed_offsets(invert(order), out, window, (4, 5), (4, 5))[0] for order in orders]
    assert torch.equal(batch, torch.stack(each))
