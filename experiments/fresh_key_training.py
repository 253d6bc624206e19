"""What an eavesdropper with labels could learn: `python -m experiments.fresh_key_training --data DIR`.

Copies of the ResNet-20 that comes with keycam are trained on emitted frames without a key: in the paper's static order, in a
fresh order for each frame, and with a fresh mask on top of that, the same budget for each, and tested on frames of the same kind
that none of them saw. Every stage can be stopped and resumed: run the same line again. A GPU is used where there is one.
`--quick` checks the whole path in minutes.
"""

from pathlib import Path
from typing import Annotated

import typer

from experiments.accuracy_bars import accuracy_columns, draw_bars
from experiments.command import Data, Out, Quick, Seed, line_of_this_run, places, run
from experiments.eavesdropper import FINE_TUNING_LEARNING_RATE, fine_tuned_row
from experiments.own_tables import FRESH_KEY_TRAINING, print_own
from experiments.provenance import commit, data_card, hardware, versions
from experiments.record import Record, write
from experiments.trained import recipe
from inference.datasets import load_cifar10
from inference.models import load
from inference.training import TrainingPlan
from keycam.train_classes import accuracy_on

KINDS = {
    "paper": "static order, no mask (paper)",
    "fresh order": "fresh order, no mask",
    "secure": "fresh order, fresh mask (secure)",
}
QUICK_PICTURES = 200


def experiment(
    data: Data,
    out: Out = Path("runs/fresh-key-training"),
    epochs: Annotated[int, typer.Option(help="Of fine-tuning, on each kind of frames.", min=1)] = 5,
    images: Annotated[int | None, typer.Option(help="Of 50,000 training pictures; by default all.", min=2)] = None,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Accuracy without a key of networks that were trained on emitted frames of three kinds."""
    began_at = commit()
    where = places(out, quick)
    training, test = (load_cifar10(split, data) for split in ("train", "test"))
    training = training.first(QUICK_PICTURES if quick else images)
    if quick:
        epochs, test = 1, test.first(QUICK_PICTURES)
    network = load("resnet20")
    plan = TrainingPlan(epochs=epochs, small_crop_epochs=0, peak_learning_rate=FINE_TUNING_LEARNING_RATE, seed=seed)
    percents: dict[str, float] = {}
    remarks, wall_s = {"the same network on plain pictures": f"{accuracy_on(network, test):.2%}"}, 0.0
    for policy, kind in KINDS.items():
        tuned = fine_tuned_row(network, plan, training, test, policy, where.stages)
        percents[kind], wall_s = tuned["figure"], wall_s + tuned["wall_s"]
        remarks[kind] = tuned["how"]
    remarks["budget of each"] = recipe(plan)
    record = Record(
        experiment=FRESH_KEY_TRAINING.experiment, command=line_of_this_run(),
        figures=accuracy_columns(percents, test), seed=seed, data=data_card("CIFAR-10 test", test), wall_s=round(wall_s, 1),
        commit=began_at, hardware=hardware(), versions=versions(), remarks=remarks,
    )  # fmt: skip
    file = write(record, where.record)
    print_own(FRESH_KEY_TRAINING, record)
    print(f"wrote {file}")
    picture = where.figures / FRESH_KEY_TRAINING.picture
    print(f"wrote {draw_bars(record, 'test accuracy without a key, %', picture)}")


if __name__ == "__main__":
    run(experiment)
