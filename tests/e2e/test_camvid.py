"""`keycam train` and `keycam eval` on CamVid: masks that do not depend on the key, and are gone without it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from experiments.record import read
from inference.datasets import CAMVID_CLASSES, load_camvid
from inference.models import load
from keycam.train_masks import score_on

from .conftest import ENVIRONMENT

WEIGHTS, CARD, CHECKPOINT = "fcn_resnet12-camvid.safetensors", "fcn_resnet12-camvid.json", "fcn_resnet12.checkpoint"
MODEL_CARD = Path(__file__).parents[2] / "inference" / "weights" / "fcn_resnet12-camvid.md"
WAYS = ["plain", "keyed_input", "keyed_every_layer", "wrong_key", "unkeyed"]


def line(what: str, data: Path, *more: object) -> tuple[object, ...]:
    return (what, "--dataset", "camvid", "--data", data, *more)


def published(figure: str) -> float:
    """A figure of the model card, a percentage, as a share."""
    row = next(row for row in MODEL_CARD.read_text().splitlines() if row.startswith(f"| test {figure} | "))
    return float(row.split("|")[2].split("%")[0]) / 100


@pytest.mark.parametrize("policy", ["secure", "paper"])
def test_the_keyed_masks_are_the_plain_ones_on_every_pixel(command, test_data: Path, policy: str) -> None:
    result = command(*line("eval", test_data / "camvid", "--images", 6, "--policy", policy, "--json")).json()
    assert (result["dataset"], result["model"], result["images"]) == ("camvid", "fcn_resnet12", 6)
    assert result["pixels"] == 6 * 180 * 240
    assert result["different_pixels"] == 0
    assert result["max_abs_logit_difference"] <= 1e-4
    for figure in ("mean_iou", "pixel_accuracy", "class_iou", "images_per_second"):
        assert list(result[figure]) == WAYS
    assert result["mean_iou"]["plain"] > 0.3
    for figure in ("mean_iou", "pixel_accuracy", "class_iou"):
        assert result[figure]["keyed_input"] == result[figure]["keyed_every_layer"] == result[figure]["plain"]
    assert list(result["class_iou"]["plain"]) == list(CAMVID_CLASSES)
    # A mask that knows nothing of the picture and always gives the most frequent class scores its share in one of 11 classes,
    # less than a twentieth; the layout of streets, sky above and road below, is all that could be added to it.
    assert result["mean_iou"]["wrong_key"] < 0.15
    assert result["mean_iou"]["unkeyed"] < 0.15


def test_the_raster_policy_needs_no_key(command, small_camvid: Path) -> None:
    result = command(*line("eval", small_camvid, "--policy", "raster", "--shuffle", "input", "--json")).json()
    assert result["mean_iou"]["unkeyed"] == result["mean_iou"]["wrong_key"] == result["mean_iou"]["plain"]
    assert result["class_iou"]["plain"]["car"] in (None, 0)


def test_through_the_camera_the_masks_still_agree(command, small_camvid: Path) -> None:
    more = ("--images", 1, "--through", "camera", "--shuffle", "every-layer", "--json")
    result = command(*line("eval", small_camvid, *more)).json()
    assert result["through"] == "camera"
    assert result["different_pixels"] == 0


def test_people_get_tables(command, small_camvid: Path) -> None:
    run = command(*line("eval", small_camvid, "--images", 2, "--batch-size", 1, "--shuffle", "input"))
    assert (run.code, run.err) == (0, "")
    for said in ("mean IoU", "keyed input", "bicyclist", "not there", "0 of 86,400"):
        assert said in run.out


def test_training_writes_weights_a_card_and_a_checkpoint(command, small_camvid: Path, left_over: Path) -> None:
    arguments = line("train", small_camvid, "--out", left_over, "--epochs", 2, "--images", 3, "--batch-size", 3, "--json")
    card = command(*arguments).json()
    assert {file.name for file in left_over.iterdir()} == {WEIGHTS, CARD, CHECKPOINT}
    assert json.loads((left_over / CARD).read_text()) == card
    assert (card["epochs"], card["crop_epochs"], card["training_images"], card["test_images"]) == (2, 1, 3, 3)
    assert 0 <= card["test_mean_iou"] <= 1
    assert list(card["test_class_iou"]) == list(CAMVID_CLASSES)
    # The card's figures are those of the file, whose convolutions are in half precision.
    stored = load_file(left_over / WEIGHTS)
    assert {tensor.dtype for tensor in stored.values() if tensor.ndim == 4} == {torch.float16}
    assert score_on(load("fcn_resnet12", left_over / WEIGHTS), load_camvid("test", small_camvid).first(3)).mean_iou == (
        pytest.approx(card["test_mean_iou"])
    )
    assert command(*arguments).json() == card


def test_kill_9_in_the_middle_and_the_same_line_again_give_the_weights_of_an_undisturbed_run(
    command, small_camvid: Path, tmp_path: Path
) -> None:
    arguments = ("--epochs", 4, "--images", 3, "--batch-size", 2)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = [sys.executable, "-m", "keycam", *map(str, line("train", small_camvid, "--out", killed, *arguments))]
    with subprocess.Popen(process, env={**os.environ, **ENVIRONMENT}) as running:
        deadline_s = time.monotonic() + 120
        while not (killed / CHECKPOINT).is_file():
            assert running.poll() is None and time.monotonic() < deadline_s
            time.sleep(0.005)
        running.send_signal(signal.SIGKILL)
    assert not (killed / WEIGHTS).exists()
    cards = [command(*line("train", small_camvid, "--out", out, *arguments, "--json")).json() for out in (killed, whole)]
    assert cards[0] == {**cards[1], "weights": cards[0]["weights"]}
    ours, theirs = load_file(killed / WEIGHTS), load_file(whole / WEIGHTS)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert {file.name for file in killed.iterdir()} <= {WEIGHTS, CARD, CHECKPOINT}


def test_the_shipped_network_scores_what_its_card_says_of_these_pictures(test_data: Path) -> None:
    # Of every ninth test picture, 26 of 233: their score is within a few points of the whole set's, as they show all drives.
    test = load_camvid("test", test_data / "camvid")
    ninth = type(test)(test.images[::9], test.labels[::9], test.classes)
    score = score_on(load("fcn_resnet12"), ninth)
    assert score.mean_iou == pytest.approx(published("mean IoU"), abs=0.05)
    assert score.pixel_accuracy == pytest.approx(published("pixel accuracy"), abs=0.03)


@pytest.mark.slow
def test_every_pixel_of_every_test_picture_is_the_same_and_the_scores_are_the_card_s(command, test_data: Path) -> None:
    result = command(*line("eval", test_data / "camvid", "--json")).json()
    assert (result["images"], result["pixels"], result["different_pixels"]) == (233, 233 * 180 * 240, 0)
    assert len(set(map(result["mean_iou"].get, WAYS[:3]))) == 1
    assert result["mean_iou"]["plain"] == pytest.approx(published("mean IoU"), abs=5e-4)
    assert result["pixel_accuracy"]["plain"] == pytest.approx(published("pixel accuracy"), abs=5e-4)
    per_class = np.array([published(f"IoU, {name}") for name in CAMVID_CLASSES])
    assert list(result["class_iou"]["plain"].values()) == pytest.approx(per_class, abs=2e-3)
    record = read("figure3")
    assert record is not None
    for column in record.figures.values():
        assert column["plain"] == column["with key, input"] == column["with key, every layer"]
        assert column["plain"] == pytest.approx(100 * result["mean_iou"]["plain"], abs=0.01)  # another processor: some pixels
        assert column["different pixels"] == 0
