"""Training of the CIFAR networks: stochastic gradient descent that can be stopped at any epoch and resumed."""

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from inference.augment import CropAndFlip
from inference.datasets import DataError, LabelledImages

Forward = Callable[[Tensor], Tensor]


class CheckpointError(DataError):
    """A checkpoint that is damaged or belongs to another run."""


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
    keyed_policy
        The readout policy of the frames, where a keyed network is trained; None where a plain one is.
    """

    SMALL_CROP: ClassVar[float] = 0.75
    """Side of a small crop as a share of the picture's."""

    model: str = "resnet20"
    epochs: int = 50
    small_crop_epochs: int = 20
    batch_size: int = 128
    peak_learning_rate: float = 0.2
    momentum: float = 0.9
    weight_decay: float = 5e-4
    seed: int = 0
    keyed_policy: str | None = None

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
        return int(size * self.SMALL_CROP) if epoch < self.small_crop_epochs else size


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
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device=device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    forward = forward or network
    optimiser = torch.optim.SGD(
        network.parameters(), lr=0.0, momentum=plan.momentum, weight_decay=plan.weight_decay, nesterov=True
    )
    augmented = CropAndFlip(torch.from_numpy(images.images), plan.seed)
    labels = torch.from_numpy(images.labels)
    run = {**asdict(plan), "pictures": len(images)}
    last = _resume(checkpoint, run, network, optimiser)
    if last is not None and last.epoch == plan.epochs:
        yield last
    for epoch in range(last.epoch if last else 0, plan.epochs):
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
        count, seconds = len(labels), time.perf_counter() - started
        report = EpochReport(epoch + 1, plan.epochs, float(loss_sum) / count, int(hits) / count, seconds)
        _save(checkpoint, run, network, optimiser, report)
        yield report
    network.eval()


def _has_fast_bfloat16(device: torch.device) -> bool:
    """Half precision pays on a GPU and on processors with bfloat16 dot products; elsewhere it is emulated, 12 times slower."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def _save(
    checkpoint: Path, run: dict[str, Any], network: nn.Module, optimiser: torch.optim.Optimizer, report: EpochReport
) -> None:
    state = {"plan": run, "report": asdict(report), "network": network.state_dict(), "optimiser": optimiser.state_dict()}
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    unfinished = checkpoint.with_suffix(".unfinished")
    # By way of memory, so that a full disk is an OSError that says so.
    written = io.BytesIO()
    torch.save(state, written)
    try:
        unfinished.write_bytes(written.getbuffer())
        unfinished.replace(checkpoint)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _resume(checkpoint: Path, run: dict[str, Any], network: nn.Module, optimiser: torch.optim.Optimizer) -> EpochReport | None:
    """The report of the last finished epoch, with the state after it loaded; None where nothing was begun."""
    if not checkpoint.exists():
        return None
    try:
        state = torch.load(checkpoint, weights_only=True)
        theirs, report = state["plan"], EpochReport(**state["report"])
        differ = [f"{name} = {theirs.get(name)!r} and not {value!r}" for name, value in run.items() if theirs.get(name) != value]
        if not differ:
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
    # Damaged files make torch and its unpickler raise errors of many kinds.
    except Exception as error:
        trouble = "it is damaged, or of another version"
        raise CheckpointError(f"checkpoint = {checkpoint}: {trouble}; allowed is to delete it and begin anew") from error
    if differ:
        allowed = "allowed is the same plan, or another folder"
        raise CheckpointError(f"checkpoint = {checkpoint}: it was begun with {', '.join(differ)}; {allowed}")
    return report
