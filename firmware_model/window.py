"""The window: the part in the middle of the array that a camera reads out."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from adc import ColumnConverter, Converter
from sensor_sim import Exposure, SensorProfile


@dataclass(frozen=True)
class Window:
    """Rows and columns of the array that leave the camera.

    Attributes
    ----------
    top, left
        The first row and column, 0 or more.
    height, width
        How many of them.
    """

    top: int
    left: int
    height: int
    width: int

    @classmethod
    def centred(cls, profile: SensorProfile, height: int, width: int) -> Self:
        """The window of this size in the middle of a profile's array, on whole tiles of its colour filters.

        Raises ValueError for a size that is not 1 to that of the array, or odd for a Bayer array.
        """
        for side, size, most in (("height", height, profile.height), ("width", width, profile.width)):
            if not 1 <= size <= most:
                raise ValueError(f"{side} = {size}: allowed is 1 to {most}")
            if profile.is_bayer and size % 2:
                raise ValueError(f"{side} = {size}: allowed is an even number for the Bayer array {profile.cfa}")
        tile = 2 if profile.is_bayer else 1
        top, left = (profile.height - height) // 2, (profile.width - width) // 2
        return cls(top - top % tile, left - left % tile, height, width)

    def of_exposure(self, exposure: Exposure) -> Exposure:
        """The signals inside, with the shielded rows above these columns."""
        rows, columns = slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)
        black_v = exposure.optical_black_v
        return replace(
            exposure,
            signal_v=np.ascontiguousarray(exposure.signal_v[rows, columns]),
            optical_black_v=None if black_v is None else np.ascontiguousarray(black_v[:, columns]),
        )

    def of_converter(self, converter: Converter | ColumnConverter) -> Converter | ColumnConverter:
        """The converters of the columns inside."""
        return converter.columns(self.left, self.width) if isinstance(converter, ColumnConverter) else converter
