"""Gradient descent that can be stopped at any epoch and resumed, whatever is learnt."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from inference.training.checkpoint import EpochReport, resume, save

Forward = Callable[[Tensor], Tensor]


class Batches(Protocol):
    """One epoch: batches of pictures, float32 (N, 3, H, W) in 0..1, and what is to be learnt of them."""

    def __len__(self) -> int:
        """Number of batches."""

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]: ...


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is learnt, and how.

    Attributes
    ----------
    run
        What makes this run another one than others: its checkpoint is taken up only where all of it is equal.
    epochs
        How many there are.
    batches
        The batches of an epoch, by its number from 0; they must depend on nothing else.
    loss
        Mean loss of scores (N, classes, ...) for targets (N, ...).
    learning_rate
        Of a step, out of so many.
    ignored
        The target that counts neither as hit nor as miss.
    hits
        How many of the scores are right; by default those whose highest one is the target's.
    """

    run: dict[str, Any]
    epochs: int
    batches: Callable[[int], Batches]
    loss: Callable[[Tensor, Tensor], Tensor]
    learning_rate: Callable[[int, int], float]
    ignored: int = -100
    hits: Callable[[Tensor, Tensor], Tensor] = field(default=lambda scores, target: (scores.argmax(1) == target).sum())


def descend(
    network: nn.Module, lesson: Lesson, optimiser: torch.optim.Optimizer, checkpoint: Path, forward: Forward | None = None
) -> Iterator[EpochReport]:
    """Train `network` in place and report each epoch; resume from `checkpoint` when it exists.

    A run that was at its end already reports its last epoch again.

    Parameters
    ----------
    network
        Lies on the device where it is trained; `optimiser` holds its parameters.
    forward
        What is differentiated instead of `network` itself, for example a keyed network that shares its parameters.

    Raises
    ------
    CheckpointError
        The checkpoint is damaged, or belongs to another run.
    ValueError
        The loss is no number any more; the checkpoint stays as it was after the epoch before.
    """
    device = next(network.parameters()).device
    forward = forward or network
    last = resume(checkpoint, lesson.run, network, optimiser)
    if last is not None and last.epoch == lesson.epochs:
        yield last
    network.train()
    for epoch in range(last.epoch if last else 0, lesson.epochs):
        started = time.perf_counter()
        batches = lesson.batches(epoch)
        steps = lesson.epochs * len(batches)
        # On the device, so that no batch waits for the one before it to be counted.
        loss_sum, hits, counted = torch.zeros(3, dtype=torch.double, device=device)
        seen = 0
        for number, (pictures, target) in enumerate(batches):
            for group in optimiser.param_groups:
                group["lr"] = lesson.learning_rate(epoch * len(batches) + number, steps)
            target = target.to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=has_fast_bfloat16(device)):
                scores = forward(pictures.to(device))
                loss = lesson.loss(scores, target)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            seen += len(pictures)
            loss_sum += loss.detach() * len(pictures)
            hits += lesson.hits(scores, target)
            counted += (target != lesson.ignored).sum()
        if not math.isfinite(loss_sum):
            allowed = "allowed is a finite one: begin anew with a lower learning rate"
            raise ValueError(f"loss = {float(loss_sum)} in epoch {epoch + 1}: the training diverged; {allowed}")
        accuracy, seconds = int(hits) / max(1, int(counted)), time.perf_counter() - started
        so_far = seconds + (last.seconds_so_far if last else 0)
        last = EpochReport(epoch + 1, lesson.epochs, float(loss_sum) / seen, accuracy, seconds, so_far)
        save(checkpoint, lesson.run, network, optimiser, last)
        yield last
    network.eval()


def to_best_device(network: nn.Module) -> torch.device:
    """Bring `network` to a GPU where there is one, in the memory format that is the fastest, and say where it is."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return device


def has_fast_bfloat16(device: torch.device) -> bool:
    """Half precision pays on a GPU and on processors with bfloat16 dot products; elsewhere it is emulated, 12 times slower."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def warm_then_falling(step: int, steps: int, peak: float) -> float:
    """A learning rate that reaches `peak` after a tenth of all steps and falls linearly to zero from there."""
    warm = steps / 10
    return peak * min((step + 1) / warm, (steps - step) / (steps - warm))
