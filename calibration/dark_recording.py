"""Dark frames at rising exposure times, at the camera's own temperature and, where there is a chamber, at warmer ones."""

from typing import NamedTuple

import numpy as np

from calibration.bench import DARKNESS, Chamber
from calibration.capture_plan import CapturePlan
from calibration.dark_current import DarkSeries
from calibration.saturation_search import longest_dark_exposure
from calibration.session import Session
from calibration.stack import Stack

_LEAST_ERROR = 1e-9
"""Frames without any noise have no error either, which a fit could not weigh."""


class DarkRecording(NamedTuple):
    """A series for each temperature, the camera's own first, and in it for each plane; the stacks of its longest exposure."""

    series: list[list[DarkSeries]]
    longest: list[Stack]


def record_darkness(session: Session, plan: CapturePlan, temperature_k: float) -> DarkRecording:
    """Take the dark series of a camera that is at `temperature_k`; a chamber brings it back there."""
    camera = session.camera
    series, longest = _at_one_temperature(session, plan, plan.stack_frames)
    found = [series]
    if isinstance(camera, Chamber):
        try:
            for rise_k in plan.warmer_k:
                camera.set_temperature_k(temperature_k + rise_k)
                found.append(_at_one_temperature(session, plan, plan.dark_frames)[0])
        finally:
            camera.set_temperature_k(temperature_k)
    return DarkRecording(found, longest)


def _at_one_temperature(session: Session, plan: CapturePlan, last_frames: int) -> tuple[list[DarkSeries], list[Stack]]:
    session.camera.set_light(DARKNESS)
    longest_s = longest_dark_exposure(session, plan.exposure_s, plan.longest_dark_s)
    taken_s, temperatures_k, moments = [], [], []
    stacks: list[Stack] = []
    for step in range(1, plan.dark_steps + 1):
        session.camera.set_exposure_s(longest_s * step / plan.dark_steps)
        frame = session.one()
        taken_s.append(frame.exposure_s)
        temperatures_k.append(frame.temperature_k)
        stacks = session.stacks(plan.dark_frames if step < plan.dark_steps else last_frames)
        moments.append([_moments(stack) for stack in stacks])
    table, warm_k = np.array(moments), float(np.mean(temperatures_k))
    return [
        DarkSeries(np.array(taken_s), table[:, at, 0], table[:, at, 1], table[:, at, 2], table[:, at, 3], warm_k)
        for at in range(len(stacks))
    ], stacks


def _moments(stack: Stack) -> tuple[float, float, float, float]:
    """Mean and variance of a stack, DN and DN^2, and the standard errors of both."""
    sites, rows = stack.mean_dn.size, stack.mean_dn.shape[0]
    variance, freedom = stack.variance_dn2.astype(np.float64), stack.frames - 1
    # Photosites differ in their noise: E[v^2] of an estimate with f degrees of freedom is (1 + 2/f) sigma^4.
    fourth = float((variance**2).mean()) / (1 + 2 / freedom)
    row, own = max(stack.temporal.row, 0.0), float(variance.mean())
    mean_error = np.sqrt((own / sites + row / rows) / stack.frames)
    variance_error = np.sqrt(2 / freedom * (fourth / sites + row**2 / rows))
    return float(stack.mean_dn.mean()), own, max(float(mean_error), _LEAST_ERROR), max(float(variance_error), _LEAST_ERROR)
