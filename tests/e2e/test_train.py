"""`keycam train`: weights and a card come out, and stopping in the middle changes nothing but the time."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from inference.models import load

WEIGHTS, CARD, CHECKPOINT = "resnet20-cifar10.safetensors", "resnet20-cifar10.json", "resnet20.checkpoint"


def line(data: Path, out: Path, *more: object) -> tuple[object, ...]:
    return ("train", "--data", data, "--out", out, "--batch-size", 32, *more)


def test_training_writes_weights_a_card_and_a_checkpoint(command, small_data: Path, left_over: Path) -> None:
    card = command(*line(small_data, left_over, "--epochs", 2, "--images", 64, "--json")).json()
    assert {file.name for file in left_over.iterdir()} == {WEIGHTS, CARD, CHECKPOINT}
    assert json.loads((left_over / CARD).read_text()) == card
    assert (card["epochs"], card["training_images"], card["test_images"], card["keyed_policy"]) == (2, 64, 64, None)
    assert card["final_loss"] > 0
    assert 0 <= card["test_accuracy"] <= 1
    assert not load("resnet20", left_over / WEIGHTS).training


def test_a_finished_run_that_is_started_again_says_the_same(command, small_data: Path, left_over: Path) -> None:
    arguments = line(small_data, left_over, "--epochs", 1, "--images", 32, "--json")
    first = command(*arguments).json()
    weights = (left_over / WEIGHTS).read_bytes()
    assert command(*arguments).json() == first
    assert (left_over / WEIGHTS).read_bytes() == weights


def test_the_keyed_network_can_be_trained_on_keyed_frames(command, small_data: Path, left_over: Path) -> None:
    card = command(*line(small_data, left_over, "--epochs", 2, "--images", 64, "--keyed", "--json")).json()
    assert card["keyed_policy"] == "secure"
    assert card["small_crop_epochs"] == 0
    keyed = load_file(left_over / WEIGHTS)
    assert {name: tensor.shape for name, tensor in keyed.items()} == {
        name: tensor.shape for name, tensor in load("resnet20").state_dict().items()
    }
    assert all(torch.isfinite(tensor).all() for tensor in keyed.values() if tensor.is_floating_point())


def test_keyed_training_is_plain_training_under_a_key(
    command, monkeypatch: pytest.MonkeyPatch, small_data: Path, tmp_path: Path
) -> None:
    # In single precision everywhere: half precision, which some processors train in, rounds otherwise in another order.
    monkeypatch.setattr("inference.training.descent.has_fast_bfloat16", lambda device: False)
    # One step from the same start on the same crops: two epochs of one batch, of which neither has small crops.
    arguments = ("--epochs", 2, "--images", 32, "--json")
    losses = [
        command(*line(small_data, tmp_path / name, *arguments, *more)).json()["final_loss"]
        for name, more in (("plain", ()), ("keyed", ("--keyed",)))
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("--epochs", 3), "epochs = 2 and not 3"),
        (("--seed", 1), "seed = 0 and not 1"),
        (("--keyed",), "keyed_policy = None and not 'secure'"),
        (("--images", 31), "pictures = 32 and not 31"),
    ],
)
def test_the_checkpoint_of_another_plan_is_refused_and_stays(
    command, small_data: Path, left_over: Path, change: tuple[object, ...], said: str
) -> None:
    assert command(*line(small_data, left_over, "--epochs", 2, "--images", 32)).code == 0
    before = {file.name: file.read_bytes() for file in left_over.iterdir()}
    run = command(*line(small_data, left_over, "--epochs", 2, "--images", 32, *change))
    assert run.code == 3
    assert run.out == ""
    assert run.err.startswith(f"keycam: checkpoint = {left_over / CHECKPOINT}: it was begun with ")
    assert said in run.err
    assert run.err.count("\n") == 1
    assert {file.name: file.read_bytes() for file in left_over.iterdir()} == before


def test_vgg16_is_trained_on_whole_pictures_as_it_takes_no_small_crops(command, small_data: Path, left_over: Path) -> None:
    card = command(*line(small_data, left_over, "--model", "vgg16", "--epochs", 3, "--images", 4, "--json")).json()
    assert card["small_crop_epochs"] == 0


def test_the_first_blocks_of_preresnet110_can_be_trained_before_the_rest(command, small_data: Path, left_over: Path) -> None:
    arguments = line(small_data, left_over, "--model", "preresnet110", "--epochs", 1, "--shallow-epochs", 2, "--images", 32)
    card = command(*arguments, "--json").json()
    assert (card["epochs"], card["shallow_epochs"]) == (1, 2)
    shallow = torch.load(left_over / "preresnet110-shallow.checkpoint", weights_only=True)
    assert shallow["report"]["epoch"] == 2
    # Taken up where it is, and both runs at their end.
    assert command(*arguments, "--json").json() == card
    other = command(*arguments[:-2], "--images", 31)
    assert other.code == 3
    assert other.err.startswith(f"keycam: checkpoint = {left_over / 'preresnet110-shallow.checkpoint'}: it was begun with ")


@pytest.mark.parametrize("more", [(), ("--model", "vgg16"), ("--model", "preresnet110", "--keyed")])
def test_other_networks_have_no_first_blocks_of_their_own(
    command, small_data: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    run = command(*line(small_data, tmp_path / "out", "--shallow-epochs", 2, *more))
    assert (run.code, run.out) == (2, "")
    assert run.err == "keycam: shallow_epochs = 2: allowed with model preresnet110 and without keyed\n"


def test_ctrl_c_in_the_middle_and_the_same_line_again_give_the_weights_of_an_uninterrupted_run(
    command, interrupted: Callable, small_data: Path, tmp_path: Path, left_over: Path
) -> None:
    arguments = ("--epochs", 4, "--images", 96)
    run, ended_s = interrupted(*line(small_data, left_over, *arguments), ready=(left_over / CHECKPOINT).is_file)
    assert run.code == 130
    assert run.err == "keycam: interrupted; nothing was left half-written\n"
    assert run.out == ""
    assert ended_s < 10
    assert {file.name for file in left_over.iterdir()} == {CHECKPOINT}
    done = torch.load(left_over / CHECKPOINT, weights_only=True)["report"]["epoch"]
    assert 1 <= done < 4
    resumed = command(*line(small_data, left_over, *arguments, "--json")).json()
    whole = command(*line(small_data, tmp_path / "whole", *arguments, "--json")).json()
    assert resumed == {**whole, "weights": resumed["weights"]}
    ours, theirs = load_file(left_over / WEIGHTS), load_file(tmp_path / "whole" / WEIGHTS)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
