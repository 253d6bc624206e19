"""Orders and masks against chance. Every bound is five standard errors or more: a good generator passes them all with other
seeds in 999 runs of 1,000 (each single figure fails once in 1.7 million), and with these seeds always."""

import numpy as np
import pytest
from scipy import stats

from adc import SECURE, Converter, Geometry, KeySchedule, ReadoutPolicy, readout
from sensor_sim.scene import load_photograph

MASTER = bytes(range(32))
SCHEDULE = KeySchedule(MASTER)
SMALL = Geometry(32, 32, 16)
VGA = Geometry(480, 640, 12)
SIGMAS = 5.0


def flipped_master(bit: int) -> bytes:
    changed = bytearray(MASTER)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def neighbours() -> list[KeySchedule]:
    """Schedules that differ from SCHEDULE in one bit of the master or of the epoch."""
    return [KeySchedule(flipped_master(bit)) for bit in range(256)] + [KeySchedule(MASTER, epoch=1 << bit) for bit in range(64)]


def one_bit_off() -> list:
    """Frame keys that differ from that of frame 0 in one bit of the master, of the epoch or of the counter."""
    keys = [schedule.frame_key(0, SMALL) for schedule in neighbours()]
    return keys + [SCHEDULE.frame_key(1 << bit, SMALL) for bit in range(64)]


def bits_of(words: np.ndarray) -> np.ndarray:
    return np.unpackbits(words.reshape(-1).view(np.uint8))


def test_one_bit_of_master_epoch_or_counter_changes_half_of_the_mask() -> None:
    own = bits_of(SCHEDULE.frame_key(0, SMALL).mask)
    changed = np.array([np.count_nonzero(own != bits_of(key.mask)) for key in one_bit_off()])
    # Binomial(16384, 1/2): standard deviation 64.
    z = (changed - own.size / 2) / np.sqrt(own.size / 4)
    assert z.size == 384
    assert np.abs(z).max() < SIGMAS
    # The squares of 384 normal figures are chi-square with 384 degrees of freedom, standard deviation sqrt(768).
    assert (z**2).sum() == pytest.approx(384, abs=SIGMAS * np.sqrt(2 * 384))


def test_one_bit_of_master_epoch_or_counter_gives_an_unrelated_order() -> None:
    own = SCHEDULE.frame_key(0, SMALL).order
    others = [key.order for key in one_bit_off()]
    agreements = sum(int((own == other).sum()) for other in others)
    # Places in which two unrelated orders agree: Poisson with mean 1, so 384 pairs have 384 with standard deviation 19.6.
    assert agreements == pytest.approx(384, abs=SIGMAS * np.sqrt(384))
    # Spearman's rank correlation of n independent places has standard deviation 1 / sqrt(n - 1).
    z = np.array([np.corrcoef(own, other)[0, 1] for other in others]) * np.sqrt(own.size - 1)
    assert np.abs(z).max() < SIGMAS
    assert (z**2).sum() == pytest.approx(384, abs=SIGMAS * np.sqrt(2 * 384))


@pytest.mark.parametrize("geometry", [Geometry(200, 300), Geometry(256, 300)], ids=["one bucket", "256 buckets"])
def test_orders_have_no_serial_correlation_and_keep_no_neighbours(geometry: Geometry) -> None:
    orders = [SCHEDULE.frame_key(counter, geometry).order.astype(np.int64) for counter in range(20)]
    for lag in (1, 2, geometry.width):
        z = np.array([np.corrcoef(order[:-lag], order[lag:])[0, 1] for order in orders]) * np.sqrt(geometry.pixels)
        assert np.abs(z).max() < SIGMAS
        assert z.mean() == pytest.approx(0, abs=SIGMAS / np.sqrt(20))
    kept = 0
    for order in orders:
        row, column = np.divmod(order, geometry.width)
        kept += int((np.abs(np.diff(row)) + np.abs(np.diff(column)) == 1).sum())
    pairs = geometry.height * (geometry.width - 1) + geometry.width * (geometry.height - 1)
    # Any two places hold one of the 2 pairs of 4-neighbours of P (P - 1) with equal chance: some 4 of P - 1 a frame, Poisson.
    expected = 20 * 2 * pairs / geometry.pixels
    assert kept == pytest.approx(expected, abs=SIGMAS * np.sqrt(expected))


def test_orders_have_as_many_cycles_as_chance() -> None:
    counts = [cycles(SCHEDULE.frame_key(counter, SMALL).order) for counter in range(400)]
    numbers = np.arange(1, SMALL.pixels + 1)
    # A uniform permutation of n has sum 1/k cycles on average, with variance sum (1/k - 1/k**2).
    mean, variance = (1 / numbers).sum(), (1 / numbers - 1 / numbers**2).sum()
    assert np.mean(counts) == pytest.approx(mean, abs=SIGMAS * np.sqrt(variance / 400))


def cycles(order: np.ndarray) -> int:
    following, left, count = order.tolist(), set(range(order.size)), 0
    while left:
        count += 1
        place = left.pop()
        while following[place] in left:
            place = following[place]
            left.discard(place)
    return count


