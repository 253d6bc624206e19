"""The inverse-network attack of Ito et al.: a U-Net learns from pairs to turn what is sent back into pictures.

The attacker has the transformation (or the camera under its key) to make pairs with. It runs on the pictures of any scheme.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference.training import EpochReport
from inference.training.checkpoint import resume
from inference.training.descent import Batches, Lesson, descend, to_best_device
from privacy.transformation.best_weights import BestWeights
from privacy.transformation.pairs import Codes, EpochPairs, Pairs, Pictures, as_pictures

MOST_PSNR_DB = 100.0
"""Of a picture that was recovered to the last bit, whose ratio is infinite."""


@dataclass(frozen=True)
class InversePlan:
    """How the inverse network is trained: the published recipe, with a tenth of the pairs kept for validation."""

    width: int = 64
    epochs: int = 200
    batch_size: int = 128
    learning_rate: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"epochs = {self.epochs}: allowed is 1 or more")
        if self.batch_size < 2:
            raise ValueError(f"batch_size = {self.batch_size}: allowed is 2 or more")


def invert(network: nn.Module, plan: InversePlan, pairs: Pairs, folder: Path) -> Iterator[EpochReport]:
    """Train `network` in place to turn what is sent into scenes, and leave it with the weights of the lowest validation loss,
    on a tenth of the pairs. Resumable from `folder`, to the same weights. Raises `CheckpointError` for damaged best weights
    there, and what `descend` raises.
    """
    device = to_best_device(network)
    held = len(pairs) // 10
    chosen = np.random.default_rng(plan.seed).permutation(len(pairs))
    validation, training = chosen[:held], chosen[held:]
    checkpoint, best = folder / "inverse.checkpoint", BestWeights(folder / "best.safetensors")

    def batches(epoch: int) -> Batches:
        return EpochPairs(pairs, training, plan.batch_size, np.random.default_rng((plan.seed, epoch)))

    def validate() -> None:
        best.consider(network, float(squared_errors(network, pairs.seen[validation], pairs.scenes[validation]).mean()))
        network.train()

    lesson = Lesson(
        run={**asdict(plan), "sent_sha256": pairs.sent_sha256},
        epochs=plan.epochs, batches=batches, loss=nn.functional.mse_loss,
        learning_rate=lambda step, steps: stepped(step, steps, plan.learning_rate),
        hits=lambda scores, target: torch.tensor(0, device=device),
    )  # fmt: skip
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9, weight_decay=5e-4)
    if resume(checkpoint, lesson.run, network, optimiser) is None:
        best.forget()
    else:
        best.take_up(network)
        validate()  # it may have been stopped between this checkpoint and its validation
    for report in descend(network, lesson, optimiser, checkpoint):
        validate()
        yield report
    best.load_into(network)
    network.eval()


def stepped(step: int, steps: int, first: float) -> float:
    """`first`, times 0.2 after each of 60, 120 and 160 of 200 parts of the training (Ito et al.)."""
    return first * 0.2 ** sum(step >= share * steps for share in (0.3, 0.6, 0.8))


@torch.inference_mode()
def squared_errors(network: nn.Module, seen: Codes, scenes: Pictures, batch_size: int = 250) -> Tensor:
    """Mean square error of each recovered picture, (N,), for values in 0..1, computed where `network` lies."""
    network.eval()
    device, found = next(network.parameters()).device, []
    for start in range(0, len(seen), batch_size):
        guess = network(as_pictures(seen[start : start + batch_size]).to(device)).float().cpu()
        found.append((guess - as_pictures(scenes[start : start + batch_size])).square().mean((1, 2, 3)))
    return torch.cat(found)


def psnr_db(errors: Tensor) -> NDArray[np.float64]:
    """Peak signal-to-noise ratios, dB, of mean square errors (N,) for values in 0..1; at most `MOST_PSNR_DB`."""
    return (-10 * errors.double().clamp_min(10 ** (-MOST_PSNR_DB / 10)).log10()).numpy()


@torch.inference_mode()
def transformed(network: nn.Module, codes: Pictures, batch_size: int = 250) -> Pictures:
    """What the user sends: h(x) in 8 bits, uint8 (N, H, W, 3)."""
    network.eval()
    device, found = next(network.parameters()).device, []
    for start in range(0, len(codes), batch_size):
        sent = network(as_pictures(codes[start : start + batch_size]).to(device)).float()
        found.append((sent * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())
    return np.concatenate(found)
