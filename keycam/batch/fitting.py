"""How the camera's array and the network's picture are fitted to footage: as many photosites as the footage has pixels for."""

from dataclasses import replace
from typing import NamedTuple

from inference.isp import IspSettings
from keycam.demo_camera import development
from sensor_sim import SensorProfile

MOST_PER_PIXEL = 16
"""Photosites along a side of the network's pixel, at most: more only cost time."""


class Fitting(NamedTuple):
    """Sizes (height, width): of the array, and of the network's picture, which is the array's or an even part of it."""

    array: tuple[int, int]
    picture: tuple[int, int]


def fitted(frame: tuple[int, int], wanted: tuple[int, int] | None) -> Fitting:
    """Fit an array to frames of a size for a network that wants pictures of `wanted` size, even, or with None any.

    The array has an even number of photosites a side, as a Bayer pattern needs, and so an odd frame loses a line. What does
    not have the array's proportions is cut at the sides by the sensor.
    """
    if wanted is None:
        even = (frame[0] // 2 * 2, frame[1] // 2 * 2)
        return Fitting(even, even)
    fits = min(frame[0] // wanted[0], frame[1] // wanted[1], MOST_PER_PIXEL)
    scale = max(1, fits // 2 * 2)  # a Bayer array is binned by even factors only
    return Fitting((scale * wanted[0], scale * wanted[1]), wanted)


def settings_in(array: tuple[int, int], wanted: tuple[int, int] | None, profile: SensorProfile, exposure_s: float) -> IspSettings:
    """Develop frames of an array that is there already, those of a recording, for a network that wants `wanted`."""
    fit = fitted(array, wanted)
    crop = ((array[0] - fit.array[0]) // 4 * 2, (array[1] - fit.array[1]) // 4 * 2, *fit.array)
    settings = development(profile, fit.picture, exposure_s)
    return settings if fit.array == array else replace(settings, crop=crop)
