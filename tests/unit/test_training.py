"""Training follows its plan, and a run that was stopped and resumed gives the weights of one that was not."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inference.datasets import LabelledImages
from inference.training import CheckpointError, TrainingPlan, train

RNG = np.random.default_rng(1)
LABELS = RNG.integers(0, 2, 48)
# Two classes that are told apart by their brightness.
PICTURES = LabelledImages(
    (60 + 120 * LABELS[:, None, None, None] + RNG.integers(0, 40, (48, 16, 16, 3))).astype(np.uint8), LABELS, ("dark", "bright")
)
PLAN = TrainingPlan(epochs=4, small_crop_epochs=2, batch_size=16, seed=3)


def small_network() -> nn.Module:
    """A network with what has state in training: weights, batch norm, and momentum that belongs to them."""
    torch.manual_seed(5)
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), pool, nn.Flatten(), nn.Linear(8, 2))


def weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tensor]:
    network = small_network()
    reports = list(train(network, PLAN, PICTURES, tmp_path_factory.mktemp("whole") / "checkpoint"))
    assert [report.epoch for report in reports] == [1, 2, 3, 4]
    assert not network.training
    return weights(network)


@pytest.mark.parametrize("stopped_after", [1, 2, 3])
def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, uninterrupted: dict[str, Tensor], stopped_after: int
) -> None:
    first = small_network()
    running = train(first, PLAN, PICTURES, tmp_path / "checkpoint")
    for _ in range(stopped_after):
        next(running)
    running.close()
    assert not equal(weights(first), uninterrupted)
    resumed = build_elsewhere()
    reports = list(train(resumed, PLAN, PICTURES, tmp_path / "checkpoint"))
    assert [report.epoch for report in reports] == list(range(stopped_after + 1, 5))
    assert equal(weights(resumed), uninterrupted)


def build_elsewhere() -> nn.Module:
    """The same network with other fresh weights: what it becomes must come from the checkpoint alone."""
    network = small_network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    return network


def test_an_epoch_that_was_broken_off_leaves_the_checkpoint_of_the_one_before(
    tmp_path: Path, uninterrupted: dict[str, Tensor]
) -> None:
    network, calls = small_network(), 0

    def stopping(x: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == 5:  # three batches make an epoch: this is the second of epoch 2
            raise KeyboardInterrupt
        answer: Tensor = network(x)
        return answer

    with pytest.raises(KeyboardInterrupt):
        list(train(network, PLAN, PICTURES, tmp_path / "checkpoint", stopping))
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint"]
    resumed = build_elsewhere()
    assert [report.epoch for report in train(resumed, PLAN, PICTURES, tmp_path / "checkpoint")] == [2, 3, 4]
    assert equal(weights(resumed), uninterrupted)


def test_a_finished_run_reports_its_last_epoch_again_and_changes_nothing(
    tmp_path: Path, uninterrupted: dict[str, Tensor]
) -> None:
    last = list(train(small_network(), PLAN, PICTURES, tmp_path / "checkpoint"))[-1]
    content = (tmp_path / "checkpoint").read_bytes()
    again = build_elsewhere()
    assert list(train(again, PLAN, PICTURES, tmp_path / "checkpoint")) == [last]
    assert equal(weights(again), uninterrupted)
    assert not again.training
    assert (tmp_path / "checkpoint").read_bytes() == content


def test_training_learns_what_there_is_to_learn(tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=12, small_crop_epochs=0, peak_learning_rate=0.05)
    reports = list(train(small_network(), plan, PICTURES, tmp_path / "checkpoint"))
    assert reports[-1].loss < reports[0].loss / 2
    assert reports[-1].training_accuracy > 0.95
    assert all(report.seconds > 0 and report.epochs == 12 for report in reports)
    assert reports[-1].seconds_so_far == pytest.approx(sum(report.seconds for report in reports))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 5}, "epochs = 4 and not 5"),
        ({"seed": 4}, "seed = 3 and not 4"),
        ({"keyed_policy": "secure"}, "keyed_policy = None and not 'secure'"),
        ({"model": "vgg16"}, "model = 'resnet20' and not 'vgg16'"),
        ({"fine_tuned_from": "ab12"}, "fine_tuned_from = None and not 'ab12'"),
    ],
)
def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    next(train(small_network(), PLAN, PICTURES, tmp_path / "checkpoint"))
    content = (tmp_path / "checkpoint").read_bytes()
    with pytest.raises(CheckpointError, match=f"checkpoint = {tmp_path / 'checkpoint'}: it was begun with {said}; allowed is"):
        next(train(small_network(), replace(PLAN, **change), PICTURES, tmp_path / "checkpoint"))
    with pytest.raises(CheckpointError, match="pictures = 48 and not 40"):
        next(train(small_network(), PLAN, PICTURES.first(40), tmp_path / "checkpoint"))
    others = replace(PICTURES, labels=PICTURES.labels[::-1].copy())
    with pytest.raises(CheckpointError, match=r"it was begun with pictures_sha256 = '\w{12}' and not '\w{12}'; allowed is"):
        next(train(small_network(), PLAN, others, tmp_path / "checkpoint"))
    assert (tmp_path / "checkpoint").read_bytes() == content


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "pickle", "other network", "folder"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
    checkpoint = tmp_path / "checkpoint"
    if damage == "folder":
        checkpoint.mkdir()
    elif damage == "other network":
        next(train(nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()), PLAN, PICTURES, checkpoint))
    elif damage == "pickle":
        torch.save({"plan": Path("an object that no checkpoint holds")}, checkpoint)
    else:
        next(train(small_network(), PLAN, PICTURES, checkpoint))
        content = checkpoint.read_bytes()
        checkpoint.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "text": b"not a checkpoint"}[damage])
    with pytest.raises(CheckpointError, match=f"checkpoint = {checkpoint}: it is damaged, or of another version; allowed is"):
        next(train(small_network(), PLAN, PICTURES, checkpoint))


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = train(small_network(), PLAN, PICTURES, tmp_path / "checkpoint")
    next(running)
    content = (tmp_path / "checkpoint").read_bytes()

    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left on device"):
        next(running)
    assert (tmp_path / "checkpoint").read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint"]


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nearly_nothing() -> None:
    rates = [PLAN.learning_rate(step, 100) for step in range(100)]
    assert max(rates) == pytest.approx(PLAN.peak_learning_rate)
    assert rates.index(max(rates)) in (9, 10)  # a tenth of all steps
    assert all(earlier < later for earlier, later in itertools.pairwise(rates[:10]))
    assert all(earlier > later for earlier, later in itertools.pairwise(rates[10:]))
    assert 0 < rates[-1] < 0.02 * PLAN.peak_learning_rate


def test_the_first_epochs_see_small_crops(tmp_path: Path) -> None:
    network, sizes = small_network(), []

    def watching(x: Tensor) -> Tensor:
        sizes.append(tuple(x.shape[2:]))
        answer: Tensor = network(x)
        return answer

    list(train(network, PLAN, PICTURES, tmp_path / "checkpoint", watching))
    assert sizes == [(12, 12)] * 6 + [(16, 16)] * 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0, "small_crop_epochs": 0},
        {"small_crop_epochs": -1},
        {"small_crop_epochs": 5},
        {"batch_size": 1},
        {"peak_learning_rate": 0.0},
        {"peak_learning_rate": math.nan},
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} = .*: allowed is"):
        replace(PLAN, **wrong)
