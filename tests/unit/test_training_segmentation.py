"""Dense training varies pictures with their labels, follows its plan, and a resumed run gives the weights of a whole one."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inference.datasets import SegmentedImages
from inference.training import CheckpointError, SegmentationPlan, train_segmentation
from inference.training.scale_and_crop import ScaleAndCrop
from inference.training.segmentation import class_weights

CLASSES = ("dark", "bright", "nowhere")
VOID = len(CLASSES)
RNG = np.random.default_rng(1)
# Two classes in blocks of 8 pixels, told apart by their brightness; a corner is void.
LABELS = RNG.integers(0, 2, (6, 3, 4)).repeat(8, 1).repeat(8, 2).astype(np.uint8)
IMAGES = np.broadcast_to((60 + 120 * LABELS)[..., None], (*LABELS.shape, 3)).astype(np.uint8)
LABELS[:, :4, :4] = VOID
PICTURES = SegmentedImages(IMAGES, LABELS, CLASSES)
PLAN = SegmentationPlan(epochs=4, crop_epochs=2, crop=(12, 16), batch_size=4, seed=3)


def small_network() -> nn.Module:
    """A network with what has state in training: weights, batch norm, and moments that belong to them."""
    torch.manual_seed(5)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, len(CLASSES), 1))


def other_network() -> nn.Module:
    network = small_network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 1
    return network


def weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("stopped_after", [1, 2, 3])
def test_a_resumed_run_gives_the_weights_of_an_uninterrupted_one(tmp_path: Path, stopped_after: int) -> None:
    whole, first, resumed = small_network(), small_network(), other_network()
    assert [report.epoch for report in train_segmentation(whole, PLAN, PICTURES, tmp_path / "whole")] == [1, 2, 3, 4]
    running = train_segmentation(first, PLAN, PICTURES, tmp_path / "checkpoint")
    for _ in range(stopped_after):
        next(running)
    running.close()
    assert not equal(weights(first), weights(whole))
    reports = list(train_segmentation(resumed, PLAN, PICTURES, tmp_path / "checkpoint"))
    assert [report.epoch for report in reports] == list(range(stopped_after + 1, 5))
    assert equal(weights(resumed), weights(whole))
    assert not resumed.training


def test_training_learns_what_there_is_to_learn_and_nothing_of_void(tmp_path: Path) -> None:
    plan = replace(PLAN, epochs=30, crop_epochs=20, peak_learning_rate=0.05)
    reports = list(train_segmentation(small_network(), plan, PICTURES, tmp_path / "checkpoint"))
    assert reports[-1].loss < reports[0].loss / 2
    # Brightness is varied by up to 40 %, which mixes up no more than a few pictures; void pixels would all count as misses.
    assert reports[-1].training_accuracy > 0.9
    assert all(report.seconds > 0 and report.epochs == 30 for report in reports)


def test_the_first_epochs_see_crops_and_the_last_the_whole_size(tmp_path: Path) -> None:
    network, sizes = small_network(), []
    network.register_forward_pre_hook(lambda module, inputs: sizes.append(tuple(inputs[0].shape)))
    list(train_segmentation(network, PLAN, PICTURES, tmp_path / "checkpoint"))
    assert sizes == [(4, 3, 12, 16), (2, 3, 12, 16)] * 2 + [(4, 3, 24, 32), (2, 3, 24, 32)] * 2


def test_the_learning_rate_is_that_of_each_step_of_all_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, float]] = []

    def recording(step: int, steps: int, peak: float) -> float:
        asked.append((step, steps, peak))
        return 0.0

    monkeypatch.setattr("inference.training.segmentation.warm_then_falling", recording)
    network = small_network()
    before = weights(network)
    running = train_segmentation(network, PLAN, PICTURES, tmp_path / "checkpoint")
    next(running), next(running)
    list(train_segmentation(network, PLAN, PICTURES, tmp_path / "checkpoint"))  # as after an interruption
    assert asked == [(step, 8, PLAN.peak_learning_rate) for step in range(8)]  # two batches in each of four epochs
    assert all(torch.equal(parameter, before[name]) for name, parameter in network.named_parameters())


@pytest.mark.parametrize(
    ("change", "said"),
    [({"epochs": 5}, "epochs = 4 and not 5"), ({"crop": (8, 8)}, r"crop = \(12, 16\) and not \(8, 8\)")],
)
def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    next(train_segmentation(small_network(), PLAN, PICTURES, tmp_path / "checkpoint"))
    content = (tmp_path / "checkpoint").read_bytes()
    with pytest.raises(CheckpointError, match=f"it was begun with {said}; allowed is"):
        next(train_segmentation(small_network(), replace(PLAN, **change), PICTURES, tmp_path / "checkpoint"))
    with pytest.raises(CheckpointError, match="pictures = 6 and not 5"):
        next(train_segmentation(small_network(), PLAN, PICTURES.first(5), tmp_path / "checkpoint"))
    assert (tmp_path / "checkpoint").read_bytes() == content


def test_a_training_that_diverges_says_so_and_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    network = small_network()
    running = train_segmentation(network, PLAN, PICTURES, tmp_path / "checkpoint")
    next(running)
    content = (tmp_path / "checkpoint").read_bytes()
    with torch.no_grad():
        network[0].weight.fill_(math.nan)
    with pytest.raises(ValueError, match="loss = nan in epoch 2: the training diverged; allowed is"):
        next(running)
    assert (tmp_path / "checkpoint").read_bytes() == content


@pytest.mark.parametrize("size", [(12, 16), (24, 32), (40, 50)])
def test_labels_stay_with_their_pixels_through_every_variation(size: tuple[int, int]) -> None:
    # Grey pictures and labels are one and the same pattern: bright pixels stay brighter than dark ones of their picture,
    # however coloured, but for the rims of the blocks, where scaling mixes them; what is beyond the edge is plain and void.
    pictures = SegmentedImages(IMAGES, (IMAGES[..., 0] > 100).astype(np.uint8), CLASSES)
    seen = 0
    for x, labels in ScaleAndCrop(pictures, seed=2).epoch(0, 4, size):
        assert x.shape[2:] == labels.shape[1:] == size
        assert x.dtype == torch.float32 and labels.dtype == torch.int64
        assert x.is_contiguous(memory_format=torch.channels_last)
        assert x.min() >= 0 and x.max() <= 1
        for picture, label in zip(x.mean(1), labels, strict=True):
            beyond = picture[label == VOID]
            # The largest picture is 33 x 44 pixels, the smallest 14 x 19.
            assert len(beyond) or size != (40, 50)
            assert not len(beyond) or size != (12, 16)
            assert not len(beyond) or beyond.min() == beyond.max()
            bright, dark = picture[label == 1], picture[label == 0]
            if len(bright) and len(dark):
                assert bright.median() > dark.quantile(0.75)
                assert dark.median() < bright.quantile(0.25)
                seen += 1
    assert seen > 3


def test_an_epoch_depends_on_its_number_and_the_seed_alone_and_leaves_the_generator_alone() -> None:
    def epoch(number: int, seed: int) -> list[Tensor]:
        return [tensor for batch in ScaleAndCrop(PICTURES, seed).epoch(number, 4, (12, 16)) for tensor in batch]

    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    first = epoch(1, 2)
    assert torch.equal(torch.rand(3), expected)
    again = epoch(1, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for other in (epoch(2, 2), epoch(1, 3)):
        assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_a_batch_of_a_single_picture_is_left_out() -> None:
    epoch = ScaleAndCrop(PICTURES.first(5), seed=0).epoch(0, 4, (12, 16))
    assert len(epoch) == 1
    assert [len(labels) for _, labels in epoch] == [4]


def test_rare_classes_weigh_the_root_of_how_rare_they_are() -> None:
    labels = np.zeros((1, 10, 10), np.uint8)
    labels[0, :2, :2], labels[0, 9] = 1, VOID  # 86 dark, 4 bright, none of the third class
    found = class_weights(SegmentedImages(np.zeros((1, 10, 10, 3), np.uint8), labels, CLASSES))
    assert found[1] / found[0] == pytest.approx(math.sqrt(86 / 4))
    assert found[:2].mean() == pytest.approx(1)
    assert found[2] == 0
    with pytest.raises(ValueError, match="labels = void alone: allowed is at least one pixel with a class"):
        class_weights(SegmentedImages(np.zeros((1, 2, 2, 3), np.uint8), np.full((1, 2, 2), VOID, np.uint8), CLASSES))


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0, "crop_epochs": 0},
        {"crop_epochs": 5},
        {"crop_epochs": -1},
        {"crop": (0, 16)},
        {"batch_size": 1},
        {"peak_learning_rate": math.nan},
        {"weight_decay": -1.0},
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} = .*: allowed is"):
        replace(PLAN, **wrong)


def test_a_single_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pictures = 1: allowed is 2 or more"):
        train_segmentation(small_network(), PLAN, PICTURES.first(1), tmp_path / "checkpoint")
