"""What a classifier answers for the same pictures plain, keyed, with a wrong key and without a key."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adc import PAPER, SECURE, KeySchedule, ReadoutPolicy
from experiments.provenance import data_card
from experiments.stage import stage
from inference.datasets import LabelledImages
from inference.models.state import weights_digest
from keycam.captured import captured
from keycam.evaluation_plan import SHUFFLES
from keycam.picture_frames import AdcFrames
from keycam.progress import progress
from keycam.ways import Ways

ROWS = {
    "plain": "plain",
    "unkeyed": "unkeyed",
    "keyed_input": "with key, input",
    "keyed_every_layer": "with key, every layer",
    "wrong_key": "wrong key",
}
"""What the published table calls the ways to run a network."""
POLICIES = {"paper": PAPER, "fresh order": ReadoutPolicy(mask=False), "secure": SECURE}
"""One static order, as published; a fresh order for each frame; and a mask on top of that, keycam's own."""


@dataclass(frozen=True, eq=False)
class Answers:
    """The classes that a network answered, int64 (N,), by way, and the true ones."""

    classes: dict[str, Tensor]
    truth: Tensor

    def percentages(self) -> dict[str, float]:
        """Accuracy in percent, by row of the published table."""
        return {ROWS[way]: 100 * int((found == self.truth).sum()) / len(self.truth) for way, found in self.classes.items()}

    def different(self) -> int:
        """How many answers with the key are other ones than the plain network's, in both modes together."""
        plain = self.classes["plain"]
        return sum(int((found != plain).sum()) for way, found in self.classes.items() if way.startswith("keyed"))


def keyed_answers(network: nn.Module, images: LabelledImages, policy: ReadoutPolicy, seed: int, batch_size: int = 250) -> Answers:
    """Send the pictures through the keyed camera under `policy`, each as a frame of its own, and classify them in every way.

    It runs on the CPU in single precision, wherever the network was trained, so that a figure depends on no GPU. All keys
    follow from `seed`: these frames protect nothing.
    """
    rng = np.random.default_rng(seed)
    schedule = KeySchedule(rng.bytes(32), device="experiment", policy=policy)
    network = network.cpu().float().eval().to(memory_format=torch.channels_last)
    ways = Ways.of(network, torch.zeros(1, 3, *images.images.shape[1:3]), SHUFFLES["both"], schedule)
    found: dict[str, list[Tensor]] = {way: [] for way in ways.names}
    batches = captured(AdcFrames(images.images), len(images), schedule, batch_size, rng.bytes)
    with torch.inference_mode():
        for batch in progress(batches, "evaluating", -(-len(images) // batch_size)):
            for way, parts in found.items():
                parts.append(ways.run(way, batch)[0].argmax(1))
    return Answers({way: torch.cat(parts) for way, parts in found.items()}, torch.from_numpy(images.labels))


def keyed_column(network: nn.Module, images: LabelledImages, policy: str, seed: int, folder: Path) -> dict[str, Any]:
    """What a table says of `network` under one of `POLICIES`: "figures" by row, "different", and the digits of "plain".

    It stays in `folder` and is taken from there for the same weights, pictures and seed.
    """

    def found() -> dict[str, Any]:
        answers = keyed_answers(network, images, POLICIES[policy], seed)
        plain = "".join(map(str, answers.classes["plain"].tolist()))
        return {"figures": answers.percentages(), "different": answers.different(), "plain": plain}

    settings = {"seed": seed, "weights": weights_digest(network), "data": data_card("CIFAR-10 test", images)}
    return stage(folder / f"keyed-{policy.replace(' ', '-')}.json", settings, found)
