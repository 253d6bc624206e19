"""The inverse-network attack of Ito et al.: a U-Net learns from pairs to turn what is sent back into pictures.

The attacker has the transformation (or the camera under its key) to make pairs with. It runs on the pictures of any scheme.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from inference.training import EpochReport
from inference.training.descent import Batches, Lesson, descend, to_best_device
from privacy.transformation.training import stepped

Pictures = NDArray[np.uint8]
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


def invert(network: nn.Module, plan: InversePlan, seen: Pictures, scenes: Pictures, folder: Path) -> Iterator[EpochReport]:
    """Train `network` in place to turn `seen` into `scenes`, both uint8 (N, H, W, 3), and leave it with the weights of the
    lowest validation loss. Resumable from `folder`. Raises `ValueError` for fewer than 20 pairs, and what `descend` raises.
    """
    if seen.shape != scenes.shape or len(seen) < 20:
        raise ValueError(f"pairs = {seen.shape} and {scenes.shape}: allowed is 20 pairs or more of one shape")
    device = to_best_device(network)
    held = len(seen) // 10
    chosen = np.random.default_rng(plan.seed).permutation(len(seen))
    validation, training = chosen[:held], chosen[held:]
    best, best_loss = folder / "best.safetensors", float("inf")
    checkpoint = folder / "inverse.checkpoint"
    if best.exists() and checkpoint.exists():
        best_loss = float(load_file(best)["validation_loss"])

    def batches(epoch: int) -> Batches:
        return _Pairs(seen, scenes, training, plan, epoch)

    lesson = Lesson(
        run={**asdict(plan), "sent_sha256": hashlib.sha256(seen.tobytes()).hexdigest()[:12]},
        epochs=plan.epochs, batches=batches, loss=nn.functional.mse_loss,
        learning_rate=lambda step, steps: stepped(step, steps, plan.learning_rate),
        hits=lambda scores, target: torch.tensor(0, device=device),
    )  # fmt: skip
    optimiser = torch.optim.SGD(network.parameters(), lr=0.0, momentum=0.9, weight_decay=5e-4)
    for report in descend(network, lesson, optimiser, checkpoint):
        loss = float(squared_errors(network, seen[validation], scenes[validation]).mean())
        network.train()
        if loss < best_loss:
            best_loss = loss
            state = {name: tensor.cpu().contiguous() for name, tensor in network.state_dict().items()}
            save_file({**state, "validation_loss": torch.tensor(loss)}, best)
        yield report
    kept = load_file(best)
    del kept["validation_loss"]
    network.load_state_dict(kept)
    network.eval()


@torch.inference_mode()
def squared_errors(network: nn.Module, seen: Pictures, scenes: Pictures, batch_size: int = 250) -> Tensor:
    """Mean square error of each recovered picture, (N,), for values in 0..1."""
    network.eval()
    device, found = next(network.parameters()).device, []
    for start in range(0, len(seen), batch_size):
        guess = network(as_pictures(seen[start : start + batch_size]).to(device)).float().cpu()
        found.append((guess - as_pictures(scenes[start : start + batch_size])).square().mean((1, 2, 3)))
    return torch.cat(found)


def psnr_db(errors: Tensor) -> NDArray[np.float64]:
    """Peak signal-to-noise ratios, dB, of mean square errors (N,) for values in 0..1; at most `MOST_PSNR_DB`."""
    return (-10 * errors.double().clamp_min(10 ** (-MOST_PSNR_DB / 10)).log10()).numpy()


def as_pictures(codes: Pictures) -> Tensor:
    """Codes uint8 (N, H, W, 3) as pictures float32 (N, 3, H, W) in 0..1."""
    return torch.from_numpy(codes).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def transformed(network: nn.Module, codes: Pictures, batch_size: int = 250) -> Pictures:
    """What the user sends: h(x) in 8 bits, uint8 (N, H, W, 3)."""
    network.eval()
    device, found = next(network.parameters()).device, []
    for start in range(0, len(codes), batch_size):
        sent = network(as_pictures(codes[start : start + batch_size]).to(device)).float()
        found.append((sent * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())
    return np.concatenate(found)


class _Pairs:
    """An epoch's pairs, each mirrored by a coin."""

    def __init__(self, seen: Pictures, scenes: Pictures, chosen: NDArray[np.int64], plan: InversePlan, epoch: int) -> None:
        rng = np.random.default_rng((plan.seed, epoch))
        order = rng.permutation(chosen)
        # Batch norm needs more than one picture.
        size = plan.batch_size
        self._batches = [part for start in range(0, len(order), size) if len(part := order[start : start + size]) > 1]
        self._seen, self._scenes, self._mirrored = seen, scenes, rng.random(len(seen)) < 0.5

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for index in self._batches:
            flip = torch.from_numpy(self._mirrored[index])[:, None, None, None]
            pair = (as_pictures(codes[index]) for codes in (self._seen, self._scenes))
            pictures, target = (torch.where(flip, x.flip(-1), x) for x in pair)
            yield pictures, target
