"""Taking the plan's frames: the camera is set, frames stream in, and only sums of them are kept."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.bench import DARKNESS, BenchError, CameraIdentity, CameraUnderTest
from calibration.capture_plan import OVERDRIVE, CapturePlan
from calibration.dark_current import DarkSeries
from calibration.dark_recording import FULL, DarkRecording, record_darkness
from calibration.photon_transfer import TemporalMoments
from calibration.planes import Plane, planes_of
from calibration.saturation import Plateau, share_at
from calibration.saturation_search import Photons, saturating_light
from calibration.session import Report, Session
from calibration.stack import Stack
from calibration.transfer_points import TransferPoints


@dataclass(frozen=True, eq=False)
class PlaneRecording:
    """What the frames of one colour plane come to.

    Attributes
    ----------
    plane
        which one.
    points, plateau
        the series of rising light, and frames in twice the saturating light.
    dark, half
        stacks without light and at half of saturation, at one exposure time.
    half_photons
        photons of the plane's colour in an exposure of the second one.
    other_colours
        for a mono array the signal in DN and the photons of red and of blue light, or why the bench has no such light; else
        empty.
    dark_series
        at the camera's own temperature first, then at the warmer ones.
    longest_dark
        the stack at the longest dark exposure, at the camera's own temperature.
    """

    plane: Plane
    points: TransferPoints
    plateau: Plateau
    dark: Stack
    half: Stack
    half_photons: float
    other_colours: dict[str, tuple[float, float] | str]
    dark_series: tuple[DarkSeries, ...]
    longest_dark: Stack

    @property
    def longest_dark_s(self) -> float:
        """Exposure time of the longest dark stack, s."""
        return float(self.dark_series[0].exposure_s[-1])


@dataclass(frozen=True, eq=False)
class Recording:
    """A camera's frames as sums, plane by plane; `exposure_s` and `temperature_k` are what the frames say."""

    camera: CameraIdentity
    plan: CapturePlan
    exposure_s: float
    temperature_k: float
    planes: tuple[PlaneRecording, ...]


def record(camera: CameraUnderTest, plan: CapturePlan, took: Report = lambda frames: None) -> Recording:
    """Take all frames of a plan. `took` is told how many were taken, every time.

    The camera is left in darkness at the plan's exposure and, with a chamber, at the temperature that it had.
    Raises BenchError where the camera or its light cannot be measured, and what the camera raises.
    """
    session = Session(camera, planes_of(camera.identity.geometry), took)
    full = saturating_light(session, plan.exposure_s)
    camera.set_light(DARKNESS)
    first = session.one()
    dark = session.pair()
    series = _light_series(session, full, first.exposure_s, plan)
    session.light((2 * full[0], 2 * full[1], 2 * full[2]), first.exposure_s)
    plateaus = _plateaus(session)
    middle = _half(series, session.planes)
    other = _other_colours(session, middle, dark[0].mean_dn, first.exposure_s)
    session.light(middle, first.exposure_s)
    half_stacks = session.stacks(plan.stack_frames)
    camera.set_light(DARKNESS)
    dark_stacks = session.stacks(plan.stack_frames)
    full_dn = [each.mean_dn + FULL * (top.mean_dn - each.mean_dn) for each, top in zip(dark, plateaus, strict=True)]
    darkness = record_darkness(session, plan, first.temperature_k, full_dn)
    camera.set_exposure_s(plan.exposure_s)
    planes = tuple(
        PlaneRecording(
            plane=plane,
            points=_points(series, at, dark[at], dark_stacks[at], plane),
            plateau=plateaus[at],
            dark=dark_stacks[at],
            half=half_stacks[at],
            half_photons=middle[plane.colour],
            other_colours=other,
            dark_series=_of_plane(darkness, at),
            longest_dark=darkness.longest[at],
        )
        for at, plane in enumerate(session.planes)
    )
    return Recording(camera.identity, plan, first.exposure_s, first.temperature_k, planes)


_Step = tuple[Photons, list[TemporalMoments]]


def _light_series(session: Session, full: Photons, exposure_s: float, plan: CapturePlan) -> list[_Step]:
    """Photons of the three colours and the moments of all planes, step by step; finer steps lie among the equal ones."""

    def step(share: float) -> _Step:
        red, green, blue = (share * photons for photons in full)
        session.light((red, green, blue), exposure_s)
        return (red, green, blue), session.pair()

    shares = OVERDRIVE * np.arange(1, plan.steps + 1) / plan.steps
    series = [step(float(share)) for share in shares]
    peaks = [int(np.argmax([moments[at].variance_dn2 for _, moments in series])) for at in range(len(session.planes))]
    # One step beyond the peaks on either side, and none of the steps once more.
    low, high = shares[max(min(peaks) - 1, 0)], shares[min(max(peaks) + 1, plan.steps - 1)]
    fine = np.linspace(low, high, plan.fine_steps + 2)[1:-1]
    series += [step(float(share)) for share in fine if np.abs(shares - share).min() > 1e-6 * share]
    return sorted(series, key=lambda each: sum(each[0]))


def _points(series: list[_Step], at: int, dark: TemporalMoments, dark_stack: Stack, plane: Plane) -> TransferPoints:
    moments = [each[at] for _, each in series]
    return TransferPoints(
        photons=_photons(series, plane),
        mean_dn=np.array([each.mean_dn for each in moments]),
        variance_dn2=np.array([each.variance_dn2 for each in moments]),
        dark=dark,
        sites=dark_stack.mean_dn.size,
        row_variance_dn2=max(dark_stack.temporal.row, 0.0),
        rows=dark_stack.mean_dn.shape[0],
    )


def _photons(series: list[_Step], plane: Plane) -> NDArray[np.float64]:
    return np.array([photons[plane.colour] for photons, _ in series])


def _half(series: list[_Step], planes: tuple[Plane, ...]) -> Photons:
    """Photons of each colour at half of the saturation of its planes."""
    half = [0.0, 0.0, 0.0]
    for at, plane in enumerate(planes):
        peak = int(np.argmax([moments[at].variance_dn2 for _, moments in series]))
        half[plane.colour] = float(_photons(series, plane)[peak]) / 2
    return half[0], half[1], half[2]


def _other_colours(session: Session, middle: Photons, dark_dn: float, exposure_s: float) -> dict[str, tuple[float, float] | str]:
    """A mono array in red and in blue light: the signal in DN, and the photons; or what a bench of one lamp says instead."""
    if len(session.planes) > 1:
        return {}
    found: dict[str, tuple[float, float] | str] = {}
    photons = middle[session.planes[0].colour]
    for name, light in (("red", (photons, 0.0, 0.0)), ("blue", (0.0, 0.0, photons))):
        try:
            session.light(light, exposure_s)
        except BenchError as error:
            found[name] = str(error)
        else:
            found[name] = (session.pair()[0].mean_dn - dark_dn, photons)
    return found


def _plateaus(session: Session) -> list[Plateau]:
    top_dn = 2**session.camera.identity.geometry.bits - 1
    codes = session.one().codes
    parts = [plane.of(codes) for plane in session.planes]
    return [Plateau(float(part.mean()), share_at(part, top_dn)) for part in parts]


def _of_plane(darkness: DarkRecording, at: int) -> tuple[DarkSeries, ...]:
    return tuple(series[at] for series in darkness.series)
