"""The keyed image signal processor equals a plain one on the raster, bit for bit, for every colour filter, size and policy."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from adc import PAPER, RASTER, SECURE, Converter, Geometry, KeySchedule, RawFrame, ReadoutPolicy, readout
from inference.isp import IspSettings, KeyedImage, isp
from inference.isp.pipeline import PARALLEL_PHOTOSITES
from inference.isp.tone import CURVE_SEGMENTS, tone_curve
from tests.oracle.raster_isp import raster_isp

MASTER = bytes(range(32))
BAYER = ("rggb", "bggr", "grbg", "gbrg")
POLICIES = (SECURE, PAPER, RASTER, ReadoutPolicy("row-column"), ReadoutPolicy("block"), ReadoutPolicy("raster", mask=True))
COLOUR = IspSettings(
    white_balance=(1.9, 1.0, 1.6), colour_matrix=((1.6, -0.5, -0.1), (-0.3, 1.5, -0.2), (0.0, -0.6, 1.6)), gain=1.1
)
GREY = IspSettings(gain=1.3)


class Volts:
    """An exposure of random volts, somewhat beyond the converter's range on both sides."""

    exposure_s, temperature_k = 0.01, 300.0

    def __init__(self, geometry: Geometry, seed: int) -> None:
        self.signal_v = np.random.default_rng(seed).uniform(-0.05, 1.05, geometry.shape).astype(np.float32)


def captured(geometry: Geometry, policy: ReadoutPolicy = SECURE, black_level_dn: float = 64.0, counter: int = 5):
    schedule = KeySchedule(MASTER, policy=policy)
    converter = Converter(bits=geometry.bits, black_level_dn=black_level_dn)
    frame_key = schedule.frame_key(counter, geometry)
    return readout(Volts(geometry, counter), converter, frame_key), frame_key


