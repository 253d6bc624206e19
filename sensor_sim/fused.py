"""All effects of an exposure in two passes over the array: charge is collected, then it is sensed as a voltage.

Each row is taken through every effect while it lies in the nearest cache, and rows are shared among the cores. The noise of a
photosite follows from its place alone, so the frame does not depend on how they are shared.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from sensor_sim.die import Die
from sensor_sim.philox import fill_words, row_key
from sensor_sim.profile import SensorProfile
from sensor_sim.psf import PsfWeights, fill_image_row
from sensor_sim.scene.linear import Scene
from sensor_sim.shot_noise import POISSON, fill_exact_counts, fill_expansion
from sensor_sim.standard_normal import fill_normals
from sensor_sim.streams import TemporalEffect

_SHOT = np.uint64(TemporalEffect.SHOT_NOISE)
_REMAINDER = np.uint64(TemporalEffect.SHOT_NOISE_REMAINDER)
_FOLLOWER = np.uint64(TemporalEffect.SOURCE_FOLLOWER)
_RESET = np.uint64(TemporalEffect.RESET_NOISE)
_READ = np.uint64(TemporalEffect.READ_NOISE)
_CHUNK = 32
_ENDLESS = np.int32(0x7F800000)
_NO_MAP = np.empty((0, 0), np.float32)
_NO_PSF = PsfWeights(0, np.empty((0, 1, 3), np.float32), np.empty((3, 1, 0), np.float32))


def collect(
    light: Scene, profile: SensorProfile, die: Die, white_photons: float, warm_time_s: float, frame_seed: int
) -> tuple[NDArray[np.float32], float]:
    """Electrons collected, before the full well: float32 (rows, samples) in e-, and the brightest light of the scene.

    The brightest light is NaN where some light is negative or not finite; the electrons then mean nothing.

    `light` is float32 (H, W, 3), `white_photons` what white sends to a photosite in each colour during the exposure, and
    `warm_time_s` the exposure times the warming of the dark current. Rows are the shielded ones and then the array's.
    """
    height, width, channels = profile.shape
    electrons = np.empty((profile.optical_black_rows + height, width * channels), np.float32)
    gains = np.array([white_photons * share for share in profile.quantum_efficiency], np.float32)
    first, second = _colours(profile)
    brightest = np.empty(height, np.float32)
    _collect(
        np.ascontiguousarray(light), _NO_PSF if die.psf is None else die.psf, gains, first, second,
        _NO_MAP if die.response is None else die.response, _NO_MAP if die.dark_e_per_s is None else die.dark_e_per_s,
        np.float32(warm_time_s), profile.shot_noise, POISSON, np.uint64(frame_seed), electrons, brightest,
    )  # fmt: skip
    return electrons, float(brightest.max())


def sense(electrons: NDArray[np.float32], profile: SensorProfile, die: Die, frame_seed: int) -> NDArray[np.float32]:
    """Signals in V, float32 (rows, samples), of the electrons in the array, which are overwritten."""
    gain = profile.conversion_gain_v_per_e
    _sense(
        electrons, np.float32(profile.full_well_e), np.float32(gain),
        np.float32(profile.source_follower.sampled_noise_v(profile.reset.cds)),
        np.float32(profile.reset.noise_v(profile.temperature_k)), np.float32(profile.read_noise_e * gain),
        _NO_MAP if die.offset_v is None else die.offset_v, np.uint64(frame_seed),
    )  # fmt: skip
    return electrons


def _colours(profile: SensorProfile) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    # Colour of the even and the odd photosites of the two rows of a tile; 3 stands for all colours, 4 for one after another.
    if not profile.is_bayer:
        alike = np.full(2, 3 if profile.cfa == "mono" else 4)
        return alike, alike
    tile = np.array(["rgb".index(colour) for colour in profile.cfa])
    return tile[0::2].copy(), tile[1::2].copy()


@njit(cache=True, nogil=True, parallel=True)
def _collect(light, psf, gains, first, second, response, dark, warm_time_s, shot, poisson, seed, electrons, brightest):  # type: ignore[no-untyped-def]
    rows, samples = electrons.shape
    shielded, width, taps = rows - light.shape[0], light.shape[1], 2 * psf.reach + 1
    for chunk in prange((rows + _CHUNK - 1) // _CHUNK):
        ring, image = np.empty((taps, 3, width), np.float32), np.empty((3, width), np.float32)
        loaded = -rows
        expected = np.empty(samples, np.float32)
        for row in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, rows)):
            y = row - shielded
            if y < 0:
                expected[:] = 0
            else:
                brightest[y] = _brightest(light[y])
                even, odd = first[y % 2], second[y % 2]
                if psf.down.size:
                    loaded = fill_image_row(light, y, ring, loaded, psf, _wanted(even, odd), image)
                    _photo_electrons(image.T, gains, even, odd, expected)
                else:
                    _photo_electrons(light[y], gains, even, odd, expected)
                if response.size:
                    for x in range(samples):
                        expected[x] *= response[y, x]
            if dark.size:
                for x in range(samples):
                    expected[x] += dark[row, x] * warm_time_s
            if shot:
                _count(expected, seed, row, poisson, electrons[row])
            else:
                electrons[row] = expected


@njit(cache=True, nogil=True)
def _wanted(even, odd):  # type: ignore[no-untyped-def]
    return even == 0 or odd == 0 or even > 2, even == 1 or odd == 1 or even > 2, even == 2 or odd == 2 or even > 2


@njit(cache=True, nogil=True)
def _brightest(line):  # type: ignore[no-untyped-def]
    # As whole numbers, negative values lie below that of 0, and endless ones and those that are not a number above all others.
    bits = line.reshape(-1).view(np.int32)
    low, high = np.int32(0), np.int32(0)
    for i in range(bits.size):
        low = min(low, bits[i])
        high = max(high, bits[i])
    if low < 0 or high >= _ENDLESS:
        return np.float32(np.nan)
    greatest = np.float32(0)
    for i in range(bits.size):
        if bits[i] == high:
            greatest = line.reshape(-1)[i]
            break
    return greatest


@njit(cache=True, nogil=True)
def _photo_electrons(image, gains, even, odd, expected):  # type: ignore[no-untyped-def]
    width = image.shape[0]
    if even == 3:
        for x in range(width):
            expected[x] = image[x, 0] * gains[0] + image[x, 1] * gains[1] + image[x, 2] * gains[2]
    elif even == 4:
        for x in range(width):
            for colour in range(3):
                expected[3 * x + colour] = image[x, colour] * gains[colour]
    else:
        for x in range(0, width, 2):
            expected[x] = image[x, even] * gains[even]
            expected[x + 1] = image[x + 1, odd] * gains[odd]


@njit(cache=True, nogil=True)
def _count(expected, seed, row, poisson, electrons):  # type: ignore[no-untyped-def]
    words, normals = np.empty(expected.size, np.uint32), np.empty(expected.size, np.float32)
    fill_words(row_key(seed, _SHOT, row), words)
    fill_normals(words, normals)
    if fill_expansion(expected, normals, electrons):
        remainder = np.empty(expected.size, np.uint32)
        fill_words(row_key(seed, _REMAINDER, row), remainder)
        fill_exact_counts(expected, words, remainder, poisson, electrons)


@njit(cache=True, nogil=True, parallel=True)
def _sense(electrons, well, gain, follower_v, reset_v, read_v, offset_v, seed):  # type: ignore[no-untyped-def]
    samples = electrons.shape[1]
    for row in prange(electrons.shape[0]):
        signal = electrons[row]
        words, normals = np.empty(samples, np.uint32), np.empty(samples, np.float32)
        for x in range(samples):
            signal[x] = min(signal[x], well) * gain
        for stream, noise_v in ((_RESET, reset_v), (_FOLLOWER, follower_v), (_READ, read_v)):
            if noise_v:
                fill_words(row_key(seed, stream, row), words)
                fill_normals(words, normals)
                for x in range(samples):
                    signal[x] += normals[x] * noise_v
        if offset_v.size:
            for x in range(samples):
                signal[x] += offset_v[row, x]
