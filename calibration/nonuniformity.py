"""DSNU and PRNU: how much the photosites differ in the dark and in how they answer to light."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from calibration.high_pass import high_passed, passed_shares
from calibration.measured import Measured
from calibration.stack import Stack
from calibration.variance_split import WHITE, VarianceSplit, split_variance

PARTS = ("total", "row", "column", "pixel")


class SpatialVariance(NamedTuple):
    """Spatial variance of a stack's mean image, DN^2, without the temporal noise that is left in it, and standard errors."""

    mean_dn: float
    variance: VarianceSplit
    errors: VarianceSplit


class Nonuniformity(NamedTuple):
    """Standard deviations by part: "total", "row", "column", "pixel"."""

    dsnu_e: dict[str, Measured]
    prnu_percent: dict[str, Measured]


def spatial_variance(stack: Stack, bad: NDArray[np.bool_] | None = None, high_pass: bool = True) -> SpatialVariance:
    """The spatial variance of a stack, split by rows, columns and photosites.

    `bad` (H, W) are photosites that are left out; the high-pass sees the mean of their neighbours in their place. What is
    left of the temporal noise is taken out part by part, as the stack itself shows it: where rows share noise in time, the
    standard's s^2 / L would leave that in the row part.
    Raises ValueError where fewer than two rows or columns have good photosites, or an image is too small for the high-pass.
    Source: EMVA 1288 R4 Linear, section 8.
    """
    image, good = stack.mean_dn, None if bad is None or not bad.any() else ~bad
    if good is not None and (good.any(axis=0).sum() < 2 or good.any(axis=1).sum() < 2):
        raise ValueError(f"good photosites = {good.sum()} of {good.size}: allowed is some in two rows and two columns or more")
    mean_dn = float(image.mean() if good is None else image[good].mean())
    if good is not None:
        image = _filled(image, good)
    detail = high_passed(image) if high_pass else image - mean_dn
    if good is None:
        total, rows, columns = float(detail.var(ddof=1)), detail.mean(axis=1), detail.mean(axis=0)
    else:
        kept = np.where(good, detail, 0.0)
        total = float(detail[good].var(ddof=1))
        # A dead column or row has no mean of its own and is left out.
        rows, columns = (kept.sum(axis=a)[good.any(axis=a)] / good.sum(axis=a)[good.any(axis=a)] for a in (1, 0))
    shares = passed_shares() if high_pass else WHITE
    of_rows, of_columns = float(rows.var(ddof=1)), float(columns.var(ddof=1))
    seen = split_variance(total, of_rows, of_columns, (image.shape[0], image.shape[1]), shares)
    left = VarianceSplit(*(part / stack.frames for part in stack.temporal))
    variance = VarianceSplit(*(part - noise for part, noise in zip(seen, left, strict=True)))
    return SpatialVariance(mean_dn, variance, _errors(seen, left, (rows.size, columns.size), stack.frames))


def nonuniformity(dark: SpatialVariance, lit: SpatialVariance, gain: Measured) -> Nonuniformity:
    """DSNU = s_dark / K in e-, and PRNU = sqrt(s_lit^2 - s_dark^2) / (mu_lit - mu_dark) in %, for each part.

    A variance that comes out negative is 0 within its error. Source: EMVA 1288 R4 Linear, section 8. Raises ValueError unless
    the lit stack is brighter than the dark one.
    """
    signal_dn = lit.mean_dn - dark.mean_dn
    if not signal_dn > 0:
        raise ValueError(f"mean of the lit stack = {lit.mean_dn:g} DN: allowed is above that of the dark one, {dark.mean_dn:g}")
    dsnu, prnu = {}, {}
    for name in PARTS:
        dark2, dark_error = getattr(dark.variance, name), getattr(dark.errors, name)
        lit2, lit_error = getattr(lit.variance, name), getattr(lit.errors, name)
        spread_dn = _deviation(dark2, dark_error)
        relative = math.hypot(spread_dn.standard_error, spread_dn.value * gain.standard_error / gain.value)
        dsnu[name] = Measured(spread_dn.value / gain.value, "e-", relative / gain.value, least=0.0)
        response = _deviation(lit2 - dark2, math.hypot(lit_error, dark_error))
        prnu[name] = Measured(100 * response.value / signal_dn, "%", 100 * response.standard_error / signal_dn, least=0.0)
    return Nonuniformity(dsnu, prnu)


def _deviation(variance: float, error: float) -> Measured:
    value = math.sqrt(max(variance, 0.0))
    # Far from 0 the error of a root is that of what is under it over twice the root; near 0 it is the root of the error.
    return Measured(value, "DN", min(error / (2 * value), math.sqrt(error)) if value else math.sqrt(error))


def _errors(seen: VarianceSplit, left: VarianceSplit, lines: tuple[int, int], frames: int) -> VarianceSplit:
    """A variance of n independent values has the standard error sqrt(2/n) of itself; what is taken off adds its own."""
    rows, columns = lines
    sites = rows * columns

    def error(part: float, noise: float, count: int) -> float:
        return math.sqrt(2 / count) * math.hypot(part, noise / math.sqrt(frames - 1))

    pixel = error(seen.pixel, left.pixel, sites)
    # The mean of a row of photosites carries their variance over its length, which is taken off again.
    row = error(max(seen.row, 0) + seen.pixel / columns, left.row, rows)
    column = error(max(seen.column, 0) + seen.pixel / rows, left.column, columns)
    return VarianceSplit(math.sqrt(pixel**2 + row**2 + column**2), row, column, pixel)


def _filled(image: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The image with the mean of the good ones around in each bad place, or of all where there are none."""
    weight = uniform_filter(good.astype(np.float64), 7, mode="reflect")
    around = uniform_filter(np.where(good, image, 0.0), 7, mode="reflect")
    mean = float(image[good].mean())
    return np.where(good, image, np.where(weight > 1e-9, around / np.maximum(weight, 1e-9), mean))
