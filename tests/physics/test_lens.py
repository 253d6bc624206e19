"""The lens blurs as configured, keeps the light, darkens the corners by cos^4 and shifts red and blue outward."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sensor_sim import DEMO_PROFILE, Lens, Prnu, Sensor, SensorProfile
from sensor_sim.psf import apply_psf, psf_weights
from sensor_sim.scene import slanted_edge
from sensor_sim.vignetting import apply_vignetting, vignetting_map

QUIET = replace(DEMO_PROFILE, cfa="rgb", height=120, width=160, read_noise_e=0.0, shot_noise=False, pitch_um=3.0)
SHAPE = (120, 160)


def image(scene: np.ndarray, profile: SensorProfile) -> np.ndarray:
    """The scene as the array sees it, (H, W, C), white being 1 in green."""
    exposure_s = profile.default_exposure_s
    signal_v = Sensor(profile, 1).expose(scene, exposure_s, 1).signal_v
    return signal_v.astype(float) / profile.white_signal_v(exposure_s)[1]


def slanted_edge_mtf(edge: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies in cycles per photosite and contrast, by ISO 12233: project along the edge, 4 bins a photosite, derive, FFT."""
    height, width = edge.shape
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    slope = math.tan(math.radians(degrees))
    distance = (columns - width / 2 - slope * (rows - height / 2)) * math.cos(math.radians(degrees))
    bins = np.floor(4 * distance).astype(int)
    inside = np.abs(bins) < 120
    sums = np.bincount(bins[inside] + 120, edge[inside], 240)
    profile = (sums / np.maximum(np.bincount(bins[inside] + 120, minlength=240), 1))[2:-1]
    line = np.diff(profile)
    contrast = np.abs(np.fft.rfft(line))
    frequency = np.fft.rfftfreq(line.size, 0.25)
    # Binning and differencing over a quarter of a photosite each lower the contrast by a sinc.
    return frequency, contrast / contrast[0] / np.sinc(frequency / 4) ** 2


@pytest.mark.parametrize("aberration_um", [2.0, 3.0, 4.5])
def test_the_slanted_edge_s_contrast_is_the_lens_s_as_configured(aberration_um: float) -> None:
    lens = Lens(2.8, aberration_um)
    seen = image(slanted_edge(*SHAPE, dark=0.1, bright=0.9), replace(QUIET, lens=lens))[..., 1]
    frequency, contrast = slanted_edge_mtf(seen, 5.0)
    # The chart's pixels are means over a photosite, one more sinc. Beyond the edge of 5 degrees the projection mixes places
    # within a bin, and a finite window cuts the tails: together below 0.02 of contrast.
    below = (frequency > 0) & (frequency < 0.4)
    expected = np.array([lens.mtf(f, QUIET.pitch_um) for f in frequency]) * np.sinc(frequency)
    assert np.abs(contrast - expected)[below].max() < 0.02
    half = np.interp(0.5, (contrast / np.sinc(frequency))[below][::-1], frequency[below][::-1])
    assert half == pytest.approx(lens.mtf50_per_px(QUIET.pitch_um), rel=0.03)


def test_without_a_lens_the_edge_keeps_the_contrast_of_its_pixels() -> None:
    frequency, contrast = slanted_edge_mtf(image(slanted_edge(*SHAPE), QUIET)[..., 1], 5.0)
    below = frequency < 0.4
    assert np.abs(contrast - np.sinc(frequency))[below].max() < 0.02  # as above


def test_diffraction_blurs_red_more_than_blue_and_grows_with_the_f_number() -> None:
    red, green, blue = Lens(8.0).sigmas_px(3.0)
    assert red > green > blue
    assert green == pytest.approx(0.42 * 0.54 * 8 / 3)
    assert Lens(16.0).sigmas_px(3.0)[1] == pytest.approx(2 * green)


