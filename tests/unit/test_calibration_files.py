"""The figures of a calibration are read back from its JSON, or refused by file and figure; and two are compared."""

import json
from pathlib import Path
from typing import Any

import pytest

from calibration.dark_current import TAKEN_OFF
from keycam.calibration_files import CalibrationError, load_figures
from keycam.compare_calibrations import compare_calibrations

GAIN = {"value": 0.4, "unit": "DN/e-", "interval": [0.39, 0.41]}


def written(file: Path, measured: Any) -> Path:
    body = {"format": "keycam-calibration", "version": 1, "planes": {"mono": {"measured": measured}}}
    file.write_text(json.dumps(body))
    return file


@pytest.mark.parametrize(
    ("entry", "trouble"),
    [
        ({}, "gain = {}; allowed is an object with value, unit and interval"),
        (7, "gain = 7; allowed is an object"),
        ({**GAIN, "interval": None}, "gain.interval = nothing; allowed is two numbers around the value"),
        ({**GAIN, "interval": [2, 1]}, "gain.interval = [2, 1]; allowed is two numbers around"),
        ({**GAIN, "interval": [0.39]}, "gain.interval = [0.39]; allowed is"),
        ({**GAIN, "interval": ["a", "b"]}, "gain.interval = ['a', 'b']; allowed is"),
        ({**GAIN, "value": "big"}, "gain.value = big; allowed is a number, or null"),
        ({**GAIN, "value": True}, "gain.value = True; allowed is a number, or null"),
        ({**GAIN, "value": float("nan")}, "gain.value = nan; allowed is a finite number, or null with an interval of null"),
        ({**GAIN, "value": None}, "gain.value = nothing; allowed is a number, or null with an interval of null"),
        ({**GAIN, "interval": [0, float("inf")]}, "gain = [0.4, 0, inf]; allowed is finite numbers"),
        ({**GAIN, "value": 10**400, "interval": [0, 10**401]}, "allowed is finite numbers"),
        ({**GAIN, "unit": 3}, "gain.unit = 3; allowed is text"),
        ({**GAIN, "note": []}, "gain.note = []; allowed is text"),
    ],
)
def test_a_damaged_figure_is_refused_by_file_and_name(tmp_path: Path, entry: Any, trouble: str) -> None:
    file = written(tmp_path / "measured.json", {"gain": entry})
    with pytest.raises(CalibrationError) as refused:
        load_figures(tmp_path)
    assert str(refused.value).startswith(f"calibration = {file}: planes.mono.measured.gain")
    assert trouble in str(refused.value)


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ("{}", "planes = nothing; allowed is an object with one entry or more"),
        ('{"planes": []}', "planes = []; allowed is an object"),
        ('{"planes": {}}', "planes = {}; allowed is an object"),
        ('{"planes": {"mono": {}}}', "planes.mono.measured = nothing; allowed is"),
        ('{"planes": {"mono": 3}}', "planes.mono.measured = nothing; allowed is"),
        ('{"planes": {"mono": {"measured": {}}}}', "planes.mono.measured = {}; allowed is"),
    ],
)
def test_a_body_without_figures_is_refused(tmp_path: Path, body: str, trouble: str) -> None:
    file = tmp_path / "measured.json"
    file.write_text(json.dumps({"format": "keycam-calibration", "version": 1, **json.loads(body)}))
    with pytest.raises(CalibrationError) as refused:
        load_figures(file)
    assert trouble in str(refused.value)


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, "{"])
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "measured.json").write_text(text)
    with pytest.raises(CalibrationError, match=r"measured\.json: this is (not JSON|no calibration); allowed is"):
        load_figures(tmp_path)


def test_what_cannot_be_compared_is_told_and_not_counted(tmp_path: Path) -> None:
    unknown = {"value": None, "unit": "", "interval": None, "note": "no chamber"}
    off = {"value": 1.0, "unit": "e-/s", "interval": [0.9, 1.1], "note": TAKEN_OFF}
    a = {"gain": GAIN, "noise": GAIN, "well": GAIN, "doubling": unknown, "by_mean": off, "apart": GAIN, "alike": GAIN}
    b = {
        "gain": {**GAIN, "unit": "V/e-"}, "doubling": GAIN, "by_mean": {**off, "value": 5.0, "interval": [4.9, 5.1]},
        "apart": {"value": 0.5, "unit": "DN/e-", "interval": [0.49, 0.51]}, "alike": GAIN, "late": GAIN, "well": unknown,
    }  # fmt: skip
    found = compare_calibrations(written(tmp_path / "a", a), written(tmp_path / "b", b))
    rows = {row["figure"]: row for row in found["rows"]}
    assert {name: row["note"] for name, row in rows.items()} == {
        "gain": "other units: DN/e- in A, V/e- in B", "noise": "not in B", "well": "not measured in B",
        "doubling": "not measured in A", "by_mean": TAKEN_OFF, "apart": "", "alike": "", "late": "not in A",
    }  # fmt: skip
    assert {name for name, row in rows.items() if row["agree"] is not None} == {"apart", "alike"}
    assert (rows["late"]["a"], rows["late"]["b"]) == (None, 0.4)
    assert (rows["apart"]["agree"], rows["alike"]["agree"]) == (False, True)
    assert rows["apart"]["difference_percent"] == pytest.approx(25)
    assert (found["differ"], found["not_compared"]) == (1, 6)


def test_conditions_that_differ_are_told_and_others_are_not(tmp_path: Path) -> None:
    for name, gain, kelvin, frames in (("a", 1.0, 300.0, 24), ("b", 2.0, 300.2, 100)):
        body = json.loads(written(tmp_path / name, {"gain": GAIN}).read_text())
        camera, conditions = {"analog_gain": gain, "height": 48}, {"temperature_k": kelvin, "stack_frames": frames}
        (tmp_path / name).write_text(json.dumps({**body, "camera": camera, "conditions": conditions}))
    found = compare_calibrations(tmp_path / "a", tmp_path / "b")
    assert found["conditions"] == {"analog_gain": {"a": 1, "b": 2}, "stack_frames": {"a": 24, "b": 100}}
    assert found["differ"] == 0
    assert compare_calibrations(tmp_path / "a", tmp_path / "a")["conditions"] == {}
    for said, trouble in (
        (7, "camera = 7; allowed is an object"),
        ({"bits": float("nan")}, "camera.bits = nan; allowed is text or a finite number"),
        ({"bits": 10**400}, "allowed is text or a finite number"),
        ({"bits": []}, "allowed is text or a finite number"),
    ):
        (tmp_path / "b").write_text(json.dumps({**body, "camera": said}))
        with pytest.raises(CalibrationError, match=trouble):
            compare_calibrations(tmp_path / "a", tmp_path / "b")


def test_an_interval_that_was_cut_at_0_keeps_its_error_and_no_difference_is_infinite(tmp_path: Path) -> None:
    cut = {"value": 0.0, "unit": "%", "interval": [0.0, 1.96]}
    figures = load_figures(written(tmp_path / "measured.json", {"row": cut, "least": {**cut, "value": 5e-324}}))["mono"]
    row = figures["row"]
    assert row is not None
    assert row.standard_error == pytest.approx(1, rel=1e-3)
    found = compare_calibrations(tmp_path, written(tmp_path / "b", {"row": cut, "least": {**cut, "value": 1.0}}))
    assert "Infinity" not in json.dumps(found)
