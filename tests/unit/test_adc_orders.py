"""Every order holds every position once, and has the structure that its name says."""

import numpy as np
import pytest

from adc import block_order, full_order, invert_order, raster_order, row_column_order
from adc.keystream import Keystream

KEY = bytes(range(32))
SIZES = [(1, 1), (8, 8), (16, 24), (17, 9), (3, 50), (40, 7), (300, 301)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_every_order_holds_every_position_once(height: int, width: int) -> None:
    every = np.arange(height * width)
    for order in (
        full_order(Keystream(KEY, 1), height * width),
        row_column_order(Keystream(KEY, 1), height, width),
        block_order(Keystream(KEY, 1), height, width),
        raster_order(height * width),
    ):
        assert order.dtype == np.uint32
        assert np.array_equal(np.sort(order), every)


def test_row_column_order_moves_rows_and_columns_whole() -> None:
    rows, columns = np.divmod(row_column_order(Keystream(KEY, 2), 30, 40).reshape(30, 40), 40)
    assert np.array_equal(rows, np.broadcast_to(rows[:, :1], (30, 40)))
    assert np.array_equal(columns, np.broadcast_to(columns[:1], (30, 40)))
    assert not np.array_equal(rows[:, 0], np.arange(30))
    assert not np.array_equal(columns[0], np.arange(40))


@pytest.mark.parametrize(("height", "width"), [(64, 48), (61, 45)])
def test_block_order_moves_blocks_whole(height: int, width: int) -> None:
    order = block_order(Keystream(KEY, 3), height, width).reshape(height, width).astype(int)
    for top in range(0, height, 8):
        for left in range(0, width, 8):
            block = order[top : top + 8, left : left + 8]
            row, column = divmod(block[0, 0], width)
            assert row % 8 == 0
            assert column % 8 == 0
            expected = np.arange(height * width).reshape(height, width)[row : row + 8, column : column + 8]
            assert np.array_equal(block, expected)
    assert not np.array_equal(order.ravel(), np.arange(height * width))


def test_inverse_says_where_each_pixel_went() -> None:
    order = full_order(Keystream(KEY, 4), 100_000)
    expected = np.empty_like(order)
    expected[order] = np.arange(100_000)
    assert np.array_equal(invert_order(order), expected)


@pytest.mark.parametrize("order", [[0, 0, 1], [0, 1, 3], [4_294_967_295, 0, 1]])
def test_inverse_of_something_else_is_refused(order: list[int]) -> None:
    with pytest.raises(ValueError, match="every position exactly once"):
        invert_order(np.array(order, np.uint32))


def test_order_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="order = int64"):
        invert_order(np.arange(4))
