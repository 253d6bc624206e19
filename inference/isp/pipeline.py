"""The keyed image signal processor, step by step: the only place where the mask is removed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from adc import FrameKey, Geometry, RawFrame
from inference.isp.balance import bayer_sums, colour_sums, grey_world
from inference.isp.binning import bin_rows, bin_rows_parallel, put_in_order
from inference.isp.colours import red_at
from inference.isp.corrections import Corrections
from inference.isp.defects import replace_defects
from inference.isp.development import SAMPLE_BITS, Development, development
from inference.isp.emission import (
    emit_in_steps,
    emit_pixels,
    emit_pixels_parallel,
    emit_samples,
    emit_samples_parallel,
    order_of_crop,
)
from inference.isp.image import KeyedImage
from inference.isp.restoring import correct, linearise, restore_by_order, restore_by_order_parallel, restore_in_steps
from inference.isp.settings import IDENTITY_MATRIX, NEUTRAL_BALANCE, IspSettings, Row
from inference.isp.staging import BILINEAR, COLOUR, GREY, MALVAR, stage_in_steps, stage_rows, stage_rows_parallel
from inference.isp.workspace import private

PARALLEL_PHOTOSITES = 100_000
"""Below this, waking the threads costs more than they save."""

AS_THE_CAMERA_MADE_IT = IspSettings()
_NO_MAP, _NO_LEVELS = np.empty(0, np.float32), np.empty(0, np.uint16)


class Frame(NamedTuple):
    """A keyed frame and what is to be made of it: `crop` (top, left, H, W) of its array, binned to `output` (h, w)."""

    raw: RawFrame
    frame_key: FrameKey
    settings: IspSettings
    crop: tuple[int, int, int, int]
    output: tuple[int, int]

    @property
    def geometry(self) -> Geometry:
        """The array."""
        return self.raw.header.geometry

    @property
    def is_parallel(self) -> bool:
        """Whether the frame is large enough for more than one thread."""
        return self.geometry.pixels >= PARALLEL_PHOTOSITES

    @property
    def is_whole(self) -> bool:
        """Whether the picture has a pixel for every photosite of the array."""
        return self.output == (self.geometry.height, self.geometry.width)

    @property
    def channels(self) -> int:
        """Channels of the picture."""
        return 1 if self.geometry.cfa == "mono" else 3


def isp(
    raw: RawFrame, frame_key: FrameKey, settings: IspSettings = AS_THE_CAMERA_MADE_IT, corrections: Corrections | None = None
) -> KeyedImage:
    """Develop a keyed frame into a keyed picture.

    The steps, in this order: unmask (modulo 2**bits), linearisation, fixed-pattern and shading correction, defect
    replacement, crop, demosaic or bin (means of samples), black level, scale so that the largest code is 1, white balance
    and gain, colour matrix, clip to 0..1, tone curve. Samples have 16 bits up to the means, float32 behind them. The result
    equals, bit for bit, what the same arithmetic gives on the raster.

    Steps that need neighbours run on a private raster, which the samples are brought into as they are unmasked and
    corrected; what comes out is in a secret order again. At the array's own size that is the frame's order. A crop keeps
    the frame's order with the photosites outside left out; its pixels are those of the whole picture. A binned picture has
    a fresh order of its own, drawn by `frame_key.derived_order("isp", h * w)`.

    The tag is not verified here: `Receiver.accept` does that, and gives the frame key.

    Parameters
    ----------
    raw
        samples uint16 (P, C) in emission order, in DN.
    frame_key
        the key of this frame; at least its geometry must be the frame's.
    corrections
        what calibration knows of this camera.

    Returns
    -------
    KeyedImage
        x float32 (3, h, w), or (1, h, w) where the array is mono; order uint32 (h * w,).

    Raises
    ------
    ValueError
        if the key or the corrections are for another geometry, the settings do not suit the array, or the black level
        leaves no room for light.
    """
    geometry = raw.header.geometry
    if frame_key.geometry != geometry:
        raise ValueError(f"frame_key.geometry = {frame_key.geometry}: allowed is the frame's, {geometry}")
    if corrections is not None and corrections.geometry != geometry:
        raise ValueError(f"corrections.geometry = {corrections.geometry}: allowed is the frame's, {geometry}")
    if raw.header.black_level_dn >= 2**geometry.bits - 1:
        raise ValueError(f"black_level_dn = {raw.header.black_level_dn}: allowed is below white, {2**geometry.bits - 1} DN")
    frame = Frame(raw, frame_key, settings, *_sizes(geometry, settings))
    balance = settings.white_balance
    if frame.is_whole and not geometry.is_bayer and corrections is None and balance != "grey-world":
        return _pixel_by_pixel(frame, _development(frame, balance))
    raster = _restored(frame, corrections)
    d = _development(frame, _grey_world(frame, raster) if balance == "grey-world" else balance)
    if frame.output != frame.crop[2:]:
        return _binned(frame, raster, d)
    return _at_full_size(frame, raster, d)


def _sizes(geometry: Geometry, settings: IspSettings) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """The crop (top, left, H, W) and the picture's size (h, w); raises ValueError where the settings do not suit the array."""
    if geometry.cfa == "mono" and settings.white_balance != NEUTRAL_BALANCE:
        raise ValueError(f"white_balance = {settings.white_balance}: allowed is (1, 1, 1) for a mono array")
    if geometry.cfa == "mono" and settings.colour_matrix != IDENTITY_MATRIX:
        raise ValueError(f"colour_matrix = {settings.colour_matrix}: allowed is the identity for a mono array")
    crop = settings.crop or (0, 0, geometry.height, geometry.width)
    if crop[0] + crop[2] > geometry.height or crop[1] + crop[3] > geometry.width:
        raise ValueError(f"crop = {crop}: allowed is within the array of {geometry.height} x {geometry.width}")
    if geometry.is_bayer and settings.white_balance == "grey-world" and min(crop[2:]) < 2:
        raise ValueError(f"crop = {crop}: allowed is 2 x 2 photosites or more for a grey-world balance")
    size = crop[2:]
    if settings.output is None or settings.output == size:
        return crop, size
    step = 2 if geometry.is_bayer else 1
    if any(side % (step * part) for side, part in zip(size, settings.output, strict=True)):
        factors = "even factors" if geometry.is_bayer else "whole factors"
        raise ValueError(f"output = {settings.output}: allowed is {size} or that divided by {factors} ({geometry.cfa})")
    return crop, settings.output


