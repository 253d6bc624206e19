"""Table 1 of Perez et al.: `python -m experiments.table1 --data DIR` trains, fine-tunes and evaluates VGG-16 on CIFAR-10.

Every stage can be stopped and resumed: run the same line again. A GPU is used for training where there is one; evaluation
runs on the CPU. `--model resnet20` takes the weights that come with keycam; `--quick` checks the whole path in minutes.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from experiments.command import Data, Out, Quick, Seed, line_of_this_run, places, run
from experiments.eavesdropper import FINE_TUNING_LEARNING_RATE, fine_tuned_row
from experiments.keyed_accuracy import POLICIES, keyed_column
from experiments.provenance import commit, data_card, hardware, versions
from experiments.published import TABLE_1
from experiments.record import Record, write
from experiments.side_by_side import print_side_by_side
from experiments.trained import recipe, trained, training_epochs
from inference.datasets import load_cifar10
from inference.models import model_for
from inference.training import TrainingPlan

QUICK_PICTURES = 200
DEFAULT_EPOCHS = 100


def experiment(
    data: Data,
    out: Out = Path("runs/table1"),
    model: Annotated[str, typer.Option(help="Network: vgg16 as published, resnet20 or preresnet110.")] = "vgg16",
    weights: Annotated[Path | None, typer.Option(help="Weights of the plain network; otherwise it is trained.")] = None,
    epochs: Annotated[int | None, typer.Option(help=f"Of plain training, {DEFAULT_EPOCHS} by default.", min=1)] = None,
    fine_tuning_epochs: Annotated[int, typer.Option(help="Of fine-tuning on keyed pictures; 0 leaves it out.", min=0)] = 30,
    fine_tuning_pictures: Annotated[int | None, typer.Option(help="Of 50,000; by default all.", min=2)] = None,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Table 1: one classifier plain, keyed, with a wrong key, and fine-tuned on keyed pictures."""
    began_at = commit()
    model = model_for("cifar10", model)
    model = "resnet20" if quick else model
    epochs = training_epochs(epochs, DEFAULT_EPOCHS, model, weights)
    where = places(out, quick, model)
    folder = where.stages
    training, test = (load_cifar10(split, data) for split in ("train", "test"))
    pupils = training.first(fine_tuning_pictures)
    if quick:
        fine_tuning_epochs, pupils, test = min(1, fine_tuning_epochs), training.first(QUICK_PICTURES), test.first(QUICK_PICTURES)
    plan = TrainingPlan(model=model, epochs=epochs, small_crop_epochs=0, peak_learning_rate=0.1, seed=seed)
    plain = trained(plan, training, folder, weights)
    figures: dict[str, dict[str, float]] = {}
    predictions: dict[str, str] = {}
    remarks, wall_s = {"plain": plain.origin}, plain.wall_s
    for policy in POLICIES:
        keyed = keyed_column(plain.network, test, policy, seed, folder)
        figures[policy], predictions["plain"], wall_s = keyed["figures"], keyed["plain"], wall_s + keyed["wall_s"]
        remarks[f"with key, {policy}"] = f"{keyed['different']} of {2 * len(test):,} predictions differ from plain"
    if fine_tuning_epochs:
        again = replace(plan, epochs=fine_tuning_epochs, peak_learning_rate=FINE_TUNING_LEARNING_RATE)
        for policy in POLICIES:
            tuned = fine_tuned_row(plain.network, again, pupils, test, policy, folder)
            figures[policy]["fine-tuned"], wall_s = tuned["figure"], wall_s + tuned["wall_s"]
            remarks[f"fine-tuned, {policy}"] = f"{tuned['how']}: {recipe(again)}"
    record = Record(
        experiment=f"table1-{model}", command=line_of_this_run(), figures=figures, seed=seed,
        data=data_card("CIFAR-10 test", test), wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(),
        versions=versions(), remarks=remarks, predictions=predictions,
    )  # fmt: skip
    file = write(record, where.record)
    print_side_by_side(TABLE_1, record, model)
    print(f"wrote {file}")


if __name__ == "__main__":
    run(experiment)
