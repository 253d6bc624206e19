"""`keycam calibrate`: measure a camera, write its report, its figures, its sheet and its corrections."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adc import Geometry
from calibration.capture_plan import CapturePlan
from calibration.characterisation import Characterisation, characterise
from calibration.correction_file import correction_files
from calibration.correction_profile import correction_profile
from calibration.report import Section, write_report
from calibration.sheet import write_sheet
from keycam.atomic_file import folder_of_results, whole_file
from keycam.calibration_files import CORRECTIONS, FIGURES, REPORT, SHEET
from keycam.calibration_targets import OnBench, Target
from keycam.progress import counting
from keycam.readout_order_effects import as_json, measure_line_noise, readout_order_section
from sensor_sim import SensorProfile

SEARCH_FRAMES = 60
"""About how many frames look for the light that saturates and for the longest dark exposures."""


@dataclass(frozen=True)
class CalibrationPlan:
    """What `keycam calibrate` is asked to do.

    Attributes
    ----------
    target
        which camera.
    out
        folder for the report, the figures, the sheet and the corrections.
    exposure_s
        of everything that is lit; None for the one that the camera has of itself.
    longest_dark_s
        longest exposure in the dark.
    quick
        short stacks.
    seed
        of the simulated cameras that show what a readout order does to noise.
    """

    target: Target
    out: Path
    exposure_s: float | None = None
    longest_dark_s: float = 120.0
    quick: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.exposure_s is not None and not 0 < self.exposure_s < math.inf:
            raise ValueError(f"exposure_s = {self.exposure_s}: allowed is above 0 and finite")

    def capture_plan(self, exposure_s: float) -> CapturePlan:
        """Which frames are taken at the exposure that the camera makes of the wish. Raises ValueError."""
        if self.quick:
            return CapturePlan.quick(exposure_s, self.longest_dark_s)
        return CapturePlan(exposure_s, longest_dark_s=self.longest_dark_s)


def run_calibration(plan: CalibrationPlan) -> dict[str, Any]:
    """Measure, write all files into the folder, and give the figures with the files' names under "files".

    Raises what the target is refused with, and ValueError for exposures that make no plan.
    """
    with plan.target.on_bench() as on_bench:
        capture = plan.capture_plan(plan.exposure_s or on_bench.exposure_s)
        with folder_of_results(plan.out, "out"):
            with counting("calibrating", expected_frames(capture, on_bench.camera.identity.geometry)) as took:
                found = characterise(on_bench.camera, capture, took)
            return _written(plan, found, on_bench)


def _written(plan: CalibrationPlan, found: Characterisation, on_bench: OnBench) -> dict[str, Any]:
    profile = on_bench.profile
    lines = measure_line_noise(profile, plan.seed) if profile is not None and _shares_noise(profile) else None
    name = f"{on_bench.model}, measured"
    written = found.as_json()
    if lines is not None:
        written["readout_order"] = as_json(lines)
    sections = [] if lines is None else [readout_order_section(lines)]
    files = _files(found, written, name, sections)
    for file, content in files.items():
        with whole_file(plan.out / file, "out") as unfinished:
            unfinished.write_bytes(content)
    return {**written, "files": [str(plan.out / file) for file in files]}


def expected_frames(plan: CapturePlan, geometry: Geometry) -> int:
    """About how many frames a plan takes, for the time that is left."""
    dark = plan.dark_frames_at_each_temperature + len(plan.warmer_k) * plan.dark_steps * plan.dark_frames
    ramp = math.ceil(2**geometry.bits * plan.hits_per_code / geometry.height)
    return plan.lit_frames + dark + SEARCH_FRAMES + math.ceil(ramp * (1 + math.pi / 2))


def _shares_noise(profile: SensorProfile) -> bool:
    return profile.cfa != "rgb" and profile.readout.row_noise_v > 0


def _files(found: Characterisation, written: dict[str, Any], name: str, sections: list[Section]) -> dict[str, bytes]:
    makers: dict[str, Callable[[], str]] = {
        REPORT: lambda: write_report(found, name, sections),
        FIGURES: lambda: json.dumps(written, indent=2) + "\n",
        SHEET: lambda: write_sheet(found, name),
    }
    files = {file: make().encode() for file, make in makers.items()}
    return {**correction_files(correction_profile(found), Path(CORRECTIONS).stem), **files}
