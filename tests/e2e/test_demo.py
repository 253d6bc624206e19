"""`keycam demo`: the keyed network says what the plain one says, a wrong key does not, and the picture shows it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


@pytest.fixture(scope="module")
def demo(process, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """The demonstration as a newcomer starts it: no option but those that say where things go."""
    folder = tmp_path_factory.mktemp("demo")
    run = process("demo", "--json", folder=folder)
    assert run.err == ""
    return run.json(), folder


def test_the_keyed_network_agrees_with_the_plain_one_on_every_frame(demo) -> None:
    result, _ = demo
    assert result["frames"] >= 100
    assert result["policy"] == "secure"
    assert result["agreement"] == 1.0
    assert result["max_abs_logit_difference"] <= 1e-4


def test_the_photographs_show_several_classes(demo) -> None:
    result, _ = demo
    assert len(result["plain_classes"]) >= 4
    seen = [label for photograph in result["photographs"].values() for label in photograph["plain_classes"]]
    assert set(result["plain_classes"]) == set(seen)
    assert "cat" in result["photographs"]["chelsea"]["plain_classes"]


def test_a_wrong_key_is_refused_and_would_not_help(demo) -> None:
    result, _ = demo
    assert result["wrong_key_agreement"] <= 0.35
    assert result["frames_refused_by_wrong_key_host"] == result["frames"]


def test_time_is_told_for_each_stage(demo) -> None:
    result, _ = demo
    assert set(result["median_stage_ms"]) == {"wait", "key_and_verify", "isp", "network"}
    assert all(stage_ms > 0 for stage_ms in result["median_stage_ms"].values())
    assert result["frames_per_second"] > 0


def test_the_picture_is_the_only_file_and_shows_noise_where_the_link_is(demo) -> None:
    result, folder = demo
    picture = folder / result["picture"]
    assert [file for file in folder.rglob("*") if file.is_file()] == [picture]
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    sheet = np.asarray(Image.open(picture).convert("L"), np.float64)
    width = sheet.shape[1]
    # Insides of the panels in the middle of the first row; the sheet is drawn with 110 pixels an inch.
    scene, link = (sheet[90:230, int(left * width) : int((left + 0.12) * width)] for left in (0.06, 0.28))
    # Of 18,000 independent samples the correlation has a standard error of 0.0075: 0.05 is nearly seven of them.
    assert max(np.abs(neighbours(link))) < 0.05
    assert link.std() > 60
    assert min(neighbours(scene)) > 0.8
    assert abs(np.corrcoef(scene.ravel(), link.ravel())[0, 1]) < 0.05
    # Where exactly the panels lie depends on the fonts, so the restored one is looked for within a few pixels.
    near = (sheet[90:230, left : left + scene.shape[1]] for left in range(int(0.49 * width), int(0.52 * width)))
    assert max(np.corrcoef(scene.ravel(), restored.ravel())[0, 1] for restored in near) > 0.95


def neighbours(panel: NDArray[np.float64]) -> tuple[float, float]:
    """Correlation of each pixel with the one to its right, and with the one below it."""
    right = np.corrcoef(panel[:, :-1].ravel(), panel[:, 1:].ravel())[0, 1]
    below = np.corrcoef(panel[:-1].ravel(), panel[1:].ravel())[0, 1]
    return float(right), float(below)


def test_a_picture_of_one_s_own_is_panned_over(command, picture: Path, left_over: Path) -> None:
    run = command("demo", "--image", picture, "--frames", 3, "--out", left_over, "--seed", 4)
    assert run.code == 0
    assert run.err == ""
    assert "picture.png" in run.out
    assert "100.0%" in run.out
    assert [file.name for file in left_over.iterdir()] == ["demo-secure.png"]


def test_the_raster_policy_carries_pictures_and_the_paper_s_is_cautioned_about(command, picture: Path, left_over: Path) -> None:
    for policy in ("raster", "paper"):
        run = command("demo", "--image", picture, "--frames", 2, "--out", left_over, "--policy", policy, "--json")
        assert run.json()["agreement"] == 1.0
        assert run.err.startswith(f"keycam: policy {policy}: ")
        assert run.err.count("\n") == 1
    assert {file.name for file in left_over.iterdir()} == {"demo-raster.png", "demo-paper.png"}


def test_the_seed_fixes_what_the_plain_camera_sees(command, picture: Path, left_over: Path) -> None:
    line = ("demo", "--image", picture, "--frames", 2, "--out", left_over, "--json", "--seed")
    first, again = (command(*line, 1).json()["photographs"] for _ in range(2))
    assert first == again


def test_ctrl_c_ends_the_demonstration_and_leaves_no_picture(interrupted, left_over: Path) -> None:
    # The folder is made before the first frame; two seconds later frames are under way.
    run, ended_s = interrupted("demo", "--frames", 100_000, "--out", left_over, ready=left_over.is_dir, and_s=3.0)
    assert run.code == 130
    assert run.err == "keycam: interrupted; nothing was left half-written\n"
    assert run.out == ""
    assert ended_s < 10
    assert list(left_over.iterdir()) == []
