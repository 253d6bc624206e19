"""What the image signal processor is told: what part, what size, which demosaic, and how light becomes a picture."""

import itertools
import math
from dataclasses import dataclass
from typing import Literal, get_args

Gamma = Literal["srgb", "linear"]
Demosaic = Literal["bilinear", "malvar"]
Row = tuple[float, float, float]

NEUTRAL_BALANCE: Row = (1.0, 1.0, 1.0)
IDENTITY_MATRIX: tuple[Row, Row, Row] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class IspSettings:
    """How a frame is developed.

    Attributes
    ----------
    output
        (h, w) of the picture in pixels; None keeps the size of the array, or of the crop. Another size averages blocks of
        photosites, so it must divide that size, by even factors where the array is a Bayer one.
    white_balance
        factors of (red, green, blue), or "grey-world": those that make the means of the three colours equal. (1, 1, 1)
        where the array is mono.
    colour_matrix
        3 x 3 rows from camera (r, g, b) to sRGB primaries, after white balance; the identity where the array is mono.
    gamma
        "srgb" (IEC 61966-2-1) or "linear".
    gain
        digital gain, dimensionless; with 1, the largest code is white (1.0).
    demosaic
        "bilinear", or "malvar" (sharper, fewer false colours); where a Bayer picture keeps the photosites' number.
    crop
        (top, left, height, width) in photosites, at any even or odd place and size; None takes the whole array.
    contrast
        slope at mid-grey of an S-curve on the encoded picture; 1 leaves it alone, below 1 flattens.
    tone_points
        (from, to) points of a curve on the encoded picture after contrast, straight between them, rising in both from
        (0, .) to (1, .); empty leaves it alone.

    Raises
    ------
    ValueError
        naming the field, its value and what is allowed. A size that does not suit the array is found by `isp`.
    """

    output: tuple[int, int] | None = None
    white_balance: Row | Literal["grey-world"] = NEUTRAL_BALANCE
    colour_matrix: tuple[Row, Row, Row] = IDENTITY_MATRIX
    gamma: Gamma = "srgb"
    gain: float = 1.0
    demosaic: Demosaic = "bilinear"
    crop: tuple[int, int, int, int] | None = None
    contrast: float = 1.0
    tone_points: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.output is not None and (len(self.output) != 2 or not all(_is_whole(side, 1) for side in self.output)):
            raise ValueError(f"output = {self.output}: allowed is (h, w), each >= 1, or None")
        balance = self.white_balance
        if balance != "grey-world" and (
            isinstance(balance, str) or len(balance) != 3 or not all(0 < factor < math.inf for factor in balance)
        ):
            raise ValueError(f"white_balance = {balance}: allowed is three finite factors > 0, or 'grey-world'")
        rows = self.colour_matrix
        if len(rows) != 3 or any(len(row) != 3 or not all(map(math.isfinite, row)) for row in rows):
            raise ValueError(f"colour_matrix = {rows}: allowed is three rows of three finite numbers")
        if self.gamma not in get_args(Gamma):
            raise ValueError(f"gamma = {self.gamma!r}: allowed is {' or '.join(get_args(Gamma))}")
        if not 0 < self.gain < math.inf:
            raise ValueError(f"gain = {self.gain}: allowed is a finite gain > 0")
        if self.demosaic not in get_args(Demosaic):
            raise ValueError(f"demosaic = {self.demosaic!r}: allowed is {' or '.join(get_args(Demosaic))}")
        crop = self.crop
        if crop is not None and (
            len(crop) != 4 or not all(_is_whole(number, least) for number, least in zip(crop, (0, 0, 1, 1), strict=True))
        ):
            raise ValueError(f"crop = {crop}: allowed is (top, left, height, width), places >= 0 and sides >= 1, or None")
        if not 0.1 <= self.contrast <= 10:
            raise ValueError(f"contrast = {self.contrast}: allowed is 0.1 to 10")
        if self.tone_points and not _is_rising(self.tone_points):
            allowed = "two or more (from, to) points in 0 to 1, from rising from 0 to 1, to never falling"
            raise ValueError(f"tone_points = {self.tone_points}: allowed is {allowed}")


def _is_whole(number: object, least: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= least


def _is_rising(points: tuple[tuple[float, float], ...]) -> bool:
    if len(points) < 2 or any(len(point) != 2 or not all(0 <= number <= 1 for number in point) for point in points):
        return False
    steps = list(itertools.pairwise(points))
    ends = points[0][0] == 0 and points[-1][0] == 1
    return ends and all(left[0] < right[0] and left[1] <= right[1] for left, right in steps)