def _development(frame: Frame, balance: Row) -> Development:
    return development(frame.settings, balance, frame.raw.header.black_level_dn, frame.geometry.bits)


def _masked(frame: Frame) -> tuple[NDArray[np.uint16], NDArray[np.uint16] | None, int]:
    """Samples and mask (P * C,), and by how many bits a code is moved up to become a 16-bit sample."""
    mask = frame.frame_key.mask
    return frame.raw.samples.reshape(-1), None if mask is None else mask.reshape(-1), SAMPLE_BITS - frame.geometry.bits


def _pixel_by_pixel(frame: Frame, d: Development) -> KeyedImage:
    """Mono and three-channel frames as they are: each emitted sample becomes the pixel at its place."""
    x = np.empty((frame.channels, frame.geometry.pixels), np.float32)
    if frame.is_parallel:
        emit_samples_parallel(*_masked(frame), d, x)
    else:
        emit_samples(*_masked(frame), d, x, 0, x.shape[1])
    return KeyedImage(x.reshape(-1, *frame.output), frame.frame_key.order)


def _restored(frame: Frame, corrections: Corrections | None) -> NDArray[np.uint16]:
    """The private raster (H * W * C,) of corrected 16-bit samples; it is overwritten by this thread's next frame."""
    geometry, key = frame.geometry, frame.frame_key
    raster = private("raster", geometry.pixels * geometry.channels, np.uint16)
    offset = corrections.sample_offset if corrections is not None else None
    gain = corrections.sample_gain if corrections is not None else None
    levels = corrections.linearity if corrections is not None else None
    maps = (
        _NO_LEVELS if levels is None else levels,
        _NO_MAP if offset is None else offset,
        _NO_MAP if gain is None else gain,
    )
    masked = _masked(frame)
    black = np.float32(frame.raw.header.black_level_dn * 2 ** masked[2])
    shuffle = key.shuffle
    if shuffle is not None and geometry.channels == 1:
        store = private("store", geometry.pixels, np.uint16)
        bucket, first, edges, within = shuffle.bucket, shuffle.first, shuffle.edges, shuffle.within
        restore_in_steps(*masked, bucket, first, edges, within, maps, black, store, raster)
    else:
        if frame.is_parallel:
            restore_by_order_parallel(*masked, key.order, raster)
        else:
            restore_by_order(*masked, key.order, raster, 0, geometry.pixels)
        linearise(raster, masked[2], maps[0])
        correct(raster, *maps[1:], black)
    if corrections is not None and corrections.replacements is not None:
        replace_defects(raster, geometry.channels, *corrections.replacements)
    return raster


