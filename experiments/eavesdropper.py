"""A network trained on what the link carries, without a key, by someone who has the labels: what there is to learn."""

import copy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adc import Geometry, KeySchedule, ReadoutPolicy
from experiments.keyed_accuracy import POLICIES
from experiments.provenance import data_card
from experiments.stage import stage
from inference.datasets import LabelledImages
from inference.keyed.positions import take_positions
from inference.models.state import weights_digest
from inference.training import EpochReport, TrainingPlan, train
from inference.training.checkpoint import finished_epochs
from keycam.progress import progress

FINE_TUNING_LEARNING_RATE = 0.02
"""At its highest, for a network that was trained already."""
FIRST_TEST_COUNTER = 2**40
"""Far behind all frames of any training: what is tested was never seen under the same frame key, unless the order is static."""


@dataclass(eq=False)
class Emission:
    """The camera's emitted frames of pictures, taken for pictures: pixels in emission order and, where it has one, the mask on.

    Attributes
    ----------
    counter
        Of the next frame.
    """

    schedule: KeySchedule
    size: int
    counter: int = 0

    def __call__(self, pictures: Tensor) -> Tensor:
        """Emit (N, 3, size, size) in 0..1, codes of an 8-bit sensor over 255; the same shape and range comes back."""
        geometry = Geometry(self.size, self.size, bits=8, cfa="rgb")
        keys = [self.schedule.frame_key(self.counter + number, geometry) for number in range(len(pictures))]
        self.counter += len(pictures)
        order = torch.from_numpy(np.stack([key.order for key in keys]).astype(np.int64)).to(pictures.device)
        emitted = take_positions(pictures, order)
        masks = [key.mask for key in keys]
        if masks[0] is None:
            return emitted
        mask = torch.from_numpy(np.stack([m for m in masks if m is not None]).astype(np.int64)).to(pictures.device)
        codes = (emitted * 255).round().long() + mask.view(len(pictures), self.size, self.size, 3).permute(0, 3, 1, 2)
        return (codes % 256).float() / 255


def fine_tuned_row(
    network: nn.Module, plan: TrainingPlan, images: LabelledImages, test: LabelledImages, policy: str, folder: Path
) -> dict[str, Any]:
    """What a copy of `network` sees in emitted frames after training on them: "figure" in percent, and "how".

    It stays in `folder` and is taken from there for the same weights, plan and pictures; a training goes on where it stopped.
    """
    pupil, name = copy.deepcopy(network), policy.replace(" ", "-")
    plan = replace(plan, fine_tuned_from=weights_digest(network))

    def found() -> dict[str, Any]:
        last = fine_tune(pupil, plan, images, POLICIES[policy], folder / f"fine-tuned-{name}.checkpoint")
        right = classes_of_emitted(pupil, test, POLICIES[policy], plan.seed).numpy() == test.labels
        how = (
            f"{len(images):,} pictures, cropped and mirrored before the camera; {last.training_accuracy:.1%} of the last epoch's"
        )
        return {"figure": 100 * float(right.mean()), "how": f"{how} were right; {last.seconds:.0f} s an epoch"}

    cards = {"pupils": data_card("CIFAR-10 train", images), "data": data_card("CIFAR-10 test", test)}
    return stage(folder / f"fine-tuned-{name}.json", {**asdict(plan), **cards}, found)


def fine_tune(
    network: nn.Module, plan: TrainingPlan, images: LabelledImages, policy: ReadoutPolicy, checkpoint: Path
) -> EpochReport:
    """Train `network` in place on emitted frames of `images`, cropped and mirrored before the camera, as in plain training.

    Stopped at any time and called again, it goes on from `checkpoint`, under the same keys, which follow from the plan's seed.
    """
    emission = Emission(eavesdropped(policy, plan.seed), images.images.shape[1], finished_epochs(checkpoint) * len(images))
    reports = train(network, plan, images, checkpoint, lambda pictures: network(emission(pictures)))
    *_, last = progress(reports, "fine-tuning", plan.epochs, lambda report: report.epoch)
    return last


@torch.inference_mode()
def classes_of_emitted(
    network: nn.Module, images: LabelledImages, policy: ReadoutPolicy, seed: int, batch_size: int = 250
) -> Tensor:
    """The classes, int64 (N,), that the network sees in emitted frames of `images`, on the CPU."""
    emission = Emission(eavesdropped(policy, seed), images.images.shape[1], FIRST_TEST_COUNTER)
    network = network.cpu().eval()
    answers = []
    for start in range(0, len(images), batch_size):
        pictures = torch.from_numpy(images.images[start : start + batch_size]).permute(0, 3, 1, 2).float() / 255
        answers.append(network(emission(pictures)).argmax(1))
    return torch.cat(answers)


def eavesdropped(policy: ReadoutPolicy, seed: int) -> KeySchedule:
    """The camera that is listened to."""
    return KeySchedule(np.random.default_rng(seed).bytes(32), device="eavesdropped", policy=policy)
