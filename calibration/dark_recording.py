"""Dark frames at rising exposure times, at the camera's own temperature and, where there is a chamber, at warmer ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.bench import DARKNESS, BenchError, Chamber
from calibration.capture_plan import CapturePlan
from calibration.dark_current import DarkSeries
from calibration.saturation_search import longest_dark_exposure
from calibration.session import Session
from calibration.stack import Stack

FULL = 0.5
"""Share of the saturation's signal from which a photosite is too full of dark electrons to count them by their noise."""
_LEAST_ERROR = 1e-9
"""Frames without any noise have no error either, which a fit could not weigh."""


class DarkRecording(NamedTuple):
    """A series for each temperature, the camera's own first, and in it for each plane; the stacks of its longest exposure."""

    series: list[list[DarkSeries]]
    longest: list[Stack]


def record_darkness(session: Session, plan: CapturePlan, temperature_k: float, full_dn: Sequence[float]) -> DarkRecording:
    """Take the dark series of a camera that is at `temperature_k`; a chamber brings it back there.

    `full_dn` is the level of each plane from which a photosite counts for full: one that reaches it in the longest exposure is
    left out of the whole series, so that all exposures speak of the same photosites.
    """
    camera = session.camera
    series, longest = _at_one_temperature(session, plan, plan.stack_frames, full_dn)
    found = [series]
    if isinstance(camera, Chamber):
        try:
            for rise_k in plan.warmer_k:
                camera.set_temperature_k(temperature_k + rise_k)
                found.append(_at_one_temperature(session, plan, plan.dark_frames, full_dn)[0])
        finally:
            camera.set_temperature_k(temperature_k)
    return DarkRecording(found, longest)


def _at_one_temperature(
    session: Session, plan: CapturePlan, last_frames: int, full_dn: Sequence[float]
) -> tuple[list[DarkSeries], list[Stack]]:
    session.camera.set_light(DARKNESS)
    longest_s = longest_dark_exposure(session, plan.exposure_s, plan.longest_dark_s)
    taken_s, temperatures_k, moments = [], [], []
    longest: list[Stack] = []
    for step in range(plan.dark_steps, 0, -1):  # the longest first: it says which photosites fill up
        session.camera.set_exposure_s(longest_s * step / plan.dark_steps)
        frame = session.one()
        taken_s.append(frame.exposure_s)
        temperatures_k.append(frame.temperature_k)
        stacks = session.stacks(last_frames if not longest else plan.dark_frames)
        longest = longest or stacks
        counted = [stack.mean_dn < full for stack, full in zip(longest, full_dn, strict=True)]
        moments.append([_moments(stack, sites) for stack, sites in zip(stacks, counted, strict=True)])
    table, warm_k = np.array(moments[::-1]), float(np.mean(temperatures_k))
    times = np.array(taken_s[::-1])
    series = []
    for at, sites in enumerate(counted):
        mean, variance, mean_error, variance_error = table[:, at].T
        series.append(DarkSeries(times, mean, variance, mean_error, variance_error, warm_k, int((~sites).sum())))
    return series, longest


def _moments(stack: Stack, counted: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Mean and variance of the counted photosites of a stack, DN and DN^2, and the standard errors of both."""
    if not counted.any():
        raise BenchError("longest_dark_s = too long: every photosite fills up with dark electrons; needed is a shorter one")
    sites, rows = int(counted.sum()), stack.mean_dn.shape[0]
    variance, freedom = stack.variance_dn2[counted].astype(np.float64), stack.frames - 1
    # Photosites differ in their noise: E[v^2] of an estimate with f degrees of freedom is (1 + 2/f) sigma^4.
    fourth = float((variance**2).mean()) / (1 + 2 / freedom)
    row, own = max(stack.temporal.row, 0.0), float(variance.mean())
    mean_error = np.sqrt((own / sites + row / rows) / stack.frames)
    variance_error = np.sqrt(2 / freedom * (fourth / sites + row**2 / rows))
    mean_dn = float(stack.mean_dn[counted].mean())
    return mean_dn, own, max(float(mean_error), _LEAST_ERROR), max(float(variance_error), _LEAST_ERROR)
