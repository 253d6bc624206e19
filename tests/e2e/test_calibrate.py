"""`keycam calibrate`: its files, its refusals, and two calibrations side by side."""

import json
from pathlib import Path

import pytest

from calibration.correction_file import load_corrections
from calibration.figures import MEASURED_KEYS
from sensor_sim import load_profile

SMALL = ("--quick", "--size", "192x40", "--longest-dark-s", 20)
"""A profile of 192 rows needs some 420 frames for the voltages, and no figure below asks for more photosites."""


@pytest.fixture(scope="module")
def calibrated(process, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("calibrated") / "out"
    return folder, process("calibrate", "--target", "sim", "--out", folder, *SMALL, "--json").json()


def test_a_camera_is_measured_and_every_file_is_what_it_says(calibrated) -> None:
    folder, result = calibrated
    assert {Path(file).name for file in result["files"]} == {file.name for file in folder.iterdir()}
    assert {file.name for file in folder.iterdir()} == {
        "report.html", "measured.json", "sheet.toml", "corrections.toml", "corrections.safetensors",
    }  # fmt: skip
    written = json.loads((folder / "measured.json").read_text())
    assert written["measured"] == result["measured"]
    assert set(MEASURED_KEYS) <= set(written["measured"])
    profile, sheet = load_profile("machine-vision"), load_profile(folder / "sheet.toml")
    gain = profile.conversion_gain_v_per_e / profile.readout.lsb_v
    assert written["measured"]["system_gain_dn_per_e"]["value"] == pytest.approx(gain, rel=0.02)
    assert sheet.conversion_gain_v_per_e / sheet.readout.lsb_v == pytest.approx(gain, rel=0.02)
    assert load_corrections(folder / "corrections.toml").camera.geometry.width == 40
    order = written["readout_order"]
    # On the rows of the raster row noise shows under column-parallel readout and, with a keyed order, not under random access.
    assert order["column_parallel, keyed order"]["on_rows"] > order["random_access, keyed order"]["on_rows"] + 0.2
    assert order["random_access, keyed order"]["in_time"] > order["column_parallel, keyed order"]["in_time"] + 0.2


def test_the_report_stands_alone_and_shows_every_figure(calibrated) -> None:
    html = (calibrated[0] / "report.html").read_text()
    assert html.count("data:image/png;base64,") == 13
    assert "http" not in html.replace("http-equiv", "")
    for name in MEASURED_KEYS:
        assert f"<td>{name}</td>" in html


def test_a_calibration_agrees_with_itself_and_not_with_another_camera(calibrated, command, tmp_path: Path) -> None:
    folder, _ = calibrated
    same = command("calibrate", "compare", folder, folder / "measured.json", "--json").json()
    assert same["differ"] == 0
    assert all(row["difference_percent"] in (0, None) for row in same["rows"])
    other = json.loads((folder / "measured.json").read_text())
    entry = other["planes"]["mono"]["measured"]["system_gain_dn_per_e"]
    entry["value"] *= 1.1
    entry["interval"] = [1.1 * end for end in entry["interval"]]
    (tmp_path / "measured.json").write_text(json.dumps(other))
    rows = command("calibrate", "compare", folder, tmp_path, "--json").json()
    assert rows["differ"] == 1
    assert [row["figure"] for row in rows["rows"] if row["agree"] is False] == ["system_gain_dn_per_e"]
    shown = command("calibrate", "compare", folder, tmp_path)
    assert "+10.00" in shown.out


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (("--target", "sim"), 2, "out = nothing"),
        (("--out", "x", "--analog-gain", "0"), 2, "analog_gain = 0"),
        (("--out", "x", "--size", "18x640"), 2, "size = 18x640: allowed is 19"),
        (("--out", "x", "--size", "big"), 2, "size = 'big'"),
        (("--out", "x", "--exposure-s", "0"), 2, "exposure_s = 0.0: allowed is above 0"),
        (("--out", "x", "--longest-dark-s", "nan"), 2, "longest_dark_s = nan: allowed is"),
        (("--out", "x", "--profile", "nonsense"), 3, "nonsense"),
        (("compare", "missing", "missing"), 3, "missing: it cannot be opened"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run = command("calibrate", *line)
    assert (run.code, run.out) == (code, "")
    assert said in run.err
    assert run.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_calibration_is_refused(calibrated, command, tmp_path: Path) -> None:
    folder, _ = calibrated
    written = json.loads((folder / "measured.json").read_text())
    bayer = {**written, "planes": {"red": written["planes"]["mono"]}}
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"format": "other"}'), ("d", json.dumps(bayer))):
        (tmp_path / name).write_text(text)
        run = command("calibrate", "compare", folder, tmp_path / name)
        assert run.code == 3
        assert f"calibration = {tmp_path / name}: " in run.err
        assert "allowed is" in run.err


def test_ctrl_c_leaves_nothing_half_written(interrupted, left_over: Path) -> None:
    line = ("calibrate", "--target", "sim", "--out", left_over, *SMALL)
    run, _ = interrupted(*line, ready=left_over.exists, and_s=0.5)
    assert (run.code, run.out) == (130, "")
    assert "Traceback" not in run.err
    assert not left_over.exists()
