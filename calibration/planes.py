"""The colour planes of an array: each is characterised on its own."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from adc import Geometry


class Plane(NamedTuple):
    """Photosites of one colour: `name`, the `colour` of light that is measured with (0 red, 1 green, 2 blue), and where."""

    name: str
    colour: int
    rows: slice
    columns: slice
    channel: int

    def of(self, raster: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """The plane (h, w) of a raster (H, W, C)."""
        return raster[self.rows, self.columns, self.channel]


def planes_of(geometry: Geometry) -> tuple[Plane, ...]:
    """The planes of an array: one for mono, three for rgb, four for a Bayer one, whose two greens have rows of their own.

    A mono array is measured in green light.
    """
    whole = slice(None)
    if geometry.cfa == "mono":
        return (Plane("mono", 1, whole, whole, 0),)
    if geometry.cfa == "rgb":
        return tuple(Plane(name, colour, whole, whole, colour) for colour, name in enumerate(("red", "green", "blue")))
    tile: str = geometry.cfa
    planes = []
    for place, letter in enumerate(tile):
        row, column = divmod(place, 2)
        beside = tile[2 * row + 1 - column]
        name = {"r": "red", "b": "blue", "g": f"green beside {'red' if beside == 'r' else 'blue'}"}[letter]
        planes.append(Plane(name, "rgb".index(letter), slice(row, None, 2), slice(column, None, 2), 0))
    return tuple(planes)


def representative(planes: tuple[Plane, ...]) -> Plane:
    """The plane whose figures stand for the camera where only one may: mono or the first green."""
    return next(plane for plane in planes if plane.colour == 1)
