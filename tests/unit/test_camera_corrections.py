"""Corrections for the camera that is looked through: its own, undamaged, and never quietly another's."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adc import Geometry
from calibration.bench import CameraIdentity
from calibration.correction_file import CorrectionsError, load_corrections
from inference.stream import CorrectionsRefused
from keycam.camera_corrections import UNCORRECTED, corrections_for
from tests.calibrated_camera import GAIN, corrections_file
from tests.recorded_frames import GEOMETRY, header

CAMERA = CameraIdentity("door", GEOMETRY, 1.0, 64.0)


def test_those_of_the_camera_itself_are_the_maps_of_its_frames(tmp_path: Path) -> None:
    maps = corrections_for(CAMERA, corrections_file(CAMERA, tmp_path)).of_frame(header(0))
    assert maps is not None
    assert maps.gain is not None
    assert (maps.gain == GAIN).all()
    assert UNCORRECTED.of_frame(header(0)) is UNCORRECTED.of_trial(header(0)) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("device", "gate"), ("geometry", Geometry(6, 12, 12, "rggb")), ("analog_gain", 2.0), ("black_level_dn", 65.0)],
)
def test_those_of_another_camera_are_refused_before_its_first_frame(tmp_path: Path, field: str, value: object) -> None:
    file = corrections_file(CAMERA, tmp_path)
    with pytest.raises(CorrectionsError) as refused:
        corrections_for(replace(CAMERA, **{field: value}), file)
    said = f"corrections = {file}: they are not for a camera with {field} = {value}: allowed is the calibrated one, "
    assert str(refused.value) == said + str(getattr(CAMERA, field))


@pytest.mark.parametrize("damaged", ["corrections.toml", "corrections.safetensors"])
def test_a_damaged_file_is_refused(tmp_path: Path, damaged: str) -> None:
    file = corrections_file(CAMERA, tmp_path)
    (tmp_path / damaged).write_bytes((tmp_path / damaged).read_bytes()[:-9])
    with pytest.raises(CorrectionsError, match=r"corrections = .*; allowed "):
        corrections_for(CAMERA, file)


def test_a_frame_at_another_gain_is_refused_and_a_trial_of_another_camera_is_not(tmp_path: Path) -> None:
    corrections = corrections_for(CAMERA, corrections_file(CAMERA, tmp_path))
    louder = replace(header(0), analog_gain=2.0)
    with pytest.raises(CorrectionsRefused, match=r"analog_gain = 2.0: allowed is the calibrated one, 1.0"):
        corrections.of_frame(louder)
    assert corrections.of_trial(replace(louder, device="trial")) is not None


@pytest.fixture
def _threads_change_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_threads_change_often")
def test_threads_may_ask_for_frames_of_many_temperatures_at_once(tmp_path: Path) -> None:
    profile, trouble = load_corrections(corrections_file(CAMERA, tmp_path)), []

    def ask(first: int) -> None:
        try:
            for number in range(300):
                profile.at(0.01, 300.0 + (first + number) % 7)
        except KeyError as error:
            trouble.append(error)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble
