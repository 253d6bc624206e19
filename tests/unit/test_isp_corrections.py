"""Corrections take a die's pattern away, replace defects, refuse other cameras; balance and tone do what they say."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from numpy.typing import NDArray

from adc import Converter, Geometry, KeySchedule, readout
from inference.isp import Corrections, IspSettings, isp
from inference.isp.defects import nearest_good
from inference.isp.tone import tone_curve

BAYER = Geometry(12, 16, 12, "grbg")
LINEAR = IspSettings(gamma="linear")
BLACK_LEVEL_DN = 64.0


class Codes:
    """An exposure whose 12-bit codes over a black level of 64 DN are given."""

    exposure_s, temperature_k = 0.01, 300.0

    def __init__(self, codes: NDArray[np.float64]) -> None:
        volts = (codes - BLACK_LEVEL_DN) * Converter(bits=12, black_level_dn=BLACK_LEVEL_DN).lsb_v
        self.signal_v = volts.reshape(*codes.shape[:2], -1).astype(np.float32)


def developed(codes: NDArray[np.float64], geometry: Geometry, settings: IspSettings, corrections: Corrections | None = None):
    frame_key = KeySchedule(bytes(32)).frame_key(1, geometry)
    raw = readout(Codes(codes), Converter(bits=12, black_level_dn=BLACK_LEVEL_DN), frame_key)
    return isp(raw, frame_key, settings, corrections).restore()


def test_a_dies_pattern_and_shading_go_and_a_flat_field_is_flat() -> None:
    geometry, die = Geometry(40, 50, 12, "mono"), np.random.default_rng(1)
    offset = die.integers(-20, 20, (40, 50))
    column_offset = die.integers(-5, 5, 50)
    gain = die.uniform(0.9, 1.1, (40, 50))
    column_gain = die.uniform(0.95, 1.05, 50)
    falloff = np.linspace(1, 0.5, 50)
    codes = BLACK_LEVEL_DN + offset + column_offset + 2000 * gain * column_gain * falloff
    corrections = Corrections(
        geometry,
        offset_dn=offset.astype(np.float32),
        column_offset_dn=column_offset.astype(np.float32),
        gain=(1 / gain).astype(np.float32),
        column_gain=(1 / column_gain).astype(np.float32),
        shading=np.broadcast_to(1 / falloff, (1, 2, 50)).astype(np.float32),
    )
    flat = developed(codes, geometry, LINEAR, corrections)
    # A code is off by half a DN at most, and the gains, up to 1/(0.9 x 0.95 x 0.5), enlarge that; a 16th of a DN rounds it.
    tolerance_dn = 0.5 / (0.9 * 0.95 * 0.5) + 1 / 16
    assert np.abs(flat * (4095 - BLACK_LEVEL_DN) - 2000).max() <= tolerance_dn
    assert np.ptp(developed(codes, geometry, LINEAR)) > 0.2


@pytest.mark.parametrize("cfa", ["mono", "rggb", "bggr", "grbg", "gbrg", "rgb"])
def test_a_replaced_defect_leaves_no_trace_in_a_uniform_field(cfa: str) -> None:
    geometry = Geometry(12, 16, 12, cfa)
    codes = np.full(geometry.shape, 1000.0)
    defects = np.zeros((12, 16), bool)
    defects[[0, 0, 5, 5, 6, 11], [0, 2, 7, 9, 8, 15]] = True
    broken = codes.copy()
    broken[defects] = np.array([4095.0, 0, 4095, 0, 3000, 0])[:, None]
    clean = developed(codes, geometry, LINEAR)
    assert np.array_equal(developed(broken, geometry, LINEAR, Corrections(geometry, defects=defects)), clean)
    assert not np.array_equal(developed(broken, geometry, LINEAR), clean)


def test_the_nearest_good_neighbours_are_of_the_defects_colour_and_good() -> None:
    geometry = Geometry(8, 8, 12, "rggb")
    defects = np.zeros((8, 8), bool)
    defects[[4, 4, 3], [4, 6, 4]] = True  # a red one beside a bad red one, and a green one
    places, begins, neighbours = nearest_good(defects, geometry)
    found = {divmod(int(place), 8): set() for place in places}
    for i, place in enumerate(places):
        found[divmod(int(place), 8)] = {divmod(int(near), 8) for near in neighbours[begins[i] : begins[i + 1]]}
    assert found == {
        (3, 4): {(2, 3), (2, 5), (4, 3), (4, 5)},
        (4, 4): {(2, 4), (6, 4), (4, 2)},
        (4, 6): {(2, 6), (6, 6)},
    }


def test_a_large_cluster_is_filled_from_its_rim() -> None:
    geometry = Geometry(20, 20, 12, "mono")
    defects = np.zeros((20, 20), bool)
    defects[5:15, 5:15] = True
    codes = np.where(defects, 4095.0, 500.0)
    filled = developed(codes, geometry, LINEAR, Corrections(geometry, defects=defects))
    assert np.unique(filled).size == 1


def test_grey_world_makes_the_means_of_the_colours_equal() -> None:
    codes = np.random.default_rng(2).integers(500, 900, (40, 50, 3)) + np.array([0.0, 400, 900])
    geometry = Geometry(40, 50, 12, "rgb")
    balanced = developed(codes, geometry, IspSettings(gamma="linear", white_balance="grey-world"))
    means = balanced.reshape(3, -1).mean(axis=1, dtype=np.float64)
    # The factors come of integer sums; what is left is float32 rounding, 6e-8 in each of four steps.
    assert np.ptp(means) / means[1] < 1e-6
    assert means[1] == pytest.approx((codes[..., 1].mean() - BLACK_LEVEL_DN) / (4095 - BLACK_LEVEL_DN), rel=1e-6)


def test_grey_world_leaves_the_dark_alone_and_never_exceeds_a_factor_of_eight() -> None:
    geometry, settings = Geometry(4, 4, 12, "rgb"), IspSettings(gamma="linear", white_balance="grey-world")
    dark = np.full((4, 4, 3), 64.0)
    assert not developed(dark, geometry, settings).any()
    red_only = dark + np.array([1.0, 200, 200])
    light = developed(red_only, geometry, settings)
    assert light[0, 0, 0] / light[1, 0, 0] == pytest.approx(8 / 200, rel=1e-6)


def test_contrast_steepens_mid_grey_and_keeps_black_white_and_the_middle() -> None:
    curve = tone_curve(IspSettings(gamma="linear", contrast=2.0))
    assert curve[[0, 2048, 4096]].tolist() == [0, 0.5, 1]
    # The central difference over 64 of 4096 segments departs from the slope 2 by h^2 |f'''| / 6 = (1/64)^2 x 24 / 6 < 0.001.
    assert float(curve[2112] - curve[1984]) / (128 / 4096) == pytest.approx(2, abs=0.002)
    flatter = tone_curve(IspSettings(gamma="linear", contrast=0.5))
    assert flatter[1024] > 0.25 and flatter[3072] < 0.75


def test_tone_points_are_met_and_straight_between() -> None:
    points = ((0.0, 0.1), (0.25, 0.5), (1.0, 0.9))
    curve = tone_curve(IspSettings(gamma="linear", tone_points=points))
    assert curve[[0, 512, 1024, 4096]] == pytest.approx([0.1, 0.3, 0.5, 0.9], abs=1e-7)


def test_a_straight_tone_is_no_curve() -> None:
    assert tone_curve(LINEAR).size == 0
    assert np.array_equal(tone_curve(IspSettings(tone_points=((0.0, 0.0), (1.0, 1.0)))), tone_curve(IspSettings()))


def test_maps_are_copied_read_only_and_frozen() -> None:
    gain = np.ones((12, 16), np.float32)
    corrections = Corrections(BAYER, gain=gain)
    gain[:] = 5
    assert corrections.gain is not None
    assert corrections.gain.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        corrections.gain[0, 0] = 2
    with pytest.raises(FrozenInstanceError):
        corrections.gain = gain  # type: ignore[misc]


def test_corrections_of_another_camera_are_refused() -> None:
    other = Corrections(Geometry(16, 12, 12, "grbg"))
    with pytest.raises(ValueError, match=r"corrections\.geometry = .*: allowed is the frame's"):
        developed(np.full((12, 16), 100.0), BAYER, LINEAR, other)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("linearity", np.zeros(4096)),
        ("linearity", np.zeros(1024, np.uint16)),
        ("linearity", np.arange(4096, dtype=np.uint16)[::-1]),
        ("offset_dn", np.zeros((16, 12), np.float32)),
        ("offset_dn", np.zeros((12, 16))),
        ("offset_dn", np.full((12, 16), np.nan, np.float32)),
        ("offset_dn", np.full((12, 16), 5000, np.float32)),
        ("column_offset_dn", np.zeros(12, np.float32)),
        ("column_offset_dn", np.full(16, np.inf, np.float32)),
        ("gain", np.zeros((12, 16), np.float32)),
        ("gain", np.full((12, 16), np.nan, np.float32)),
        ("gain", np.full((12, 16), 65, np.float32)),
        ("column_gain", np.full(16, -1, np.float32)),
        ("shading", np.ones((1, 4, 4), np.float32)),
        ("shading", np.ones((3, 1, 4), np.float32)),
        ("shading", np.zeros((3, 4, 4), np.float32)),
        ("shading", np.ones((3, 4, 4))),
        ("defects", np.zeros((12, 16), np.uint8)),
        ("defects", np.ones((12, 16), bool)),
    ],
)
def test_an_impossible_map_is_refused_by_name(name: str, value: np.ndarray) -> None:
    with pytest.raises(ValueError, match=f"{name} = .*: allowed is"):
        Corrections(BAYER, **{name: value})


@pytest.mark.parametrize("crop", [(0, 0, 13, 4), (8, 0, 5, 16), (0, 10, 2, 7)])
def test_a_crop_beyond_the_array_is_refused(crop: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"crop = .*: allowed is within"):
        developed(np.full((12, 16), 100.0), BAYER, IspSettings(crop=crop))


def test_grey_world_is_refused_where_a_colour_may_be_missing() -> None:
    grey_world = IspSettings(white_balance="grey-world", crop=(0, 0, 1, 8))
    with pytest.raises(ValueError, match=r"crop = .*: allowed is 2 x 2"):
        developed(np.full((12, 16), 100.0), BAYER, grey_world)
    with pytest.raises(ValueError, match="white_balance"):
        developed(np.full((12, 16), 100.0), Geometry(12, 16), IspSettings(white_balance="grey-world"))
