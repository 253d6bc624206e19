"""A small network trained on each scheme's images, without its key: `python -m experiments.scheme_training --data DIR`.

This is how the peers' schemes are meant to be used: whoever trains and asks has the classes and never the key. A fresh ResNet-20
for each scheme learns on pictures that were cropped and mirrored, then encrypted, and is tested on encrypted pictures that it
never saw; the budget is the same for all, and so is the network, without the adaptation layers that some of the papers add for
their own scheme. Every stage can be stopped and resumed: run the same line again. A GPU is used where there is one. `--quick`
checks the whole path in minutes.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from torch import Tensor

from experiments.accuracy_bars import accuracy_columns, draw_bars
from experiments.command import Data, Out, Quick, Seed, line_of_this_run, places, run
from experiments.own_tables import SCHEME_TRAINING, print_own
from experiments.provenance import commit, data_card, hardware, versions
from experiments.record import Record, write
from experiments.schemes import classes
from experiments.stage import stage
from experiments.trained import recipe
from inference.datasets import LabelledImages, load_cifar10
from inference.models import build
from inference.training import TrainingPlan, train
from inference.training.checkpoint import finished_epochs
from keycam.progress import progress
from privacy.schemes import SCHEMES, Scheme, make_scheme

PLAIN = "keycam-raster"
"""Frames in raster order without a mask are plain pictures: what the same budget gives where nothing is hidden."""
FIRST_TEST_IMAGE = 2**40
"""Far behind all pictures of any training: where each picture has a key, those of the test were never used before."""
QUICK_PICTURES = 100
TEST_BATCH = 500


def experiment(
    data: Data,
    out: Out = Path("runs/scheme-training"),
    epochs: Annotated[int, typer.Option(help="Of the training on each scheme's images.", min=1)] = 20,
    images: Annotated[int | None, typer.Option(help="Of 50,000 training pictures; by default all.", min=2)] = None,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Accuracy without a key of one small network that was trained on each scheme's images."""
    began_at = commit()
    where = places(out, quick)
    training, test = (load_cifar10(split, data) for split in ("train", "test"))
    training = training.first(QUICK_PICTURES if quick else images)
    if quick:
        epochs, test = 1, test.first(QUICK_PICTURES)
    plan = TrainingPlan(epochs=epochs, small_crop_epochs=0, seed=seed)
    names = [PLAIN, *(name for name in SCHEMES if name != PLAIN)]
    percents: dict[str, float] = {}
    remarks, wall_s = {}, 0.0
    for name in names:
        found = trained_on(name, plan, training, test, where.stages)
        kind = f"{name} (plain pictures)" if name == PLAIN else name
        percents[kind], remarks[kind], wall_s = found["figure"], found["how"], wall_s + found["wall_s"]
    remarks["budget of each"] = f"{len(training):,} pictures, {recipe(plan)}"
    record = Record(
        experiment=SCHEME_TRAINING.experiment, command=line_of_this_run(), figures=accuracy_columns(percents, test),
        seed=seed, data=data_card("CIFAR-10 test", test), wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(),
        versions=versions(), remarks=remarks,
    )  # fmt: skip
    file = write(record, where.record)
    print_own(SCHEME_TRAINING, record)
    print(f"wrote {file}")
    picture = where.figures / SCHEME_TRAINING.picture
    print(f"wrote {draw_bars(record, 'test accuracy on encrypted pictures, without a key, %', picture)}")


def trained_on(name: str, plan: TrainingPlan, images: LabelledImages, test: LabelledImages, folder: Path) -> dict[str, Any]:
    """What a fresh network sees in the images of scheme `name` after training on them: "figure" in percent, and "how".

    It stays in `folder` and is taken from there for the same plan and pictures; a training goes on where it stopped.
    """
    side, checkpoint = images.images.shape[1], folder / f"{name}.checkpoint"

    def found() -> dict[str, Any]:
        scheme = make_scheme(name, np.random.default_rng(plan.seed), (side, side))
        torch.manual_seed(plan.seed)
        network = build(plan.model)
        encrypted = Encrypted(scheme, finished_epochs(checkpoint) * len(images))
        reports = train(network, plan, images, checkpoint, lambda pictures: network(encrypted(pictures)))
        *_, last = progress(reports, f"training, {name}", plan.epochs, lambda report: report.epoch)
        network.cpu().eval()
        right = 0
        for start in range(0, len(test), TEST_BATCH):
            sent = scheme.encrypt(test.images[start : start + TEST_BATCH], FIRST_TEST_IMAGE + start)
            right += int((classes(network, sent.samples).numpy() == test.labels[start : start + TEST_BATCH]).sum())
        how = f"{last.training_accuracy:.1%} of the last epoch's were right; {last.seconds:.0f} s an epoch"
        return {"figure": 100 * right / len(test), "how": how}

    cards = {"pupils": data_card("CIFAR-10 train", images), "data": data_card("CIFAR-10 test", test)}
    return stage(folder / f"{name}.json", {**asdict(plan), "scheme": name, **cards}, found)


class Encrypted:
    """What travels of pictures under one scheme, taken for pictures.

    Parameters
    ----------
    scheme
        With its key.
    first
        Number of the next picture.
    """

    def __init__(self, scheme: Scheme, first: int) -> None:
        self._scheme, self._next = scheme, first

    def __call__(self, pictures: Tensor) -> Tensor:
        """Encrypt (N, 3, H, W) in 0..1, codes of 8 bits over 255; the same shape comes back, its highest code as 1."""
        codes = (pictures * 255).round().byte().permute(0, 2, 3, 1).cpu().contiguous().numpy()
        samples = self._scheme.encrypt(codes, self._next).samples
        self._next += len(pictures)
        white = float(np.iinfo(samples.dtype).max)
        return torch.from_numpy(samples.astype(np.float32) / white).permute(0, 3, 1, 2).to(pictures.device)


if __name__ == "__main__":
    run(experiment)