def assert_equals_raster_isp(raw: RawFrame, frame_key, settings: IspSettings) -> None:
    image = isp(raw, frame_key, settings)
    expected = raster_isp(raw.restore(frame_key), raw.header, settings)
    assert image.x.shape == expected.shape
    assert np.array_equal(image.restore().view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("cfa", BAYER)
def test_bayer_at_full_size_equals_the_raster_isp(cfa: str, policy: ReadoutPolicy) -> None:
    assert_equals_raster_isp(*captured(Geometry(22, 34, 12, cfa), policy), COLOUR)


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("cfa", BAYER)
def test_binned_bayer_equals_the_raster_isp(cfa: str, policy: ReadoutPolicy) -> None:
    assert_equals_raster_isp(*captured(Geometry(24, 36, 12, cfa), policy), replace(COLOUR, output=(12, 9)))


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize(("cfa", "settings"), [("mono", GREY), ("rgb", COLOUR)])
@pytest.mark.parametrize("output", [None, (21, 15), (7, 3), (1, 1)])
def test_mono_and_rgb_of_any_size_equal_the_raster_isp(
    cfa: str, settings: IspSettings, output: tuple[int, int] | None, policy: ReadoutPolicy
) -> None:
    assert_equals_raster_isp(*captured(Geometry(21, 15, 10, cfa), policy), replace(settings, output=output))


@pytest.mark.parametrize("bits", [6, 8, 13, 16])
@pytest.mark.parametrize("gamma", ["srgb", "linear"])
def test_every_depth_and_curve_equals_the_raster_isp(bits: int, gamma: str) -> None:
    raw, frame_key = captured(Geometry(16, 16, bits, "grbg"), black_level_dn=3.5)
    assert_equals_raster_isp(raw, frame_key, replace(COLOUR, gamma=gamma))


@pytest.mark.parametrize("shape", [(2, 2), (2, 40), (40, 2), (32, 32), (34, 2)])
def test_bayer_arrays_of_one_cell_or_one_tile_are_mirrored_at_every_edge(shape: tuple[int, int]) -> None:
    assert_equals_raster_isp(*captured(Geometry(*shape, 12, "gbrg")), COLOUR)


@pytest.mark.parametrize(
    ("cfa", "output"),
    [("bggr", None), ("bggr", (167, 151)), ("mono", None), ("mono", (167, 151)), ("rgb", None), ("rgb", (167, 302))],
)
def test_arrays_large_enough_for_all_threads_equal_the_raster_isp(cfa: str, output: tuple[int, int] | None) -> None:
    geometry = Geometry(334, 302, 12, cfa)
    assert geometry.pixels >= PARALLEL_PHOTOSITES
    assert_equals_raster_isp(*captured(geometry), replace(GREY if cfa == "mono" else COLOUR, output=output))


def test_eight_bit_rgb_is_exactly_what_torch_makes_of_the_codes() -> None:
    torch = pytest.importorskip("torch")
    geometry = Geometry(16, 32, 8, "rgb")
    frame_key = KeySchedule(MASTER).frame_key(1, geometry)
    converter = Converter(bits=8, black_level_dn=0)
    codes = np.random.default_rng(0).permutation(np.arange(16 * 32 * 3) % 256).astype(np.uint8).reshape(geometry.shape)
    volts = Volts(geometry, 0)
    volts.signal_v = (codes * converter.lsb_v).astype(np.float32)
    image = isp(readout(volts, converter, frame_key), frame_key, IspSettings(gamma="linear"))
    expected = torch.from_numpy(codes).permute(2, 0, 1).float().div(255).numpy()
    assert np.array_equal(image.restore(), expected)


def test_the_tone_curve_is_srgb() -> None:
    light = np.linspace(0, 1, 99991)
    nodes = np.linspace(0, 1, CURVE_SEGMENTS + 1)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    # A chord of width h departs from a curve by h^2 max|f''| / 8; sRGB bends most at 0.0031308, where f'' = -2370: 1.8e-5.
    # The published slopes of both parts differ there, which adds less than h times 0.06 / 2 in that one piece.
    assert np.abs(np.interp(light, nodes, tone_curve(IspSettings())) - srgb).max() < 2.5e-5


def test_white_is_the_largest_code_and_black_is_the_black_level() -> None:
    geometry = Geometry(2, 3, 12, "mono")
    frame_key = KeySchedule(MASTER).frame_key(1, geometry)
    volts, converter = Volts(geometry, 0), Converter(bits=12, black_level_dn=64)
    volts.signal_v = np.array([[-1, 0, 2], [2, 0, -1]], np.float32)[..., None]
    image = isp(readout(volts, converter, frame_key), frame_key)
    assert image.restore().tolist() == [[[0, 0, 1], [1, 0, 0]]]


def test_a_picture_at_the_arrays_size_keeps_the_order_of_its_frame() -> None:
    for cfa in ("mono", "rgb", "rggb"):
        raw, frame_key = captured(Geometry(8, 8, 12, cfa))
        assert np.array_equal(isp(raw, frame_key).order, frame_key.order)


def test_a_binned_picture_has_its_own_order_in_every_frame() -> None:
    geometry, settings = Geometry(32, 32, 12, "rggb"), IspSettings(output=(8, 8))
    first, second = (isp(*captured(geometry, counter=counter), settings).order for counter in (1, 2))
    assert sorted(first) == list(range(64))
    assert not np.array_equal(first, second)
    assert np.array_equal(first, isp(*captured(geometry, counter=1), settings).order)


def test_another_frames_key_gives_another_picture() -> None:
    geometry = Geometry(16, 16, 12, "rgb")
    (raw, frame_key), (_, wrong_key) = captured(geometry, counter=1), captured(geometry, counter=2)
    assert not np.array_equal(isp(raw, wrong_key).restore(), isp(raw, frame_key).restore())


@pytest.mark.parametrize(
    ("cfa", "output"), [("mono", (5, 8)), ("rgb", (24, 24)), ("rggb", (4, 12)), ("bggr", (8, 8)), ("grbg", (13, 12))]
)
def test_a_size_that_does_not_divide_the_array_is_refused(cfa: str, output: tuple[int, int]) -> None:
    raw, frame_key = captured(Geometry(12, 24, 12, cfa))
    with pytest.raises(ValueError, match=r"output = \(\d+, \d+\): allowed is \(12, 24\)"):
        isp(raw, frame_key, IspSettings(output=output))


def test_colour_settings_are_refused_for_a_mono_array() -> None:
    raw, frame_key = captured(Geometry(4, 4))
    for name in ("white_balance", "colour_matrix"):
        with pytest.raises(ValueError, match=name):
            isp(raw, frame_key, IspSettings(**{name: getattr(COLOUR, name)}))


def test_a_key_for_another_geometry_is_refused() -> None:
    raw, _ = captured(Geometry(4, 8))
    _, other_key = captured(Geometry(8, 4))
    with pytest.raises(ValueError, match=r"frame_key\.geometry"):
        isp(raw, other_key)


def test_a_black_level_at_white_is_refused() -> None:
    raw, frame_key = captured(Geometry(4, 4), black_level_dn=4095)
    with pytest.raises(ValueError, match="black_level_dn"):
        isp(raw, frame_key)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("output", (0, 4)),
        ("output", (4,)),
        ("output", (float("nan"), 4)),
        ("white_balance", (1.0, 0.0, 1.0)),
        ("white_balance", (1.0, float("nan"), 1.0)),
        ("white_balance", (1.0, 1.0)),
        ("colour_matrix", ((1.0, 0.0, 0.0),)),
        ("colour_matrix", ((1.0, 0.0, 0.0), (0.0, float("nan"), 0.0), (0.0, 0.0, 1.0))),
        ("gamma", "rec709"),
        ("gain", 0.0),
        ("gain", float("nan")),
        ("gain", float("inf")),
        ("white_balance", "grey"),
        ("demosaic", "nearest"),
        ("crop", (0, 0, 0, 4)),
        ("crop", (-1, 0, 4, 4)),
        ("crop", (0, 0, 4)),
        ("contrast", 0.0),
        ("contrast", float("nan")),
        ("tone_points", ((0.0, 0.0),)),
        ("tone_points", ((0.0, 0.0), (0.5, 0.7), (1.0, 0.6))),
        ("tone_points", ((0.1, 0.0), (1.0, 1.0))),
        ("tone_points", ((0.0, 0.0), (float("nan"), 0.5), (1.0, 1.0))),
    ],
)
def test_an_impossible_setting_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name} = .*: allowed is"):
        IspSettings(**{name: value})


def test_a_keyed_image_shows_and_pickles_nothing() -> None:
    image = isp(*captured(Geometry(4, 4)))
    assert "array" not in repr(image)
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(image)


def test_a_keyed_image_of_disagreeing_parts_is_refused() -> None:
    order = np.arange(16, dtype=np.uint32)
    with pytest.raises(ValueError, match="x = "):
        KeyedImage(np.zeros((2, 4, 4), np.float32), order)
    with pytest.raises(ValueError, match="order = "):
        KeyedImage(np.zeros((1, 4, 5), np.float32), order)
    with pytest.raises(ValueError, match="order = "):
        KeyedImage(np.zeros((1, 4, 4), np.float32), order.astype(np.int64))
