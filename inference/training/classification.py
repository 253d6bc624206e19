"""Training of the CIFAR networks: stochastic gradient descent on crops and mirror images."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from inference.datasets import LabelledImages
from inference.training.checkpoint import EpochReport, identity
from inference.training.crop_and_flip import CropAndFlip, EpochOfCrops
from inference.training.descent import Batches, Forward, Lesson, descend, to_best_device, warm_then_falling


@dataclass(frozen=True)
class TrainingPlan:
    """What a training run does; two runs with the same plan on the same machine give the same weights.

    Attributes
    ----------
    model
        A name in `inference.models.MODELS`.
    epochs, small_crop_epochs
        All epochs, and how many of the first ones see only 24x24 crops (0.56 times the work).
    shallow_epochs
        How many went before, of the first blocks of every stage alone; only of networks that can be cut like that.
    peak_learning_rate
        Reached after a tenth of all steps; falls linearly to zero from there.
    keyed_policy
        The readout policy of the frames, where a keyed network is trained; None where a plain one is.
    fine_tuned_from
        SHA-256 of the weights that it begins with, where these are not drawn.
    """

    SMALL_CROP: ClassVar[float] = 0.75
    """Side of a small crop as a share of the picture's."""

    model: str = "resnet20"
    epochs: int = 50
    small_crop_epochs: int = 20
    shallow_epochs: int = 0
    batch_size: int = 128
    peak_learning_rate: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 5e-4
    seed: int = 0
    keyed_policy: str | None = None
    fine_tuned_from: str | None = None

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"epochs = {self.epochs}: allowed is 1 or more")
        if not 0 <= self.small_crop_epochs <= self.epochs:
            raise ValueError(f"small_crop_epochs = {self.small_crop_epochs}: allowed is 0 to epochs = {self.epochs}")
        if self.shallow_epochs < 0:
            raise ValueError(f"shallow_epochs = {self.shallow_epochs}: allowed is 0 or more")
        if self.batch_size < 2:
            raise ValueError(f"batch_size = {self.batch_size}: allowed is 2 or more")
        if not self.peak_learning_rate > 0:
            raise ValueError(f"peak_learning_rate = {self.peak_learning_rate}: allowed is > 0")

    def learning_rate(self, step: int, steps: int) -> float:
        """Learning rate of `step` out of `steps`."""
        return warm_then_falling(step, steps, self.peak_learning_rate)

    def crop_px(self, epoch: int, size: int) -> int:
        """Side of the crops in `epoch` for pictures of side `size`."""
        return int(size * self.SMALL_CROP) if epoch < self.small_crop_epochs else size


def train(
    network: nn.Module, plan: TrainingPlan, images: LabelledImages, checkpoint: Path, forward: Forward | None = None
) -> Iterator[EpochReport]:
    """Train `network` in place and report each epoch; resume from `checkpoint` when it exists.

    A run that was at its end already reports its last epoch again.

    Parameters
    ----------
    network
        Takes (N, 3, H, W) in 0..1 and returns logits (N, classes).
    forward
        What is differentiated instead of `network` itself, for example a keyed network that shares its parameters.

    Raises
    ------
    CheckpointError
        The checkpoint is damaged, or belongs to another plan or other pictures.
    """
    to_best_device(network)
    optimiser = torch.optim.SGD(
        network.parameters(), lr=0.0, momentum=plan.momentum, weight_decay=plan.weight_decay, nesterov=True
    )
    augmented = CropAndFlip(torch.from_numpy(images.images), plan.seed)
    labels = torch.from_numpy(images.labels)

    def batches(epoch: int) -> Batches:
        return _Labelled(augmented.epoch(epoch, plan.batch_size, plan.crop_px(epoch, augmented.size)), labels)

    lesson = Lesson(
        run={**asdict(plan), **identity(images)},
        epochs=plan.epochs,
        batches=batches,
        loss=nn.functional.cross_entropy,
        learning_rate=plan.learning_rate,
    )
    return descend(network, lesson, optimiser, checkpoint, forward)


class _Labelled:
    """An epoch's crops with their labels."""

    def __init__(self, crops: EpochOfCrops, labels: Tensor) -> None:
        self.crops, self.labels = crops, labels

    def __len__(self) -> int:
        return len(self.crops)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for pictures, index in self.crops:
            yield pictures, self.labels[index]
