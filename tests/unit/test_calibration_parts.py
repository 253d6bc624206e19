"""The parts of a characterisation, each against what it is defined by."""

import math
from dataclasses import replace

import numpy as np
import pytest

from adc import Geometry
from calibration.bench import Light, photons_per_pixel
from calibration.capture_plan import CapturePlan
from calibration.dark_current import DarkSeries
from calibration.doubling_temperature import doubling_temperature
from calibration.high_pass import LEAST_SIDE, high_passed, passed_shares
from calibration.histograms import accumulated, histogram
from calibration.line_fit import slope_through_origin, weighted_line
from calibration.measured import Measured, decibels, quotient
from calibration.nonuniformity import spatial_variance
from calibration.photon_transfer import TemporalMoments
from calibration.planes import planes_of, representative
from calibration.stack import StackSums
from calibration.transfer_points import TransferPoints
from calibration.variance_split import split_variance


def test_a_stack_of_sums_is_the_frames_mean_and_variance() -> None:
    frames = np.random.default_rng(1).integers(0, 65536, (7, 30, 40), dtype=np.uint16)
    sums = StackSums((30, 40))
    for frame in frames:
        sums.add(frame)
    stack = sums.stack()
    assert stack.mean_dn == pytest.approx(frames.mean(axis=0))
    assert stack.variance_dn2 == pytest.approx(frames.astype(float).var(axis=0, ddof=1), rel=1e-6)  # single precision
    # Residuals of the rows' and columns' means, over their degrees of freedom.
    own = frames - frames.mean(axis=(1, 2), keepdims=True)
    own = own - own.mean(axis=0)
    rows, columns = ((own.mean(axis=axis) ** 2).sum() / 6 for axis in (2, 1))
    assert stack.temporal.row + stack.temporal.pixel / 40 == pytest.approx(rows / 29)
    assert stack.temporal.column + stack.temporal.pixel / 30 == pytest.approx(columns / 39)


def test_what_a_whole_frame_shares_is_no_noise_of_its_rows_or_columns() -> None:
    rng, shape, frames = np.random.default_rng(6), (20, 30), 400
    sums = StackSums(shape)
    for _ in range(frames):
        shared = 12 * rng.standard_normal() + 3 * rng.standard_normal((20, 1)) + 2 * rng.standard_normal((1, 30))
        sums.add(np.rint(1000 + shared + 5 * rng.standard_normal(shape)).astype(np.uint16))
    found = sums.stack().temporal
    # A variance of f degrees of freedom has the standard error sqrt(2/f) of itself; the mean of a line has that of its
    # photosites over its length too. Rounding adds 1/12 to the photosites. z = 4.
    for part, made, freedom, carried in (
        (found.row, 9.0, 19 * 399, 25 / 30), (found.column, 4.0, 29 * 399, 25 / 20), (found.pixel, 25 + 1 / 12, 19 * 29 * 399, 0),
    ):  # fmt: skip
        assert part == pytest.approx(made, abs=4 * np.sqrt(2 / freedom) * (made + carried))
    parts = found.row + found.column + found.pixel
    assert found.total - parts == pytest.approx(144, abs=4 * np.sqrt(2 / 399) * 144)  # the frame's own


@pytest.mark.parametrize("bad", [np.zeros((30, 40)), np.zeros((40, 30), np.uint16)])
def test_a_stack_takes_frames_of_one_kind(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"codes = .*: allowed is uint16 \(30, 40\)"):
        StackSums((30, 40)).add(bad)
    with pytest.raises(ValueError, match="frames = 0: allowed is 2 or more"):
        StackSums((30, 40)).stack()


def test_a_split_returns_what_was_put_together() -> None:
    # From the definitions: means over rows keep 1/N of the photosites' variance.
    row, column, pixel, shape = 2.0, 3.0, 40.0, (20, 50)
    found = split_variance(row + column + pixel, row + pixel / 50, column + pixel / 20, shape)
    assert found == pytest.approx((45, 2, 3, 40))


def test_the_high_pass_takes_a_slope_away_and_lets_white_noise_through_as_it_says() -> None:
    down, across = np.mgrid[:100, :120]
    slope = 3.0 * down - 2.0 * across
    inner = (slice(20, -20), slice(20, -20))
    assert high_passed(slope)[inner] == pytest.approx(np.zeros((60, 80)), abs=1e-9)
    noise = np.random.default_rng(2).standard_normal((400, 500))
    one, both = passed_shares()
    # The variance of n values has the relative standard error sqrt(2/n), here 0.3 %; z = 4.
    assert high_passed(noise).var() == pytest.approx(both, rel=4 * np.sqrt(2 / noise.size))
    columns = np.broadcast_to(noise[:1], noise.shape)
    # Of 500 columns what passes differs from its expectation by 1/sqrt(500) of the little that is taken away: z = 4.
    assert high_passed(columns).var() / columns.var() == pytest.approx(one, abs=4 / np.sqrt(500) * (1 - one) + 0.02)
    with pytest.raises(ValueError, match=f"allowed is {LEAST_SIDE}"):
        high_passed(np.zeros((LEAST_SIDE - 1, 100)))