def test_every_pixel_comes_equally_often_in_every_part_of_the_frame() -> None:
    parts, frames = 16, 200
    counts = np.zeros((parts, parts))
    for counter in range(frames):
        order = SCHEDULE.frame_key(counter, SMALL).order
        np.add.at(counts, (np.arange(order.size) * parts // order.size, order.astype(np.int64) * parts // order.size), 1)
    expected = frames * SMALL.pixels / parts**2
    # Sums over rows and columns are fixed: (parts - 1)**2 free cells, whose counts vary by hypergeometric draws, that is by
    # P / (P - 1) of the multinomial ones.
    statistic = ((counts - expected) ** 2 / expected).sum() * (SMALL.pixels - 1) / SMALL.pixels
    freedom = (parts - 1) ** 2
    assert statistic == pytest.approx(freedom, abs=SIGMAS * np.sqrt(2 * freedom))


@pytest.mark.parametrize("cfa", ["mono", "rgb"])
def test_mask_values_have_no_serial_correlation(cfa) -> None:
    geometry = Geometry(480, 640, 12, cfa)
    words = SCHEDULE.frame_key(7, geometry).mask.reshape(-1).astype(np.float64)
    for lag in (1, 2, 3, 8, 32, geometry.width):  # 32 samples are one block of ChaCha20
        z = np.corrcoef(words[:-lag], words[lag:])[0, 1] * np.sqrt(words.size)
        assert abs(z) < SIGMAS


def test_masks_of_following_frames_and_of_clients_are_independent() -> None:
    schedules = [SCHEDULE, KeySchedule(MASTER, client="lab"), KeySchedule(MASTER, device="cam1"), KeySchedule(MASTER, epoch=1)]
    masks = np.array([s.frame_key(counter, VGA).mask.reshape(-1) for s in schedules for counter in range(3)], np.float64)
    z = np.corrcoef(masks)[np.triu_indices(len(masks), 1)] * np.sqrt(VGA.pixels)
    assert np.abs(z).max() < SIGMAS
    assert (z**2).sum() == pytest.approx(z.size, abs=SIGMAS * np.sqrt(2 * z.size))


def test_every_bit_of_a_mask_is_set_half_of_the_time_and_runs_as_chance_does() -> None:
    mask = SCHEDULE.frame_key(9, VGA).mask.reshape(-1)
    for bit in range(16):
        plane = (mask >> bit & 1).astype(np.int64)
        # The frequency and runs tests of NIST SP 800-22: ones ~ N(n/2, n/4), changes ~ N((n - 1)/2, (n - 1)/4).
        assert plane.sum() == pytest.approx(plane.size / 2, abs=SIGMAS * np.sqrt(plane.size / 4))
        changes = np.count_nonzero(np.diff(plane))
        assert changes == pytest.approx((plane.size - 1) / 2, abs=SIGMAS * np.sqrt((plane.size - 1) / 4))


class Volts:
    """A scene as volts in front of the converter, 0 to 1."""

    exposure_s, temperature_k = 0.01, 300.0

    def __init__(self, level: np.ndarray) -> None:
        self.signal_v = np.ascontiguousarray(level, np.float32)[..., None]


def scenes() -> dict[str, np.ndarray]:
    down, right = np.mgrid[: VGA.height, : VGA.width]
    photograph = load_photograph("chelsea")[..., 1]
    return {
        "black": np.zeros((VGA.height, VGA.width)),
        "saturated": np.full((VGA.height, VGA.width), 9.0),
        "even": np.full((VGA.height, VGA.width), 0.3),
        "ramp": right / VGA.width,
        "checkerboard": (down + right) % 2.0,
        "photograph": np.resize(photograph / photograph.max(), (VGA.height, VGA.width)),
    }


def chi_square_per_freedom(samples: np.ndarray) -> float:
    counts = np.bincount(samples.reshape(-1), minlength=4096)
    return float(stats.chisquare(counts).statistic / 4095)


@pytest.mark.parametrize("name", scenes())
def test_the_mask_leaves_the_histogram_of_any_scene_flat(name: str) -> None:
    exposure = Volts(scenes()[name])
    converter = Converter(bits=12)
    masked = [readout(exposure, converter, SCHEDULE.frame_key(counter, VGA)).samples for counter in range(4)]
    # 307,200 samples over 4096 codes, 75 a code: chi-square with 4095 degrees of freedom, so per degree 1 +- sqrt(2 / 4095).
    for samples in masked:
        assert chi_square_per_freedom(samples) == pytest.approx(1, abs=SIGMAS * np.sqrt(2 / 4095))
    # All four in one histogram: a mask that leans, if ever so little, adds up.
    assert chi_square_per_freedom(np.concatenate(masked)) == pytest.approx(1, abs=SIGMAS * np.sqrt(2 / 4095))
    # Without the mask the same test sees the scene at once.
    unmasked = KeySchedule(MASTER, policy=ReadoutPolicy(SECURE.order, SECURE.refresh, mask=False)).frame_key(0, VGA)
    assert chi_square_per_freedom(readout(exposure, converter, unmasked).samples) > 3


def test_masked_samples_say_nothing_about_the_scene_beneath() -> None:
    ramp = Volts(scenes()["ramp"])
    key = SCHEDULE.frame_key(11, VGA)
    raw = readout(ramp, Converter(bits=12), key)
    beneath = raw.restore(key).reshape(-1)[key.order]
    z = np.corrcoef(raw.samples.reshape(-1).astype(np.float64), beneath)[0, 1] * np.sqrt(VGA.pixels)
    assert abs(z) < SIGMAS
    table = np.histogram2d(raw.samples.reshape(-1), beneath, bins=64)[0]
    # 64 x 64 cells of 75 samples on average, (64 - 1)**2 of them free.
    statistic = stats.chi2_contingency(table[:, table.sum(0) > 0])
    assert statistic.statistic == pytest.approx(statistic.dof, abs=SIGMAS * np.sqrt(2 * statistic.dof))
