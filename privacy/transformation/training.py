"""Training of the transformation network: readable to the classifier, unlike the picture to everyone else."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from inference.datasets import LabelledImages
from inference.training import EpochReport
from inference.training.checkpoint import identity
from inference.training.crop_and_flip import CropAndFlip
from inference.training.descent import Batches, Lesson, descend, to_best_device, warm_then_falling
from privacy.transformation.features import FEATURES
from privacy.transformation.provider import Provider


@dataclass(frozen=True)
class TransformationPlan:
    """How a transformation network is trained.

    Attributes
    ----------
    alpha
        Weight of the feature distance, 0 for none; the paper's are 0 to 0.1.
    features
        One of `FEATURES`.
    width
        Of the U-Net.
    learning_rate
        Its highest value, reached in the first tenth of all steps and falling to 0 from there: with it from the first step on
        and lowered in steps, as for the published attack, a short training ends far lower.
    """

    alpha: float = 0.005
    features: str = "vgg16-relu1_2"
    width: int = 64
    epochs: int = 50
    batch_size: int = 128
    learning_rate: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha = {self.alpha}: allowed is 0 to 1")
        if self.features not in FEATURES:
            raise ValueError(f"features = {self.features!r}: allowed is {', '.join(FEATURES)}")
        if self.epochs < 1:
            raise ValueError(f"epochs = {self.epochs}: allowed is 1 or more")
        if self.batch_size < 2:
            raise ValueError(f"batch_size = {self.batch_size}: allowed is 2 or more")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate = {self.learning_rate}: allowed is > 0")


class Objective:
    """Equation 4: the class loss of h(x), from the provider, minus alpha times the mean square distance of the features of
    h(x) and x.
    """

    def __init__(self, network: nn.Module, features: nn.Module, alpha: float, provider: Provider) -> None:
        self._network, self._features, self._alpha, self._provider = network, features, alpha, provider
        self._pictures = torch.empty(0)
        self._right = torch.tensor(0)

    def forward(self, pictures: Tensor) -> Tensor:
        """h(x), which the loss is then asked of."""
        self._pictures = pictures
        transformed: Tensor = self._network(pictures)
        return transformed

    def loss(self, transformed: Tensor, labels: Tensor) -> Tensor:
        """The loss of what `forward` gave last, for the classes (N,) of its pictures."""
        class_loss, right = _ProvidedLoss.apply(transformed, labels, self._provider)
        self._right = right
        with torch.no_grad():
            plain = self._features(self._pictures)
        distance = nn.functional.mse_loss(self._features(transformed).float(), plain.float())
        loss: Tensor = class_loss - self._alpha * distance
        return loss

    def hits(self, transformed: Tensor, labels: Tensor) -> Tensor:
        """How many of the pictures the provider classified rightly."""
        return self._right


class _ProvidedLoss(torch.autograd.Function):
    """A loss whose value and gradient come from the provider."""

    @staticmethod
    def forward(ctx: Any, transformed: Tensor, labels: Tensor, provider: Provider) -> tuple[Tensor, Tensor]:
        answer = provider.class_loss(transformed, labels)
        ctx.save_for_backward(answer.gradient.to(transformed.dtype))
        ctx.mark_non_differentiable(answer.right)
        return answer.loss, answer.right

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return grads[0] * gradient, None, None


def train_transformation(
    network: nn.Module,
    features: nn.Module,
    plan: TransformationPlan,
    images: LabelledImages,
    provider: Provider,
    checkpoint: Path,
) -> Iterator[EpochReport]:
    """Train the transformation network in place, on crops and mirror images; resumable, as `inference.training.train` is.

    A checkpoint is taken up with the same classifier only. The reports' accuracy is that of the provider's classifier on h(x).
    Raises `ProviderError` where the provider is gone, and what
    `descend` raises.
    """
    device = to_best_device(network)
    objective = Objective(network, features.to(device), plan.alpha, provider)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9, weight_decay=5e-4)
    augmented, labels = CropAndFlip(torch.from_numpy(images.images), plan.seed), torch.from_numpy(images.labels)

    def learning_rate(step: int, steps: int) -> float:
        return warm_then_falling(step, steps, plan.learning_rate)

    def batches(epoch: int) -> Batches:
        return _Crops(augmented, labels, epoch, plan.batch_size)

    lesson = Lesson(
        run={**asdict(plan), **identity(images), "classifier_sha256": provider.classifier_sha256},
        epochs=plan.epochs, batches=batches, loss=objective.loss, learning_rate=learning_rate, hits=objective.hits,
    )  # fmt: skip
    return descend(network, lesson, optimiser, checkpoint, objective.forward)


class _Crops:
    """An epoch's crops with their classes."""

    def __init__(self, augmented: CropAndFlip, labels: Tensor, epoch: int, batch_size: int) -> None:
        self._crops, self._labels = augmented.epoch(epoch, batch_size, augmented.size), labels

    def __len__(self) -> int:
        return len(self._crops)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for pictures, index in self._crops:
            yield pictures, self._labels[index]
