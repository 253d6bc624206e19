"""Training of the CIFAR networks: stochastic gradient descent that can be stopped at any epoch and resumed."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from inference.augment import CropAndFlip
from inference.datasets import LabelledImages

Forward = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class TrainingPlan:
    """What a training run does; two runs with the same plan on the same machine give the same weights.

    Attributes
    ----------
    model
        A name in `inference.models.MODELS`.
    epochs, small_crop_epochs
        All epochs, and how many of the first ones see only 24x24 crops (0.56 times the work).
    peak_learning_rate
        Reached after a tenth of all steps; falls linearly to zero from there.
    """

    model: str = "resnet20"
    epochs: int = 50
    small_crop_epochs: int = 20
    batch_size: int = 128
    peak_learning_rate: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 5e-4
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"epochs = {self.epochs}: allowed is 1 or more")
        if not 0 <= self.small_crop_epochs <= self.epochs:
            raise ValueError(f"small_crop_epochs = {self.small_crop_epochs}: allowed is 0 to epochs = {self.epochs}")
        if self.batch_size < 2:
            raise ValueError(f"batch_size = {self.batch_size}: allowed is 2 or more")
        if not self.peak_learning_rate > 0:
            raise ValueError(f"peak_learning_rate = {self.peak_learning_rate}: allowed is > 0")

    def learning_rate(self, step: int, steps: int) -> float:
        """Learning rate of `step` out of `steps`."""
        warm = steps / 10
        return self.peak_learning_rate * min((step + 1) / warm, (steps - step) / (steps - warm))

    def crop_px(self, epoch: int, size: int) -> int:
        """Side of the crops in `epoch` for pictures of side `size`."""
        return size * 3 // 4 if epoch < self.small_crop_epochs else size


@dataclass(frozen=True)
class EpochReport:
    """What one epoch did: mean loss and accuracy over its training batches, and its wall time."""

    epoch: int
    epochs: int
    loss: float
    training_accuracy: float
    seconds: float


def train(
    network: nn.Module, plan: TrainingPlan, images: LabelledImages, checkpoint: Path, forward: Forward | None = None
) -> Iterator[EpochReport]:
    """Train `network` in place and report each epoch; resume from `checkpoint` when it exists.

    Parameters
    ----------
    network
        Takes (N, 3, H, W) in 0..1 and returns logits (N, classes).
    forward
        What is differentiated instead of `network` itself, for example a keyed network that shares its parameters.

    Raises
    ------
    ValueError
        The checkpoint belongs to another plan.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device=device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    forward = forward or network
    optimiser = torch.optim.SGD(
        network.parameters(), lr=0.0, momentum=plan.momentum, weight_decay=plan.weight_decay, nesterov=True
    )
    augmented = CropAndFlip(torch.from_numpy(images.images), plan.seed)
    labels = torch.from_numpy(images.labels)
    first = _resume(checkpoint, plan, network, optimiser)
    for epoch in range(first, plan.epochs):
        started = time.perf_counter()
        batches = augmented.epoch(epoch, plan.batch_size, plan.crop_px(epoch, augmented.size))
        steps = plan.epochs * len(batches)
        loss_sum, hits = torch.zeros((), device=device), torch.zeros((), dtype=torch.long, device=device)
        for number, (pictures, index) in enumerate(batches):
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate(epoch * len(batches) + number, steps)
            target = labels[index].to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=_has_fast_bfloat16(device)):
                logits = forward(pictures.to(device))
                loss = nn.functional.cross_entropy(logits, target)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            loss_sum += loss.detach() * len(index)
            hits += (logits.argmax(1) == target).sum()
        _save(checkpoint, plan, network, optimiser, epoch + 1)
        seconds = time.perf_counter() - started
        count = len(labels)
        yield EpochReport(epoch + 1, plan.epochs, float(loss_sum) / count, int(hits) / count, seconds)
    network.eval()


def _has_fast_bfloat16(device: torch.device) -> bool:
    """Half precision pays on a GPU and on processors with bfloat16 dot products; elsewhere it is emulated, 12 times slower."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def _save(checkpoint: Path, plan: TrainingPlan, network: nn.Module, optimiser: torch.optim.Optimizer, done: int) -> None:
    state = {"plan": asdict(plan), "epochs_done": done, "network": network.state_dict(), "optimiser": optimiser.state_dict()}
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    unfinished = checkpoint.with_suffix(".unfinished")
    torch.save(state, unfinished)
    unfinished.replace(checkpoint)


def _resume(checkpoint: Path, plan: TrainingPlan, network: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    if not checkpoint.is_file():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    if state["plan"] != asdict(plan):
        raise ValueError(f"checkpoint = {checkpoint}: it belongs to another plan ({state['plan']}); choose another folder")
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["epochs_done"])
