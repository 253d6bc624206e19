"""The mean-variance method finds the gain and the read noise that the frames were made with."""

import numpy as np
import pytest

from calibration import FramePair, PhotonTransfer, photon_transfer, temporal_moments

SHAPE = (200, 300)
GAIN_DN_PER_E = 0.4
READ_NOISE_E = 5.0
BLACK_DN = 64.0
FULL_WELL_E = 9000.0


def pair(signal_e: float, seed: int, gain: float = GAIN_DN_PER_E, read_noise_e: float = READ_NOISE_E) -> FramePair:
    """Two 12-bit frames of Poisson electrons and Gaussian read noise over a fixed pattern of 1 % PRNU and 3 DN offsets."""
    die = np.random.default_rng(0)
    prnu, offset_dn = 1 + 0.01 * die.standard_normal(SHAPE), 3 * die.standard_normal(SHAPE)
    random = np.random.default_rng((seed, int(signal_e)))

    def frame() -> np.ndarray:
        electrons = np.minimum(random.poisson(signal_e * prnu), FULL_WELL_E) + read_noise_e * random.standard_normal(SHAPE)
        return np.clip(np.floor(electrons * gain + BLACK_DN + offset_dn + 0.5), 0, 4095).astype(np.uint16)

    return frame(), frame()


def measured(signals_e: np.ndarray, read_noise_e: float = READ_NOISE_E, seed: int = 1) -> PhotonTransfer:
    flats = [pair(signal, seed, read_noise_e=read_noise_e) for signal in signals_e]
    return photon_transfer(flats, pair(0, seed, read_noise_e=read_noise_e))


@pytest.mark.parametrize("read_noise_e", [READ_NOISE_E, 30.0])
def test_gain_is_the_configured_one_however_large_the_read_noise(read_noise_e: float) -> None:
    signals_e = np.linspace(500, 8500, 9)
    result = measured(signals_e, read_noise_e)
    # Slope K = sum(x v) / sum(x^2) over the fitted flats. A pair's variance over n photosites has the standard error
    # sqrt(2/n) v; the dark pair's enters every point. z = 4 misses once in 16,000 seeds. PRNU scales a photosite's mean and
    # temporal variance alike, so it does not move their ratio.
    x = signals_e[signals_e <= 0.7 * 8500] * GAIN_DN_PER_E
    dark_dn2 = (read_noise_e * GAIN_DN_PER_E) ** 2 + 1 / 12
    relative = np.sqrt(2 / np.prod(SHAPE))
    error = relative * np.hypot(np.linalg.norm(x * (x * GAIN_DN_PER_E + dark_dn2)), x.sum() * dark_dn2) / (x @ x)
    assert result.system_gain_dn_per_e == pytest.approx(GAIN_DN_PER_E, abs=4 * error)


@pytest.mark.parametrize("read_noise_e", [1.5, READ_NOISE_E])
def test_read_noise_is_the_configured_one_without_that_of_quantisation(read_noise_e: float) -> None:
    result = measured(np.linspace(500, 8500, 9), read_noise_e)
    # The dark variance v has the relative standard error sqrt(2/n), its root half of that; read noise is v less 1/12, so its
    # error grows by v / (v - 1/12). The gain's error (below 0.4 % with three flats or more) adds in square. z = 4. At 1.5 e-
    # (0.6 DN) quantisation left in would add 11 %.
    dark_dn2 = (read_noise_e * GAIN_DN_PER_E) ** 2
    relative = np.hypot(np.sqrt(1 / (2 * np.prod(SHAPE))) * (1 + 1 / 12 / dark_dn2), 0.004)
    assert not result.read_noise_is_bound
    assert result.read_noise_e == pytest.approx(read_noise_e, rel=4 * relative)


def test_black_level_is_the_mean_of_the_dark_frames() -> None:
    # Offsets of 3 DN are fixed over the die: their mean over n photosites has the standard error 3 / sqrt(n). z = 4.
    assert measured(np.linspace(500, 8500, 5)).black_level_dn == pytest.approx(BLACK_DN, abs=4 * 3 / np.sqrt(np.prod(SHAPE)))


def test_saturated_flats_do_not_bend_the_gain() -> None:
    signals_e = np.linspace(1000, 14000, 14)
    result = measured(signals_e)
    # At the full well the noise vanishes, so a fit over all flats would halve the gain. The relative standard error of one
    # pair's variance is sqrt(2/60000) = 0.58 %, of a slope through five or more below 0.3 %; z = 4 gives 1.2 %.
    assert result.saturation_dn <= FULL_WELL_E * GAIN_DN_PER_E * 1.01
    assert result.system_gain_dn_per_e == pytest.approx(GAIN_DN_PER_E, rel=0.012)


def test_dark_noise_below_quantisation_is_stated_as_a_bound() -> None:
    flats = [pair(signal, 1, read_noise_e=0.2) for signal in (1000, 3000, 5000, 8000)]
    result = photon_transfer(flats, pair(0, 1, read_noise_e=0.2))
    assert result.read_noise_is_bound
    assert result.read_noise_e == pytest.approx(0.40 / result.system_gain_dn_per_e)


def test_the_fixed_pattern_is_not_noise() -> None:
    pattern = np.random.default_rng(1).integers(0, 4096, SHAPE)
    assert temporal_moments((pattern, pattern)).variance_dn2 == 0


def test_a_step_of_light_between_the_frames_is_not_noise() -> None:
    pattern = np.random.default_rng(1).integers(0, 4096, SHAPE)
    mean_dn, variance_dn2 = temporal_moments((pattern, pattern + 10))
    assert variance_dn2 == pytest.approx(0, abs=1e-9)
    assert mean_dn == pytest.approx(pattern.mean() + 5)


@pytest.mark.parametrize(
    "bad",
    [
        (np.zeros((4, 4)), np.zeros((4, 5))),
        (np.zeros((0, 4)), np.zeros((0, 4))),
        (np.full((4, 4), np.nan), np.zeros((4, 4))),
    ],
)
def test_a_malformed_pair_is_refused(bad: FramePair) -> None:
    with pytest.raises(ValueError, match="pair"):
        temporal_moments(bad)


def test_too_few_flats_are_refused() -> None:
    with pytest.raises(ValueError, match="2 or more"):
        photon_transfer([pair(1000, 1)], pair(0, 1))
    with pytest.raises(ValueError, match="2 or more"):
        photon_transfer([], pair(0, 1))