def _grey_world(frame: Frame, raster: NDArray[np.uint16]) -> Row:
    geometry, crop = frame.geometry, frame.crop
    if geometry.is_bayer:
        sums, counts = bayer_sums(raster, geometry.width, crop, red_at(geometry, *crop[:2]))
    else:
        sums, counts = colour_sums(raster, geometry.width, crop)
    return grey_world(sums, counts, frame.raw.header.black_level_dn * 2 ** (SAMPLE_BITS - geometry.bits))


def _binned(frame: Frame, raster: NDArray[np.uint16], d: Development) -> KeyedImage:
    geometry, crop, output = frame.geometry, frame.crop, frame.output
    positions = output[0] * output[1]
    picture = private("picture", frame.channels * positions, np.float32).reshape(-1, positions)
    tile, red = (2, red_at(geometry, *crop[:2])) if geometry.is_bayer else (1, (0, 0))
    if frame.is_parallel:
        bin_rows_parallel(raster, geometry.width, crop, output, tile, red, d, picture)
    else:
        bin_rows(raster, geometry.width, crop, output, tile, red, d, picture, 0, output[0])
    order = frame.frame_key.derived_order("isp", positions)
    x = np.empty_like(picture)
    put_in_order(picture, order, x)
    return KeyedImage(x.reshape(-1, *output), order)


def _at_full_size(frame: Frame, raster: NDArray[np.uint16], d: Development) -> KeyedImage:
    geometry, key, positions = frame.geometry, frame.frame_key, frame.output[0] * frame.output[1]
    if geometry.is_bayer:
        maker = BILINEAR if frame.settings.demosaic == "bilinear" else MALVAR
    else:
        maker = GREY if geometry.cfa == "mono" else COLOUR
    red = red_at(geometry) if geometry.is_bayer else (0, 0)
    x = np.empty((frame.channels, positions), np.float32)
    pixels = private("pixels", positions, np.uint64)
    shuffle = key.shuffle
    if frame.is_whole and shuffle is not None:
        staged = private("positions", positions, np.uint32)
        stage_in_steps(raster, geometry.width, maker, red, shuffle.bucket, shuffle.first, pixels, staged)
        order = np.empty(positions, np.uint32)
        emit_in_steps(pixels, staged, shuffle.edges, shuffle.within, d, x, order)
        return KeyedImage(x.reshape(-1, *frame.output), order)
    order = key.order if frame.is_whole else order_of_crop(key.order, geometry.width, frame.crop)
    if frame.is_parallel:
        stage_rows_parallel(raster, geometry.width, frame.crop, maker, red, pixels)
        emit_pixels_parallel(pixels, order, d, x)
    else:
        stage_rows(raster, geometry.width, frame.crop, maker, red, pixels, 0, frame.crop[2])
        emit_pixels(pixels, order, d, x, 0, positions)
    return KeyedImage(x.reshape(-1, *frame.output), order)
