"""The sizes at which a board is tried: its whole array, and windows that are small, odd in shape, or cut packets unevenly."""

from collections.abc import Callable, Mapping

from hil.dut import Dut

_SIZES: Mapping[str, Callable[[int, int], tuple[int, int]]] = {
    "whole": lambda height, width: (height, width),
    "half": lambda height, width: (height // 2, width // 2),
    "smallest": lambda height, width: (2, 2),
    "one-row-of-cells": lambda height, width: (2, width),
    "one-column-of-cells": lambda height, width: (height, 2),
    "wide": lambda height, width: (height // 8, width),
    "tall": lambda height, width: (height, width // 8),
    "uneven": lambda height, width: (height // 3, width // 5),
}
GEOMETRIES: tuple[str, ...] = tuple(_SIZES)


def size_of(geometry: str, dut: Dut) -> tuple[int, int]:
    """Height and width of a geometry by name on a board: even, so that colour filter arrays take them, and at least 2."""
    height, width = dut.read("sensor_height"), dut.read("sensor_width")
    assert isinstance(height, int) and isinstance(width, int)
    rows, columns = _SIZES[geometry](height, width)
    return max(rows // 2 * 2, 2), max(columns // 2 * 2, 2)
