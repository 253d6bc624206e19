"""The calibration sees only frames: of a camera in another process, with figures that were moved by up to 20 %, it finds them."""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calibration.bench import CameraIdentity, Light, RasterFrame
from calibration.capture_plan import CapturePlan
from calibration.defect_map import find_defects
from calibration.figures import plane_figures
from calibration.recording import record
from experiments.emva_truth import true_figures
from tests.camera_process import moved

SIZE = (180, 240)
ROOT = Path(__file__).parents[2]


class RemoteCamera:
    """The bench's side of `tests.camera_process`: requests go out, identity and frames come back."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.identity: CameraIdentity = self._asked("identity", None)

    def _asked(self, what: str, argument: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((what, argument), self._process.stdin)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)

    def set_exposure_s(self, exposure_s: float) -> None:
        self._asked("exposure", exposure_s)

    def set_light(self, light: Light) -> None:
        self._asked("light", light.photons_per_s)

    def set_temperature_k(self, temperature_k: float) -> None:
        self._asked("temperature", temperature_k)

    def capture(self, count: int) -> Iterator[RasterFrame]:
        for _ in range(count):
            yield self._asked("capture", 1)


@pytest.mark.parametrize(("name", "seed"), [("machine-vision", 11), ("low-light", 12)])
def test_moved_figures_are_found_from_frames_alone(name: str, seed: int) -> None:
    line = [sys.executable, "-m", "tests.camera_process", name, str(SIZE[0]), str(SIZE[1]), str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=ROOT) as process:
        recording = record(RemoteCamera(process), CapturePlan(0.01, stack_frames=16, dark_frames=3, warmer_k=(12.0, 24.0)))
        assert process.stdin is not None
        process.stdin.close()
    own = recording.planes[0]
    bad = find_defects(own.dark, own.half).every
    found = plane_figures(own, bad)
    # Only now is it looked up what the camera was.
    profile = moved(name, SIZE, seed)
    true = true_figures(profile, seed, recording, own, bad)
    for figure, value in true.items():
        measured = found.figure(figure)
        # z = 4.5 over some 20 figures, and 0.2 % for the bow of the converters; saturation: the noisiest of steps 0.4 % apart
        # on a slope of 1 % of noise for 1 % of light.
        allowed = 4.5 * measured.standard_error + 0.002 * value + (0.02 * value if figure == "saturation_capacity_e" else 0)
        assert abs(measured.value - value) <= allowed, (figure, measured, value)
    # And the moves were larger than that: who reads the shipped profile instead is caught.
    shipped = true_figures(moved(name, SIZE, seed + 1), seed, recording, own, bad)
    caught = [f for f, value in shipped.items() if abs(found.figure(f).value - value) > 5 * found.figure(f).standard_error]
    assert len(caught) >= 4