def test_light_that_is_uneven_is_no_non_uniformity() -> None:
    rng = np.random.default_rng(3)
    down, across = np.mgrid[:200, :300]
    shaded = 2000 - 0.01 * (down - 100) ** 2 - 0.005 * (across - 150) ** 2
    pattern = 5 * rng.standard_normal((200, 300))
    sums = StackSums((200, 300))
    for _ in range(8):
        sums.add(np.rint(shaded + pattern + 20 * rng.standard_normal((200, 300))).astype(np.uint16))
    found = spatial_variance(sums.stack()).variance
    # 25 DN^2 of the pattern with 50 left of the noise: sqrt(2/60000) of 75; z = 4.
    assert found.total == pytest.approx(25, abs=4 * np.sqrt(2 / 60_000) * 75)
    assert spatial_variance(sums.stack(), high_pass=False).variance.total > 1000


def test_a_line_has_the_errors_that_repeating_it_shows() -> None:
    rng, x, error = np.random.default_rng(4), np.linspace(1, 10, 20), np.linspace(0.1, 2, 20)
    lines = [weighted_line(x, 5 + 3 * x + error * rng.standard_normal(20), error) for _ in range(400)]
    slopes = np.array([line.slope for line in lines])
    # The spread of 400 slopes is known to 1/sqrt(800) = 3.5 %; z = 4. The Birge ratio adds some 8 %.
    assert np.mean([line.slope_error for line in lines]) == pytest.approx(slopes.std(), rel=0.22)
    assert slopes.mean() == pytest.approx(3, abs=4 * slopes.std() / 20)
    through = [slope_through_origin(x, 3 * x + error * rng.standard_normal(20), error) for _ in range(400)]
    assert np.mean([e for _, e in through]) == pytest.approx(np.std([s for s, _ in through]), rel=0.22)


def test_a_line_through_points_that_scatter_more_than_they_say_is_less_certain() -> None:
    x, y = np.arange(10.0), np.arange(10.0) + 5 * (-1.0) ** np.arange(10)
    assert weighted_line(x, y, np.full(10, 0.1)).slope_error == pytest.approx(weighted_line(x, y, np.full(10, 1.0)).slope_error)


def test_an_interval_ends_where_the_figure_cannot_be() -> None:
    assert Measured(1.0, "e-", 1.0, least=0.0).interval == pytest.approx((0, 2.96), abs=1e-3)
    assert Measured(1.0, "e-", 1.0).interval[0] < 0
    with pytest.raises(ValueError, match="allowed is 0 or more"):
        Measured(-1.0, "e-", 1.0, least=0.0)


def test_a_line_needs_two_places() -> None:
    with pytest.raises(ValueError, match="allowed is 2 or more"):
        weighted_line(np.ones(3), np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="allowed is 2 or more"):
        slope_through_origin(np.ones(1), np.ones(1), np.ones(1))


def test_a_figure_says_its_interval_and_takes_its_error_along() -> None:
    figure = Measured(10.0, "e-", 1.0, "a note")
    assert figure.as_json() == {"value": 10.0, "unit": "e-", "interval": list(figure.interval), "note": "a note"}
    assert figure.interval == pytest.approx((8.04, 11.96), abs=1e-3)
    assert quotient(figure, Measured(2.0, "s", 0.1), "e-/s").standard_error == pytest.approx(5 * math.hypot(0.1, 0.05))
    assert decibels(Measured(100.0, "", 1.0)).value == pytest.approx(40)
    assert decibels(Measured(100.0, "", 1.0)).standard_error == pytest.approx(20 * math.log10(1.01), rel=0.01)
    assert figure.agrees_with(Measured(12.0, "e-", 1.0))
    assert not figure.agrees_with(Measured(13.0, "e-", 1.0))
    for value, error in ((math.nan, 1.0), (1.0, math.nan), (1.0, -1.0)):
        with pytest.raises(ValueError, match="allowed is"):
            Measured(value, "e-", error)


def test_the_planes_of_a_bayer_array_cover_it_once() -> None:
    for cfa in ("rggb", "bggr", "grbg", "gbrg"):
        raster = np.zeros((4, 6, 1), np.uint16)
        planes = planes_of(Geometry(4, 6, 12, cfa))
        for plane in planes:
            plane.of(raster)[:] += 1
        assert (raster == 1).all()
        assert [plane.name[0] for plane in planes] == list(cfa)
        assert {plane.name for plane in planes} == {"red", "green beside red", "green beside blue", "blue"}
        assert representative(planes).colour == 1


def test_histograms_count_every_photosite() -> None:
    image = np.random.default_rng(5).standard_normal((50, 60))
    image[3, 4] = 100.0
    bins = histogram(image, 1.0)
    assert (bins.counts.sum(), bins.beyond) == (image.size - 1, 1)
    # The hot photosite does not take the range: 3000 values of a normal distribution reach some 3.6 deviations.
    assert bins.centres[-1] < 6
    curve = accumulated(image)
    assert curve.percent[0] == 100
    assert curve.percent[-1] == pytest.approx(100 / image.size)
    assert curve.deviation[-1] == pytest.approx(100, abs=0.1)
    stepped = histogram(np.rint(8 * image) / 8, 1.0, 1 / 8)
    assert (stepped.counts.sum(), stepped.beyond) == (image.size - 1, 1)
    # Around the mean every bin holds whole steps of a normal distribution: none is empty.
    assert (stepped.counts[np.abs(stepped.centres) < 1] > 0).all()
    assert histogram(np.ones((3, 4)), 0.0).counts.sum() == 12


