"""Looking for the light that saturates a camera, and for the exposure that fills it with dark current, both unknown before."""

import numpy as np
from numpy.typing import NDArray

from calibration.bench import DARKNESS, BenchError
from calibration.photon_transfer import QUANTISATION_VARIANCE_DN2
from calibration.session import Session

Photons = tuple[float, float, float]
"""Photons that reach a photosite in an exposure: red, green, blue."""

FIRST_PHOTONS = 16.0
MOST_PHOTONS = 1e12
_STILL_GROWS = 1.02
_FLAT_STEPS = 2
_ENOUGH_DARK_NOISE = 8.0


def saturating_light(session: Session, exposure_s: float) -> Photons:
    """Double the light until no plane answers any more, then say where each one's straight part meets that level.

    A colour that no plane has gets 0 photons. The camera is left at `exposure_s` and the last light. Raises BenchError where
    nothing answers or nothing saturates.
    """
    session.camera.set_exposure_s(exposure_s)
    session.camera.set_light(DARKNESS)
    taken_s, dark = session.one().exposure_s, session.means()
    colours = {plane.colour for plane in session.planes}
    levels: list[NDArray[np.float64]] = []
    photons = [FIRST_PHOTONS]
    flat = 0
    while flat < _FLAT_STEPS:
        red, green, blue = (photons[-1] if colour in colours else 0.0 for colour in range(3))
        session.light((red, green, blue), taken_s)
        levels.append(session.means() - dark)
        grows = len(levels) < 2 or bool((levels[-1] > _STILL_GROWS * np.maximum(levels[-2], 1.0)).any())
        flat = 0 if grows or (levels[-1] < 1).all() else flat + 1
        photons.append(2 * photons[-1])
        if photons[-1] > MOST_PHOTONS:
            answer = levels[-1].max()
            raise BenchError(
                f"light = {photons[-2]:g} photons: the signal is {answer:.4g} DN; needed is a camera that it saturates"
            )
    signal, light = np.stack(levels), np.array(photons[: len(levels)])
    wanted = []
    for colour in range(3):
        own = [_saturating(signal[:, at], light) for at, plane in enumerate(session.planes) if plane.colour == colour]
        wanted.append(max(own, default=0.0))
    return wanted[0], wanted[1], wanted[2]


def longest_dark_exposure(session: Session, start_s: float, longest_s: float) -> float:
    """Double the exposure in darkness until the temporal variance is eight times the first one, or `longest_s` is reached, s.

    By then the dark electrons' noise says their number better than all other noise hides it.
    """
    session.camera.set_light(DARKNESS)

    def variance(exposure_s: float) -> NDArray[np.float64]:
        session.camera.set_exposure_s(exposure_s)
        return np.array([moments.variance_dn2 for moments in session.pair()])

    enough = _ENOUGH_DARK_NOISE * np.maximum(variance(start_s), 3 * QUANTISATION_VARIANCE_DN2)
    exposure_s = start_s
    while exposure_s < longest_s and (variance(exposure_s) < enough).all():
        exposure_s = min(2 * exposure_s, longest_s)
    return exposure_s


def _saturating(signal: NDArray[np.float64], photons: NDArray[np.float64]) -> float:
    """Where the line through the brightest point below half of the last level meets that level."""
    full = signal[-1]
    below = int(np.flatnonzero(signal <= full / 2).max(initial=0))
    return float(photons[below] * full / signal[below])
