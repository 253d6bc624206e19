"""Demosaic: the two colours that a Bayer photosite lacks, from its neighbours, one line of the raster at a time.

Neighbours beyond the array are mirrored about the edge's photosites, without repeating them, which keeps the colours' places.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

BORDER = 2
"""Photosites that a line is continued by at either end: as far as any filter reaches."""

Line = NDArray[np.uint16]


@njit(cache=True, nogil=True)
def mirrored(place: int, size: int) -> int:
    """The place 0 to `size` - 1 that a place up to BORDER outside is a mirror image of."""
    while place < 0 or place >= size:
        place = -place if place < 0 else 2 * size - 2 - place
    return place


@njit(cache=True, nogil=True)
def continue_line(raster: NDArray[np.uint16], width: int, row: int, line: Line) -> None:
    """Copy one row of `raster` (H * W,), or the one it mirrors, into `line` (W + 2 BORDER,) and continue it at both ends."""
    begin = mirrored(row, raster.size // width) * width
    source = raster[begin : begin + width]
    for j in range(source.size):
        line[j + 2] = source[j]
    for k in range(BORDER):
        line[k] = line[BORDER + mirrored(k - BORDER, width)]
        line[BORDER + width + k] = line[BORDER + mirrored(width + k, width)]


@njit(cache=True, nogil=True, error_model="numpy")
def bilinear_line(above: Line, here: Line, below: Line, colour_at: int, colour: Line, green: Line, other: Line) -> None:
    """Demosaic one line by the mean of the nearest neighbours of each colour, rounded half up.

    `above`, `here`, `below` (W + 2 BORDER,) are three lines of 16-bit samples; `here` holds one of red and blue at columns of
    parity `colour_at`, which goes to `colour` (W,), the `other` one (W,) is in the two beside it.
    """
    for j in range(green.size):
        centre = np.int32(here[j + 2])
        across = np.int32(here[j + 1]) + np.int32(here[j + 3])
        along = np.int32(above[j + 2]) + np.int32(below[j + 2])
        corners = np.int32(above[j + 1]) + np.int32(above[j + 3]) + np.int32(below[j + 1]) + np.int32(below[j + 3])
        on_colour = (j & 1) == colour_at
        colour[j] = np.uint16(centre if on_colour else (across + 1) >> 1)
        green[j] = np.uint16((across + along + 2) >> 2 if on_colour else centre)
        other[j] = np.uint16((corners + 2) >> 2 if on_colour else (along + 1) >> 1)


@njit(cache=True, nogil=True)
def cut(sample: np.int32 | np.int64) -> np.int32:
    """A sample cut to 16 bits."""
    return np.int32(min(max(int(sample), 0), 65535))


@njit(cache=True, nogil=True, error_model="numpy")
def malvar_line(
    far_above: Line,
    above: Line,
    here: Line,
    below: Line,
    far_below: Line,
    colour_at: int,
    colour: Line,
    green: Line,
    other: Line,
) -> None:
    """Demosaic one line by gradient-corrected linear filters, rounded half up and clipped to 16 bits; lines as above.

    Source: Malvar, He and Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned color images",
    ICASSP 2004, figure 2; the weights here are in sixteenths.
    """
    for j in range(green.size):
        centre = np.int32(here[j + 2])
        across = np.int32(here[j + 1]) + np.int32(here[j + 3])
        along = np.int32(above[j + 2]) + np.int32(below[j + 2])
        corners = np.int32(above[j + 1]) + np.int32(above[j + 3]) + np.int32(below[j + 1]) + np.int32(below[j + 3])
        far_across = np.int32(here[j]) + np.int32(here[j + 4])
        far_along = np.int32(far_above[j + 2]) + np.int32(far_below[j + 2])
        far = far_across + far_along
        on_colour = (j & 1) == colour_at
        at_green = 10 * centre - 2 * corners
        missing_green = 8 * centre + 4 * (across + along) - 2 * far
        missing_other = 12 * centre + 4 * corners - 3 * far
        from_beside = at_green + 8 * across - 2 * far_across + far_along
        from_over = at_green + 8 * along - 2 * far_along + far_across
        colour[j] = np.uint16(centre if on_colour else cut((from_beside + 8) >> 4))
        green[j] = np.uint16(cut((missing_green + 8) >> 4) if on_colour else centre)
        other[j] = np.uint16(cut(((missing_other if on_colour else from_over) + 8) >> 4))
