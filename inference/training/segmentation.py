"""Training of segmentation networks: AdamW on random crops, classes weighted by how rare they are."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.datasets import DataError, SegmentedImages
from inference.training.checkpoint import EpochReport, identity
from inference.training.descent import Batches, Lesson, descend, to_best_device, warm_then_falling
from inference.training.scale_and_crop import ScaleAndCrop


@dataclass(frozen=True)
class SegmentationPlan:
    """What a training run does; two runs with the same plan on the same machine give the same weights.

    Attributes
    ----------
    model
        A name in `inference.models.MODELS`.
    epochs, crop_epochs
        All epochs, and how many of the first ones see crops of `crop` instead of the picture's size.
    crop
        Height and width of the crops, px.
    peak_learning_rate
        Reached after a tenth of all steps; falls linearly to zero from there.
    """

    model: str = "fcn_resnet12"
    epochs: int = 120
    crop_epochs: int = 108
    crop: tuple[int, int] = (120, 160)
    batch_size: int = 8
    peak_learning_rate: float = 3e-3
    weight_decay: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"epochs = {self.epochs}: allowed is 1 or more")
        if not 0 <= self.crop_epochs <= self.epochs:
            raise ValueError(f"crop_epochs = {self.crop_epochs}: allowed is 0 to epochs = {self.epochs}")
        if len(self.crop) != 2 or min(self.crop) < 1:
            raise ValueError(f"crop = {self.crop}: allowed is (height, width) of 1 or more")
        if self.batch_size < 2:
            raise ValueError(f"batch_size = {self.batch_size}: allowed is 2 or more")
        if not self.peak_learning_rate > 0:
            raise ValueError(f"peak_learning_rate = {self.peak_learning_rate}: allowed is > 0")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay = {self.weight_decay}: allowed is 0 or more")


def train_segmentation(
    network: nn.Module, plan: SegmentationPlan, pictures: SegmentedImages, checkpoint: Path
) -> Iterator[EpochReport]:
    """Train `network` in place and report each epoch; resume from `checkpoint` when it exists.

    Void pixels are learnt from no more than they are counted. A run that was at its end already reports its last epoch again.

    Parameters
    ----------
    network
        Takes (N, 3, H, W) in 0..1 and returns scores (N, classes, H, W), at crops of `plan.crop` and at the pictures' size.

    Raises
    ------
    CheckpointError
        The checkpoint is damaged, or belongs to another plan or other pictures.
    ValueError
        There is a single picture, which batch norm cannot learn from.
    """
    if len(pictures) < 2:
        raise ValueError(f"pictures = {len(pictures)}: allowed is 2 or more")
    device = to_best_device(network)
    varied = ScaleAndCrop(pictures, plan.seed)
    height, width = pictures.images.shape[1:3]

    def batches(epoch: int) -> Batches:
        return varied.epoch(epoch, plan.batch_size, plan.crop if epoch < plan.crop_epochs else (height, width))

    weights = torch.from_numpy(class_weights(pictures)).to(device)
    lesson = Lesson(
        run={**asdict(plan), **identity(pictures)},
        epochs=plan.epochs,
        batches=batches,
        loss=nn.CrossEntropyLoss(weights, ignore_index=pictures.void),
        learning_rate=lambda step, steps: warm_then_falling(step, steps, plan.peak_learning_rate),
        ignored=pictures.void,
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=plan.weight_decay)
    return descend(network, lesson, optimiser, checkpoint)


def class_weights(pictures: SegmentedImages) -> NDArray[np.float32]:
    """Weight of each class in the loss, float32 (classes,): the inverse root of its share of the labelled pixels, at mean 1.

    The inverse share itself makes a network see rare classes everywhere. Classes that are not there weigh nothing. Raises
    `DataError` where there is none.
    """
    counts = np.bincount(pictures.labels.ravel(), minlength=pictures.void + 1)[: pictures.void]
    if not counts.any():
        raise DataError("labels = void alone: allowed is at least one pixel with a class")
    inverse = np.where(counts, 1 / np.sqrt(np.maximum(counts, 1)), 0)
    return (inverse / inverse[counts > 0].mean()).astype(np.float32)