def test_the_normal_distribution_is_counted_over_bins_however_wide_they_are() -> None:
    image = np.random.default_rng(7).standard_normal((100, 100))
    image[:20] = 500.0 * np.random.default_rng(8).standard_exponential((20, 100))  # a tail that takes the range
    bins = histogram(image, 1.0)
    width = bins.centres[1] - bins.centres[0]
    assert width > 3  # so that the value at the middle of a bin would be any number
    assert bins.normal.sum() == pytest.approx(image.size, rel=1e-3)
    assert bins.centres[bins.normal.argmax()] == pytest.approx(np.median(image) - image.mean(), abs=width)


IMPOSSIBLE = {
    "exposure_s": (0.0, math.nan),
    "steps": (49, 50.5),
    "fine_steps": (-1,),
    "stack_frames": (3, 16_385),
    "dark_steps": (5,),
    "dark_frames": (1,),
    "longest_dark_s": (0.001,),
    "warmer_k": ((8.0, 8.0), (-1.0,)),
    "hits_per_code": (3,),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in IMPOSSIBLE.items() for value in values])
def test_an_impossible_plan_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name} = .*: allowed is"):
        replace(CapturePlan(0.01), **{name: value})


def test_points_and_series_that_make_no_curve_are_refused() -> None:
    dark, rising = TemporalMoments(10.0, 1.0), np.arange(1.0, 5.0)
    for photons, mean in ((rising[::-1], rising), (rising, np.zeros(4)), (rising[:2], rising[:2]), (rising, rising[:3])):
        with pytest.raises(ValueError, match="allowed is"):
            TransferPoints(photons, mean, mean, dark, 100)
    with pytest.raises(ValueError, match="3 or more exposure times"):
        DarkSeries(rising[:2], rising[:2], rising[:2], rising[:2], rising[:2], 300.0)


def test_doubling_temperature_is_refused_where_nothing_doubles() -> None:
    rate = Measured(5.0, "e-/s", 0.1)
    assert doubling_temperature([300, 308], [rate, Measured(10.0, "e-/s", 0.1)]).value == pytest.approx(8)
    for temperatures, rates in (([300, 300], [rate, rate]), ([300, 308], [rate, rate]), ([300, 308], [rate, Measured(0, "", 1)])):
        with pytest.raises(ValueError, match="allowed is"):
            doubling_temperature(temperatures, rates)


def test_a_rise_that_no_silicon_has_is_no_doubling_temperature() -> None:
    # Exact rates, so that only the size of the rise speaks: 8 K double in 100 K, 8 K double eight times and more.
    for factor, rise_k in ((2 ** (8 / 101), 101), (2 ** (8 / 0.99), 0.99)):
        rates = [Measured(5.0, "e-/s", 0.0), Measured(5.0 * factor, "e-/s", 0.0)]
        with pytest.raises(ValueError, match=rf"doubling temperature = {rise_k:g} K: allowed is 1 to 100 K"):
            doubling_temperature([300, 308], rates)
    for factor, rise_k in ((2 ** (8 / 99), 99), (2 ** (8 / 1.01), 1.01)):
        rates = [Measured(5.0, "e-/s", 0.0), Measured(5.0 * factor, "e-/s", 0.0)]
        assert doubling_temperature([300, 308], rates).value == pytest.approx(rise_k)


def test_a_rise_within_its_interval_is_no_doubling_temperature() -> None:
    # log2 of a factor 1.1 is 0.1375 in 8 K, its error sqrt(2) e / ln 2 for an error of e of each: 1.9 and 2.1 of them.
    for errors, is_measured in ((1.9, False), (2.1, True)):
        error = math.log2(1.1) / errors / math.sqrt(2) * math.log(2)
        rates = [Measured(5.0, "e-/s", 5.0 * error), Measured(5.5, "e-/s", 5.5 * error)]
        if is_measured:
            assert doubling_temperature([300, 308], rates).value == pytest.approx(8 / math.log2(1.1))
        else:
            with pytest.raises(ValueError, match="allowed is a dark current that rises beyond its 95 % interval"):
                doubling_temperature([300, 308], rates)


def test_irradiance_in_photons_is_the_standards() -> None:
    # Its own form: mu_p = 50.34 A[um^2] t[ms] lambda[um] E[uW/cm^2].
    assert photons_per_pixel(0.01, 540, 3.0, 0.01) == pytest.approx(50.34 * 9 * 10 * 0.54 * 1, rel=1e-4)


@pytest.mark.parametrize("rate", [-1.0, math.inf, math.nan])
def test_impossible_light_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="green_per_s"):
        Light(green_per_s=rate)
