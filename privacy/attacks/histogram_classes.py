"""What a frame shows, told from its histogram alone by a small network that learnt it on other frames."""

from dataclasses import dataclass

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import nn

from privacy.attacks.histogram import signatures
from privacy.seen import Seen

_SHADES = 8  # values told apart in a channel, for the histogram over all channels together
_FINE = 32
_HIDDEN = 256
_BATCH = 256


@dataclass(frozen=True, eq=False)
class Classification:
    """Classes of frames, told from their histograms.

    Attributes
    ----------
    classes
        int64 (F,): the guess for each frame.
    frames
        How many labelled frames it learnt from.
    seed
        Of weights and batches.
    chance
        Share of right answers by guessing among classes equally frequent.
    """

    classes: NDArray[np.int64]
    frames: int
    seed: int
    chance: float


def classify(asked: Seen, examples: Seen, labels: NDArray[np.int64], seed: int = 0, epochs: int = 8) -> Classification:
    """Learn classes from labelled frames and tell those of other frames.

    The attacker makes the examples with pictures and keys of their own, under the policy that the header names.

    Parameters
    ----------
    labels
        int64, one for each example, 0 and up.
    """
    if labels.shape != (examples.count,):
        raise ValueError(f"labels = {labels.shape}: allowed is ({examples.count},), one for each example")
    return classify_by(histograms(asked), histograms(examples), labels, seed, epochs)


def classify_by(
    asked: NDArray[np.float32], examples: NDArray[np.float32], labels: NDArray[np.int64], seed: int = 0, epochs: int = 8
) -> Classification:
    """The same by anything that is known of frames, float32 (F, values) both."""
    mean, spread = examples.mean(0), examples.std(0) + 1e-3
    classes = int(labels.max()) + 1
    network = _learnt(torch.from_numpy((examples - mean) / spread), torch.from_numpy(labels), classes, seed, epochs)
    with torch.inference_mode():
        guess = network(torch.from_numpy((asked - mean) / spread)).argmax(1).numpy()
    return Classification(guess, len(examples), seed, 1 / classes)


def histograms(seen: Seen) -> NDArray[np.float32]:
    """Square roots of histograms, float32 (F, bins): each channel by itself, all together, and `signatures`."""
    frames = seen.frames
    channels = frames.shape[2]
    fine = (frames >> max(0, seen.bits - 5)).astype(np.uint16)
    shade = (frames >> max(0, seen.bits - 3)).astype(np.uint16)
    joint = np.zeros(frames.shape[:2], np.uint16)
    for channel in range(channels):
        joint = joint * _SHADES + shade[..., channel]
    parts = [_counts(fine[..., channel], _FINE) for channel in range(channels)] + [_counts(joint, _SHADES**channels)]
    roots = np.sqrt(np.concatenate(parts, 1) / frames.shape[1])
    return np.concatenate([roots, signatures(seen)], 1).astype(np.float32)


@njit(cache=True, nogil=True)
def _counts(values: NDArray[np.uint16], bins: int) -> NDArray[np.int64]:
    """How often each value occurs in each frame: int64 (F, bins) from (F, P)."""
    counts = np.zeros((len(values), bins), np.int64)
    for frame in range(len(values)):
        for value in values[frame]:
            counts[frame, value] += 1
    return counts


def _learnt(x: torch.Tensor, labels: torch.Tensor, classes: int, seed: int, epochs: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # the caller's generator stays as it was
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(x.shape[1], _HIDDEN), nn.BatchNorm1d(_HIDDEN), nn.ReLU(), nn.Dropout(0.4),
            nn.Linear(_HIDDEN, _HIDDEN), nn.BatchNorm1d(_HIDDEN), nn.ReLU(), nn.Dropout(0.4),
            nn.Linear(_HIDDEN, classes),
        )  # fmt: skip
        steps = epochs * -(-len(x) // _BATCH)
        optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
        for _ in range(epochs):
            for chosen in torch.randperm(len(x)).split(_BATCH):
                if len(chosen) > 1:  # one frame has no batch statistics
                    loss = nn.functional.cross_entropy(network(x[chosen]), labels[chosen], label_smoothing=0.1)
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                schedule.step()
    return network.eval()
