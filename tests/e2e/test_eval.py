"""`keycam eval`: accuracy that does not depend on the key, and is gone without it."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models

from inference.datasets import VOC_CLASSES, load_cifar10, load_voc
from inference.models import load
from keycam.train_classes import accuracy_on
from tests.voc_folder import write_voc

from .conftest import write_sheet


@pytest.mark.parametrize("policy", ["secure", "paper"])
def test_the_keyed_network_classifies_as_the_plain_one_does(command, test_data: Path, policy: str) -> None:
    result = command("eval", "--data", test_data / "cifar10", "--images", 500, "--policy", policy, "--json").json()
    accuracy = result["accuracy"]
    assert result["images"] == 500
    assert result["policy"] == policy
    assert accuracy["plain"] > 0.85
    assert accuracy["keyed_input"] == accuracy["keyed_every_layer"] == accuracy["plain"]
    assert result["different_predictions"] == 0
    assert result["max_abs_logit_difference"] <= 1e-4
    # Guessing is right in 10 % of cases, with a standard error of 1.3 % for 500 pictures; the four sigma above that are
    # doubled, as a network that always gives one answer is as right as that class is frequent.
    assert accuracy["wrong_key"] < 0.2
    assert accuracy["unkeyed"] < 0.2


def test_the_shipped_resnet20_is_right_on_more_than_91_5_percent_of_all_test_pictures(test_data: Path) -> None:
    test = load_cifar10("test", test_data / "cifar10")
    assert len(test) == 10_000
    assert accuracy_on(load("resnet20"), test) >= 0.915


def test_the_raster_policy_needs_no_key(command, small_data: Path) -> None:
    accuracy = command("eval", "--data", small_data, "--images", 40, "--policy", "raster", "--json").json()["accuracy"]
    assert accuracy["unkeyed"] == accuracy["wrong_key"] == accuracy["plain"]


def test_through_the_camera_the_keyed_network_still_agrees(command, small_data: Path) -> None:
    result = command("eval", "--data", small_data, "--images", 12, "--through", "camera", "--shuffle", "input", "--json").json()
    assert set(result["accuracy"]) == {"plain", "keyed_input", "wrong_key", "unkeyed"}
    assert result["through"] == "camera"
    assert result["different_predictions"] == 0
    assert result["max_abs_logit_difference"] <= 1e-4


def test_the_size_of_a_batch_does_not_change_the_answers(command, small_data: Path) -> None:
    line = ("eval", "--data", small_data, "--images", 25, "--shuffle", "every-layer", "--json", "--batch-size")
    whole, pieces = (command(*line, size).json()["accuracy"]["keyed_every_layer"] for size in (25, 10))
    assert whole == pieces


def test_people_get_a_table(command, small_data: Path) -> None:
    run = command("eval", "--data", small_data, "--images", 4)
    assert run.code == 0
    assert run.err == ""
    assert "keyed every layer" in run.out
    assert "predictions that differ from plain" in run.out


def test_ctrl_c_ends_the_evaluation(process, interrupted, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    write_sheet(tmp_path, "test", 2000, 1)
    line = ("eval", "--data", tmp_path, "--batch-size", 1)
    process(*line, "--images", 2)  # whatever is compiled once is compiled now, and not when the interrupt comes
    # Importing takes some three seconds and the evaluation, picture by picture, a minute.
    run, ended_s = interrupted(*line, ready=lambda: True, and_s=6.0)
    assert run.code == 130
    assert run.err == "keycam: interrupted; nothing was left half-written\n"
    assert run.out == ""
    assert ended_s < 10


def test_through_a_camera_the_answers_agree_and_fall_with_the_light(command, small_data: Path, tmp_path: Path) -> None:
    result = command(
        "eval", "--data", small_data, "--images", 40, "--through", "camera", "--profile", "mobile", "--out", tmp_path, "--json"
    ).json()
    assert result["different_predictions"] == 0
    assert 10 < result["psnr_to_scene_db"] < 60
    exposures = [point["exposure_s"] for point in result["exposures"]]
    assert exposures == sorted(exposures, reverse=True)
    assert all(point["plain"] == point["keyed_input"] == point["keyed_every_layer"] for point in result["exposures"])
    assert Path(result["figure"]).stat().st_size > 10_000


def test_a_profile_without_a_camera_is_refused(command, small_data: Path) -> None:
    refused = command("eval", "--data", small_data, "--profile", "mobile")
    assert refused.code == 2
    assert "through = 'adc': allowed is 'camera'" in refused.err


def test_torchvisions_networks_segment_pascal_voc_plain_and_keyed(command, tmp_path: Path) -> None:
    name, data = "lraspp_mobilenet_v3_large", write_voc(tmp_path / "voc")
    torch.manual_seed(0)
    network = models.get_model(name, weights=None, weights_backbone=None).eval()
    pictures = torch.from_numpy(load_voc("val", data).images).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        # Fresh weights would see one class everywhere: let the few that are there take turns.
        mean = network(pictures)["out"].mean((0, 2, 3))
        network.classifier.low_classifier.bias.sub_(mean + 1e3)
        network.classifier.low_classifier.bias[[1, 2, 20]] += 1e3
    weights = tmp_path / "weights.safetensors"
    save_file(network.state_dict(), weights)
    line = ("eval", "--dataset", "voc", "--data", data, "--model", name, "--weights", weights)
    result = command(*line, "--images", 2, "--json").json()
    assert (result["dataset"], result["model"], result["images"]) == ("voc", name, 2)
    assert result["pixels"] == 2 * 240 * 320
    assert list(result["class_iou"]["plain"]) == list(VOC_CLASSES)
    assert result["max_abs_logit_difference"] <= 1e-4
    found = result["pixel_accuracy"]
    assert found["keyed_input"] == pytest.approx(found["plain"], abs=1e-3)
    assert found["keyed_every_layer"] == pytest.approx(found["plain"], abs=1e-3)
    assert abs(found["unkeyed"] - found["plain"]) > 0.01
    assert result["different_pixels"] < 1e-3 * result["pixels"]


def test_nothing_is_trained_on_pascal_voc(command, tmp_path: Path) -> None:
    run = command("train", "--dataset", "voc", "--data", tmp_path, "--out", tmp_path / "out")
    assert (run.code, run.out) == (2, "")
    assert run.err == "keycam: dataset = 'voc': allowed is cifar10 and camvid, for voc take torchvision's\n"
