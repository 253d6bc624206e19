"""`--corrections FILE` of `keycam demo`, `live` and `replay`: used where it is of that camera, else one sentence at once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adc import SECURE
from calibration.bench import CameraIdentity
from firmware_model import geometry_of
from inference.recording import RecordingWriter
from keycam.camera_process import camera_process
from keycam.demo_camera import make_camera
from keycam.demo_scenes import DemoScenes
from keycam.key import new_key
from keycam.keyfile import write_plain
from sensor_sim import DEMO_PROFILE
from tests.calibrated_camera import corrections_file

from .conftest import Command

CAMERA = CameraIdentity("door", geometry_of(DEMO_PROFILE), DEMO_PROFILE.readout.analog_gain, DEMO_PROFILE.readout.black_level_dn)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[dict[str, Path]]:
    """A key, and corrections of its camera, of another one, and damaged ones."""
    write_plain(new_key("door", ["host"]), tmp_path / "door.key")
    own = corrections_file(CAMERA, tmp_path, "own")
    other = corrections_file(replace(CAMERA, device="gate"), tmp_path, "other")
    damaged = tmp_path / "damaged.toml"
    damaged.write_bytes(own.read_bytes().replace(b"temperature_k = 300.0", b"temperature_k = 301.0"))
    yield {"key": tmp_path / "door.key", "own": own, "other": other, "damaged": damaged}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (("demo", "--out", "x"), "corrections = c.toml: allowed is with --link, for the camera"),
        (("demo", "--out", "x", "--link", "pty"), "corrections = c.toml: its camera is made for this run"),
        (("live", "demo", "--headless"), "corrections = c.toml: allowed is with the source camera:LINK"),
    ],
)
def test_a_camera_that_the_command_makes_up_has_none(command: Command, line: tuple[str, ...], sentence: str) -> None:
    run = command(*line, "--corrections", "c.toml")
    assert (run.code, run.out) == (2, "")
    assert sentence in run.err
    assert run.err.count("\n") == 1


def refused_by_all(command: Command, line: tuple[object, ...], files: dict[str, Path]) -> None:
    for name, sentence in (
        ("other", "they are not for a camera with device = door: allowed is the calibrated one, gate\n"),
        ("damaged", "sha256 = "),
        ("gone", "it cannot be opened (No such file or directory); allowed is a readable file\n"),
    ):
        run = command(*line, "--corrections", files.get(name, Path("gone")))
        assert (run.code, run.out) == (3, ""), run
        assert "keycam: corrections = " in run.err
        assert sentence in run.err
        assert run.err.count("\n") == 1


def test_a_camera_on_a_wire_is_looked_through_with_its_own(command: Command, files: dict[str, Path], tmp_path: Path) -> None:
    with camera_process("pty", files["key"], seed=3) as where:
        there = ("--key", files["key"], "--json")
        demo = ("demo", "--link", where["link"], *there, "--frames", 2)
        refused_by_all(command, (*demo, "--out", tmp_path / "no"), files)
        refused_by_all(command, ("live", f"camera:{where['link']}", *there, "--headless", "--frames", 1), files)
        bright = {}
        for name, options in (("before", ()), ("after", ("--corrections", files["own"]))):
            result = command(*demo, "--out", tmp_path / name, *options).json()
            assert (result["frames"], result["refused"], result["max_abs_logit_difference"]) == (2, {}, 0.0)
            with Image.open(result["picture"]) as sheet:
                bright[name] = float(np.asarray(sheet.convert("L")).mean())
        live = command("live", f"camera:{where['link']}", *there, "--headless", "--frames", 2, "--corrections", files["own"])
        assert (live.json()["frames"], live.json()["refused"]) == (2, {})
    # Half of the light in the two columns that show the restored picture.
    assert bright["after"] < bright["before"] - 3


def test_a_recording_is_replayed_with_those_of_its_camera(command: Command, files: dict[str, Path], tmp_path: Path) -> None:
    with new_key("door", ["host"]) as key, key.schedule(SECURE, "host") as schedule, make_camera(schedule, 3) as camera:
        write_plain(key, tmp_path / "recorded.key")
        with RecordingWriter(tmp_path / "door.keycam") as writer:
            for shot, gain in zip(DemoScenes(None, None, 3, 3), (1.0, 2.0, 1.0), strict=True):
                camera.analog_gain = gain * CAMERA.analog_gain
                writer.write(camera.capture(shot.scene))
    line = ("replay", tmp_path / "door.keycam", "--key", tmp_path / "recorded.key", "--no-video")
    refused_by_all(command, (*line, "--out", tmp_path / "no"), files)
    assert not (tmp_path / "no").exists()
    rows = {}
    for name, code, options in (("before", 0, ()), ("after", 1, ("--corrections", files["own"], "--reveal"))):
        assert command(*line, "--out", tmp_path / name, *options).code == code
        summary = json.loads((tmp_path / name / "summary.json").read_text())
        assert summary["refused"] == ({"corrections": 1} if options else {})
        written = (tmp_path / name / "door.keycam" / "rows.jsonl").read_text().splitlines()
        rows[name] = {row["counter"]: row for row in map(json.loads, written)}
    assert (list(rows["before"]), list(rows["after"])) == ([0, 1, 2], [0, 2])
    for counter, row in rows["after"].items():
        assert row["probability"] != rows["before"][counter]["probability"]
