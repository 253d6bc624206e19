"""What the image signal processor is told: size, white balance, gain, colour, tone curve."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

Gamma = Literal["srgb", "linear"]
Row = tuple[float, float, float]

NEUTRAL_BALANCE: Row = (1.0, 1.0, 1.0)
IDENTITY_MATRIX: tuple[Row, Row, Row] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class IspSettings:
    """How a frame is developed.

    Attributes
    ----------
    output
        (h, w) of the picture in pixels; None keeps the array's size. Another size averages blocks of photosites, so it
        must divide the array's size, by even factors where the array is a Bayer one.
    white_balance
        factors of (red, green, blue); (1, 1, 1) where the array is mono.
    colour_matrix
        3 x 3 rows from camera (r, g, b) to sRGB primaries, after white balance; the identity where the array is mono.
    gamma
        "srgb" (IEC 61966-2-1) or "linear".
    gain
        digital gain, dimensionless; with 1, the largest code is white (1.0).

    Raises
    ------
    ValueError
        naming the field, its value and what is allowed. A size that does not suit the array is found by `isp`.
    """

    output: tuple[int, int] | None = None
    white_balance: Row = NEUTRAL_BALANCE
    colour_matrix: tuple[Row, Row, Row] = IDENTITY_MATRIX
    gamma: Gamma = "srgb"
    gain: float = 1.0

    def __post_init__(self) -> None:
        size = self.output
        if size is not None and (len(size) != 2 or not all(isinstance(side, int) and side >= 1 for side in size)):
            raise ValueError(f"output = {self.output}: allowed is (h, w), each >= 1, or None")
        if len(self.white_balance) != 3 or not all(0 < factor < math.inf for factor in self.white_balance):
            raise ValueError(f"white_balance = {self.white_balance}: allowed is three finite factors > 0")
        rows = self.colour_matrix
        if len(rows) != 3 or any(len(row) != 3 or not all(map(math.isfinite, row)) for row in rows):
            raise ValueError(f"colour_matrix = {rows}: allowed is three rows of three finite numbers")
        if self.gamma not in get_args(Gamma):
            raise ValueError(f"gamma = {self.gamma!r}: allowed is {' or '.join(get_args(Gamma))}")
        if not 0 < self.gain < math.inf:
            raise ValueError(f"gain = {self.gain}: allowed is a finite gain > 0")
