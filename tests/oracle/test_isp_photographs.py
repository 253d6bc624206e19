"""The keyed ISP on real photographs: equal to a NumPy raster ISP bit for bit, and to OpenCV as far as OpenCV rounds."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from adc import PAPER, SECURE, Converter, Geometry, KeySchedule, RawFrame, ReadoutPolicy, readout
from inference.isp import Corrections, IspSettings, isp
from inference.isp.colours import colour_of_sites
from tests.oracle.raster_isp import raster_isp

BAYER = ("rggb", "bggr", "grbg", "gbrg")
BLACK_LEVEL_DN = 64.0
COLOUR = IspSettings(
    white_balance=(1.9, 1.0, 1.6), colour_matrix=((1.6, -0.5, -0.1), (-0.3, 1.5, -0.2), (0.0, -0.6, 1.6)), gain=1.1
)
EVERYTHING = replace(
    COLOUR, white_balance="grey-world", demosaic="malvar", contrast=1.4, tone_points=((0.0, 0.0), (0.5, 0.6), (1.0, 1.0))
)


class Photograph:
    """An exposure of a photograph through a colour filter array; 1 V is white."""

    exposure_s, temperature_k = 0.01, 300.0

    def __init__(self, name: str, geometry: Geometry) -> None:
        picture = photograph(name)[: geometry.height, : geometry.width]
        light = (picture / 255.0) ** 2.2
        if geometry.is_bayer:
            light = np.take_along_axis(light, colour_of_sites(geometry)[..., None], axis=-1)
        elif geometry.cfa == "mono":
            light = light.mean(axis=-1, keepdims=True)
        self.signal_v = light.astype(np.float32)


@cache
def photograph(name: str) -> NDArray[np.uint8]:
    return getattr(data, name)()


def captured(name: str, geometry: Geometry, policy: ReadoutPolicy = SECURE):
    frame_key = KeySchedule(bytes(range(32)), policy=policy).frame_key(7, geometry)
    converter = Converter(bits=geometry.bits, black_level_dn=BLACK_LEVEL_DN)
    return readout(Photograph(name, geometry), converter, frame_key), frame_key


def drawn_corrections(geometry: Geometry, seed: int = 3) -> Corrections:
    die = np.random.default_rng(seed)
    sites = (geometry.height, geometry.width)
    samples = geometry.shape if geometry.channels == 3 else sites
    codes = np.arange(2**geometry.bits)
    bow = codes + 9 * (codes / codes.size) * (1 - codes / codes.size)
    return Corrections(
        geometry,
        linearity=np.rint(bow * 2 ** (16 - geometry.bits)).clip(0, 65535).astype(np.uint16),
        offset_dn=die.normal(0, 4, samples).astype(np.float32),
        column_offset_dn=die.normal(0, 3, geometry.width).astype(np.float32),
        gain=die.normal(1, 0.02, samples).astype(np.float32),
        column_gain=die.normal(1, 0.01, geometry.width).astype(np.float32),
        shading=die.uniform(1, 1.6, (1 if geometry.cfa == "mono" else 3, 4, 5)).astype(np.float32),
        defects=die.random(sites) < 0.002,
    )


def assert_equals_raster_isp(raw: RawFrame, frame_key, settings: IspSettings, corrections: Corrections | None = None) -> None:
    restored = isp(raw, frame_key, settings, corrections).restore()
    expected = raster_isp(raw.restore(frame_key), raw.header, settings, corrections)
    assert restored.shape == expected.shape
    assert np.array_equal(restored.view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize("demosaic", ["bilinear", "malvar"])
@pytest.mark.parametrize("cfa", BAYER)
@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_a_whole_photograph_is_the_raster_isps(name: str, cfa: str, demosaic: str) -> None:
    assert_equals_raster_isp(*captured(name, Geometry(300, 450, 12, cfa)), replace(COLOUR, demosaic=demosaic))


@pytest.mark.parametrize(
    "policy", [SECURE, PAPER, ReadoutPolicy("row-column"), ReadoutPolicy("block"), ReadoutPolicy("raster")], ids=str
)
@pytest.mark.parametrize("shape", [(300, 450), (120, 90)])
def test_every_step_at_once_is_the_raster_isps(shape: tuple[int, int], policy: ReadoutPolicy) -> None:
    geometry = Geometry(*shape, 12, "gbrg")
    assert_equals_raster_isp(*captured("coffee", geometry, policy), EVERYTHING, drawn_corrections(geometry))


@pytest.mark.parametrize("crop", [(0, 0, 120, 90), (1, 0, 101, 77), (0, 1, 64, 1), (33, 7, 1, 83), (119, 89, 1, 1), (5, 5, 3, 2)])
@pytest.mark.parametrize("cfa", BAYER)
def test_any_crop_is_that_part_of_the_raster_isps_picture(cfa: str, crop: tuple[int, int, int, int]) -> None:
    for demosaic in ("bilinear", "malvar"):
        settings = replace(COLOUR, crop=crop, demosaic=demosaic)
        assert_equals_raster_isp(*captured("chelsea", Geometry(120, 90, 10, cfa)), settings)


@pytest.mark.parametrize("shape", [(300, 450), (120, 90)])
@pytest.mark.parametrize("cfa", BAYER)
def test_a_binned_odd_crop_follows_the_phase(cfa: str, shape: tuple[int, int]) -> None:
    geometry = Geometry(*shape, 12, cfa)
    settings = replace(EVERYTHING, crop=(7, 3, 96, 80), output=(24, 40))
    assert_equals_raster_isp(*captured("coffee", geometry), settings, drawn_corrections(geometry))


@pytest.mark.parametrize(
    ("cfa", "settings"), [("mono", IspSettings(contrast=0.7)), ("rgb", replace(EVERYTHING, demosaic="bilinear"))]
)
@pytest.mark.parametrize("shape", [(299, 451), (61, 43)])
@pytest.mark.parametrize("crop", [None, (3, 5, 36, 27)])
def test_mono_and_rgb_photographs_are_the_raster_isps(cfa: str, settings: IspSettings, shape, crop) -> None:
    geometry = Geometry(*shape, 12, cfa)
    corrections = drawn_corrections(geometry)
    frame = captured("chelsea", geometry)
    assert_equals_raster_isp(*frame, replace(settings, crop=crop), corrections)
    if crop is not None:
        assert_equals_raster_isp(*frame, replace(settings, crop=crop, output=(12, 9)), corrections)


@pytest.mark.parametrize("cfa", BAYER)
def test_a_large_crop_keeps_the_frames_order(cfa: str) -> None:
    geometry, crop = Geometry(300, 450, 12, cfa), (11, 8, 255, 401)
    raw, frame_key = captured("coffee", geometry)
    assert_equals_raster_isp(raw, frame_key, replace(COLOUR, crop=crop))
    row, column = np.divmod(frame_key.order.astype(np.int64), geometry.width)
    inside = (row >= 11) & (row < 266) & (column >= 8) & (column < 409)
    kept = (row[inside] - 11) * 401 + column[inside] - 8
    assert np.array_equal(isp(raw, frame_key, replace(COLOUR, crop=crop)).order, kept)


@pytest.mark.parametrize("bits", [8, 14, 16])
def test_other_depths_are_the_raster_isps(bits: int) -> None:
    geometry = Geometry(90, 112, bits, "grbg")
    for demosaic in ("bilinear", "malvar"):
        settings = replace(EVERYTHING, demosaic=demosaic)
        assert_equals_raster_isp(*captured("chelsea", geometry), settings, drawn_corrections(geometry))


@pytest.mark.parametrize(("cfa", "conversion"), [("rggb", "BG"), ("grbg", "GB"), ("gbrg", "GR"), ("bggr", "RG")])
def test_bilinear_demosaic_is_opencvs_inside_its_edges(cfa: str, conversion: str) -> None:
    geometry = Geometry(300, 450, 16, cfa)
    raw, frame_key = captured("coffee", geometry)
    codes = raw.restore(frame_key)[..., 0]
    expected = cv2.cvtColor(codes, getattr(cv2, f"COLOR_Bayer{conversion}2RGB")).transpose(2, 0, 1)
    linear = isp(raw, frame_key, IspSettings(gamma="linear")).restore()
    inner = (slice(None), slice(1, -1), slice(1, -1))  # OpenCV repeats the pixels beside its edges
    light = (expected.astype(np.float64) - BLACK_LEVEL_DN) / (65535 - BLACK_LEVEL_DN)
    # Both round means of 16-bit codes half up; float32 holds them to 1e-7 of white, an eighth of a code.
    assert np.abs(linear - np.clip(light, 0, 1))[inner].max() < 2e-7


@pytest.mark.parametrize("cfa", BAYER)
def test_malvar_comes_nearer_to_the_photograph_than_bilinear(cfa: str) -> None:
    geometry = Geometry(300, 450, 12, cfa)
    raw, frame_key = captured("coffee", geometry)
    truth = (photograph("coffee")[:300, :450].transpose(2, 0, 1) / 255.0) ** 2.2
    error = {}
    for demosaic in ("bilinear", "malvar"):
        linear = isp(raw, frame_key, IspSettings(gamma="linear", demosaic=demosaic)).restore()
        error[demosaic] = float(np.mean((linear - truth) ** 2))
    assert error["malvar"] < 0.8 * error["bilinear"]
