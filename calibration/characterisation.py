"""A characterised camera: its recording, the figures of each colour plane and, where it has a voltage input, its converters'."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.adc_linearity import ConverterFigures, measure_converters, refuse_short_reach
from calibration.bench import CameraUnderTest, VoltageInput
from calibration.capture_plan import CapturePlan
from calibration.dark_current import COMPENSATED
from calibration.defect_map import DefectMap, find_defects
from calibration.figures import MAY_BE_MISSING, Missing, PlaneFigures, plane_figures
from calibration.measured import Measured
from calibration.planes import representative
from calibration.recording import PlaneRecording, Recording, record
from calibration.session import Report
from calibration.written import FORMAT, VERSION

DIFFERENCES = (
    "dsnu_e and prnu_percent leave the photosites out that the defect map lists, and are high-pass filtered; dsnu_all_e and "
    "prnu_all_percent have all photosites and no filter, as emva1288 1.0.2 has them.",
    "Row and column parts: the temporal noise that is left in a mean image is taken out as measured, row by row and column by "
    "column; the standard takes s^2/L, which is the same where rows share no noise in time.",
    "saturation_capacity_e is the standard's, where the temporal noise is greatest; full_well_e is the level that no light "
    "exceeds.",
    "dark_current_e_per_s is by the mean, or by the variance where the camera takes its mean dark signal off; photosites that "
    "fill up within the longest exposure are left out. The doubling temperature is by the variance.",
    "linearity_error_percent is the mean absolute deviation (Release 4.0); emva1288 1.0.2 states the least and the greatest one.",
    "The absolute sensitivity threshold has the 1/4 of Release 4.0, which emva1288 1.0.2 leaves out.",
)
"""Where definitions may be taken differently, and how they are taken here."""


@dataclass(frozen=True, eq=False)
class Characterisation:
    """All that was measured of a camera; `planes` go with those of the recording, one by one."""

    recording: Recording
    planes: tuple[PlaneFigures, ...]
    defects: tuple[DefectMap, ...]
    converters: ConverterFigures | None
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def main(self) -> int:
        """Which plane's figures stand for the camera: mono or the first green."""
        planes = tuple(each.plane for each in self.recording.planes)
        return planes.index(representative(planes))

    @property
    def compensated(self) -> bool:
        """Whether the camera takes its mean dark signal off."""
        return self.planes[self.main].figure("dark_current_e_per_s").note == COMPENSATED

    def as_json(self) -> dict[str, Any]:
        """Everything but the maps, with `measured` for the camera as a whole and for each plane."""
        recording = self.recording
        identity, plan, geometry = recording.camera, recording.plan, recording.camera.geometry
        return {
            "format": FORMAT,
            "version": VERSION,
            "created": self.created,
            "camera": {
                "device": identity.device,
                "height": geometry.height,
                "width": geometry.width,
                "bits": geometry.bits,
                "cfa": geometry.cfa,
                "analog_gain": identity.analog_gain,
                "black_level_dn": identity.black_level_dn,
            },
            "conditions": {
                "standard": "EMVA 1288 Release 4.0 Linear",
                "exposure_s": recording.exposure_s,
                "temperature_k": recording.temperature_k,
                "steps": plan.steps + plan.fine_steps,
                "stack_frames": plan.stack_frames,
                "dark_exposures_s": [float(time) for time in recording.planes[0].dark_series[0].exposure_s],
                "dark_temperatures_k": [series.temperature_k for series in recording.planes[0].dark_series],
            },
            "plane": self.planes[self.main].name,
            "measured": _measured(self.planes[self.main]),
            "planes": {
                figures.name: {
                    "measured": _measured(figures),
                    "limited_by": own.plateau.limited_by,
                    "defects": defects.counts(),
                    "curves": _curves(own, figures),
                }
                for figures, own, defects in zip(self.planes, recording.planes, self.defects, strict=True)
            },
            "converters": None if self.converters is None else self.converters.as_json(),
            "definitions": list(DIFFERENCES),
        }


def characterise(camera: CameraUnderTest, plan: CapturePlan, took: Report = lambda frames: None) -> Characterisation:
    """Take a plan's frames of a camera and read all figures from them.

    `took` is told of the frames. Raises BenchError where the camera cannot be measured, ValueError where what it gives makes
    no figures, and what the camera raises.
    """
    if isinstance(camera, VoltageInput):
        refuse_short_reach(camera, took)  # now, and not after everything else was measured
    recording = record(camera, plan, took)
    defects = tuple(find_defects(each.dark, each.half) for each in recording.planes)
    figures = tuple(plane_figures(each, bad.every) for each, bad in zip(recording.planes, defects, strict=True))
    converters = measure_converters(camera, plan.hits_per_code, took) if isinstance(camera, VoltageInput) else None
    return Characterisation(recording, figures, defects, converters)


def _measured(figures: PlaneFigures) -> dict[str, Any]:
    return {name: _entry(name, figure) for name, figure in figures.measured.items()}


def _entry(name: str, figure: Measured | Missing) -> dict[str, Any]:
    if isinstance(figure, Measured):
        return figure.as_json()
    return {"value": None, "unit": MAY_BE_MISSING[name], "interval": None, "note": figure}


def _curves(own: PlaneRecording, figures: PlaneFigures) -> dict[str, list[float]]:
    points, dark = own.points, own.dark_series[0]

    def listed(values: NDArray[np.float64]) -> list[float]:
        return [float(value) for value in values]

    return {
        "photons": listed(points.photons),
        "signal_dn": listed(points.signal_dn),
        "temporal_variance_dn2": listed(points.variance_dn2),
        "linearity_deviation_percent": listed(figures.linearity.deviation_percent),
        "dark_exposure_s": listed(dark.exposure_s),
        "dark_mean_dn": listed(dark.mean_dn),
        "dark_variance_dn2": listed(dark.variance_dn2),
    }
