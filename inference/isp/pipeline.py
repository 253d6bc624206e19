"""The keyed image signal processor, step by step: the only place where the mask is removed."""

import numpy as np
from numpy.typing import NDArray

from adc import FrameKey, Geometry, RawFrame
from inference.isp.binning import bin_bayer, bin_bayer_parallel, bin_blocks, bin_blocks_parallel
from inference.isp.demosaic import demosaic, demosaic_parallel
from inference.isp.development import Development, development
from inference.isp.image import KeyedImage
from inference.isp.pointwise import pointwise, pointwise_parallel
from inference.isp.settings import IDENTITY_MATRIX, NEUTRAL_BALANCE, IspSettings

RED_AT = {"rggb": (0, 0), "grbg": (0, 1), "gbrg": (1, 0), "bggr": (1, 1)}
"""(row, column) of red in the 2 x 2 tile of each Bayer phase."""

PARALLEL_PHOTOSITES = 100_000
"""Below this, waking the threads costs more than they save."""

AS_THE_CAMERA_MADE_IT = IspSettings()


def isp(raw: RawFrame, frame_key: FrameKey, settings: IspSettings = AS_THE_CAMERA_MADE_IT) -> KeyedImage:
    """Develop a keyed frame into a keyed picture without laying it out as a raster.

    The steps, in this order: unmask (modulo 2**bits), bin or demosaic (means of codes), black level, scale so that the
    largest code is 1, white balance and gain, colour matrix, clip to 0..1, tone curve. Corrections of the sensor belong
    between unmasking and the means, where `codes` still holds one sample a photosite. The result equals, bit for bit,
    what the same arithmetic gives on the raster.

    At the array's own size the picture keeps the frame's order. A smaller one has a fresh order of its own, drawn by
    `frame_key.derived_order("isp", h * w)`.

    The tag is not verified here: `Receiver.accept` does that, and gives the frame key.

    Parameters
    ----------
    raw
        samples uint16 (P, C) in emission order, in DN.
    frame_key
        the key of this frame; at least its geometry must be the frame's.

    Returns
    -------
    KeyedImage
        x float32 (3, h, w), or (1, h, w) where the array is mono; order uint32 (h * w,).

    Raises
    ------
    ValueError
        if the key is for another geometry, the settings do not suit the array, or the black level leaves no room for light.
    """
    geometry = raw.header.geometry
    if frame_key.geometry != geometry:
        raise ValueError(f"frame_key.geometry = {frame_key.geometry}: allowed is the frame's, {geometry}")
    array = (geometry.height, geometry.width)
    output = output_size(geometry, settings)
    if raw.header.black_level_dn >= 2**geometry.bits - 1:
        raise ValueError(f"black_level_dn = {raw.header.black_level_dn}: allowed is below white, {2**geometry.bits - 1} DN")
    d = development(settings, raw.header.black_level_dn, geometry.bits)
    codes = unmask(raw.samples, frame_key.mask, geometry.bits)
    positions = output[0] * output[1]
    x = np.empty((1 if geometry.cfa == "mono" else 3, positions), np.float32)
    parallel = geometry.pixels >= PARALLEL_PHOTOSITES
    if output != array:
        order = frame_key.derived_order("isp", positions)
        _bin(codes, frame_key.inverse_order, order, geometry, output, d, x, parallel)
    else:
        order = frame_key.order
        _develop_at_full_size(codes, frame_key, geometry, d, x, parallel)
    return KeyedImage(x.reshape(-1, *output), order)


def output_size(geometry: Geometry, settings: IspSettings) -> tuple[int, int]:
    """Return (h, w) of the picture; raises ValueError where the settings do not suit the array."""
    if geometry.cfa == "mono" and settings.white_balance != NEUTRAL_BALANCE:
        raise ValueError(f"white_balance = {settings.white_balance}: allowed is (1, 1, 1) for a mono array")
    if geometry.cfa == "mono" and settings.colour_matrix != IDENTITY_MATRIX:
        raise ValueError(f"colour_matrix = {settings.colour_matrix}: allowed is the identity for a mono array")
    array = (geometry.height, geometry.width)
    if settings.output is None or settings.output == array:
        return array
    step = 2 if geometry.is_bayer else 1
    if any(side % (step * part) for side, part in zip(array, settings.output, strict=True)):
        factors = "even factors" if geometry.is_bayer else "whole factors"
        raise ValueError(f"output = {settings.output}: allowed is {array} or that divided by {factors} ({geometry.cfa})")
    return settings.output


def unmask(samples: NDArray[np.uint16], mask: NDArray[np.uint16] | None, bits: int) -> NDArray[np.uint16]:
    """Return the codes (P, C) in DN of masked samples: (samples - mask) mod 2**bits, in emission order."""
    if mask is None:
        return samples
    codes = samples - mask  # wraps modulo 2**16, of which 2**bits is a divisor
    codes &= np.uint16(2**bits - 1)
    return codes


def _bin(
    codes: NDArray[np.uint16],
    inverse: NDArray[np.uint32],
    order: NDArray[np.uint32],
    geometry: Geometry,
    output: tuple[int, int],
    d: Development,
    x: NDArray[np.float32],
    parallel: bool,
) -> None:
    array = (geometry.height, geometry.width)
    if geometry.is_bayer and parallel:
        bin_bayer_parallel(codes, inverse, order, array, output, RED_AT[geometry.cfa], d, x)
    elif geometry.is_bayer:
        bin_bayer(codes, inverse, order, array, output, RED_AT[geometry.cfa], d, x, 0, order.size)
    elif parallel:
        bin_blocks_parallel(codes, inverse, order, array, output, d, x)
    else:
        bin_blocks(codes, inverse, order, array, output, d, x, 0, order.size)


def _develop_at_full_size(
    codes: NDArray[np.uint16],
    frame_key: FrameKey,
    geometry: Geometry,
    d: Development,
    x: NDArray[np.float32],
    parallel: bool,
) -> None:
    array = (geometry.height, geometry.width)
    if geometry.is_bayer and parallel:
        demosaic_parallel(codes, frame_key.inverse_order, array, RED_AT[geometry.cfa], d, x)
    elif geometry.is_bayer:
        demosaic(codes, frame_key.inverse_order, array, RED_AT[geometry.cfa], d, x)
    elif parallel:
        pointwise_parallel(codes, d, x)
    else:
        pointwise(codes, d, x, 0, codes.shape[0])