def test_a_point_s_light_is_kept_and_spread_with_the_configured_sigma() -> None:
    light = np.zeros((61, 61, 3), np.float32)
    light[30, 30] = 1
    spot = apply_psf(light, psf_weights(Lens(2.8, 4.0), (61, 61), 3.0)).astype(float)
    sigma = Lens(2.8, 4.0).sigmas_px(3.0)
    offset = np.arange(61) - 30
    for colour in range(3):
        assert spot[..., colour].sum() == pytest.approx(1, abs=1e-5)  # single precision
        # Cut off at 3.5 sigma a Gaussian loses 0.5 % of its variance.
        assert (spot[..., colour].sum(axis=0) * offset**2).sum() == pytest.approx(sigma[colour] ** 2, rel=0.012)


def test_a_uniform_field_stays_uniform_up_to_its_edges() -> None:
    lens = Lens(2.8, 3.0, red_shift_px=2.5, blue_shift_px=-1.5)
    assert np.allclose(apply_psf(np.full((50, 70, 3), 0.7, np.float32), psf_weights(lens, (50, 70), 3.0)), 0.7, atol=1e-6)


def test_red_and_blue_lie_outward_by_the_configured_shift_in_the_corner_and_not_at_all_in_the_middle() -> None:
    lens = Lens(2.8, 2.0, red_shift_px=1.6, blue_shift_px=-0.8)
    weights = psf_weights(lens, SHAPE, 3.0)
    corner = math.hypot(60, 80)
    for row, column in ((60, 80), (20, 80), (100, 140), (30, 30)):
        light = np.zeros((*SHAPE, 3), np.float32)
        light[row, column] = 1
        spot = apply_psf(light, weights).astype(float)
        for colour, shift in ((0, 1.6), (1, 0.0), (2, -0.8)):
            centre = [
                (spot[..., colour].sum(axis=1 - axis) * np.arange(SHAPE[axis])).sum() / spot[..., colour].sum() for axis in (0, 1)
            ]
            moved = np.array(centre) - (row, column)
            expected = np.array([row + 0.5 - 60, column + 0.5 - 80]) * shift / corner
            # Magnification by 1.6 % over the spot's own size moves its centre by another 1 % of a photosite.
            assert moved == pytest.approx(expected, abs=0.03)


def test_the_corners_are_darker_by_cos_to_the_fourth() -> None:
    illumination = vignetting_map((300, 400), 30.0)
    # The outermost photosite's centre lies 0.3 % short of the corner.
    assert illumination[0, 0] == pytest.approx(math.cos(math.radians(30)) ** 4, rel=0.005)
    assert illumination[150, 200] == pytest.approx(1, abs=1e-5)
    assert np.array_equal(illumination, illumination[::-1, ::-1])
    seen = image(np.full((*SHAPE, 3), 0.5, np.float32), replace(QUIET, lens=Lens(2.8, corner_angle_deg=30.0)))[..., 1]
    expected = apply_vignetting(np.full((*SHAPE, 1), 0.5, np.float32), vignetting_map(SHAPE, 30.0))[..., 0]
    assert seen == pytest.approx(expected, rel=1e-5)  # single precision


def test_vignetting_and_photo_response_multiply() -> None:
    lens, prnu = Lens(2.8, corner_angle_deg=30.0), Prnu(2.0)
    both, gain = (Sensor(replace(QUIET, prnu=prnu, lens=at), 1).die.response for at in (lens, None))
    assert both is not None
    assert gain is not None
    assert both.reshape(120, 160, 3) == pytest.approx(apply_vignetting(gain.reshape(120, 160, 3), vignetting_map(SHAPE, 30.0)))


@pytest.mark.parametrize(
    ("field", "value"),
    [("f_number", 0.4), ("f_number", float("nan")), ("aberration_um", -1.0), ("corner_angle_deg", 81.0),
     ("red_shift_px", 9.0), ("blue_shift_px", -9.0)],
)  # fmt: skip
def test_an_impossible_figure_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{field} = .*: allowed is"):
        replace(Lens(2.8), **{field: value})


def test_a_spot_too_large_for_the_photosites_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lens = .*: allowed is a spot of up to 8.0 photosites"):
        replace(QUIET, lens=Lens(2.8, 30.0))
