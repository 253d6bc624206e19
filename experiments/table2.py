"""Table 2 of Perez et al.: `python -m experiments.table2 --data DIR` trains PreResNet-110 and evaluates it with its key.

The ResNet-20 that comes with keycam is evaluated beside it; the peers' figures are the published ones. Every stage can be
stopped and resumed; a GPU is used for training where there is one; evaluation runs on the CPU. `--quick` takes ResNet-20 and
checks the whole path in minutes.
"""

from pathlib import Path
from typing import Annotated

import typer

from experiments.command import Data, Out, Quick, Seed, line_of_this_run, places, run
from experiments.keyed_accuracy import keyed_column
from experiments.provenance import commit, data_card, hardware, versions
from experiments.published import TABLE_2
from experiments.record import Record, write
from experiments.side_by_side import print_side_by_side
from experiments.trained import trained, training_epochs
from inference.datasets import load_cifar10
from inference.models import load
from inference.training import TrainingPlan

QUICK_PICTURES = 200
DEFAULT_EPOCHS = 200


def experiment(
    data: Data,
    out: Out = Path("runs/table2"),
    weights: Annotated[Path | None, typer.Option(help="Weights of PreResNet-110; otherwise it is trained.")] = None,
    epochs: Annotated[int | None, typer.Option(help=f"Of its training, {DEFAULT_EPOCHS} by default.", min=1)] = None,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Table 2: PreResNet-110 with its key, and ResNet-20."""
    began_at = commit()
    model = "resnet20" if quick else "preresnet110"
    epochs = training_epochs(epochs, DEFAULT_EPOCHS, model, weights)
    where = {name: places(out, quick, name) for name in (model, "resnet20")}
    training, test = (load_cifar10(split, data) for split in ("train", "test"))
    test = test.first(QUICK_PICTURES) if quick else test
    plan = TrainingPlan(model=model, epochs=epochs, small_crop_epochs=0, peak_learning_rate=0.1, seed=seed)
    plain = trained(plan, training, where[model].stages, weights)
    networks = {model: plain.network} if quick else {model: plain.network, "resnet20": load("resnet20")}
    figures: dict[str, dict[str, float]] = {}
    predictions: dict[str, str] = {}
    remarks, wall_s = {"plain": plain.origin}, plain.wall_s
    for policy in ("paper", "secure"):
        figures[policy] = {}
        for name, network in networks.items():
            keyed = keyed_column(network, test, policy, seed, where[name].stages)
            figures[policy][name] = keyed["figures"]["with key, every layer"]
            predictions[name], wall_s = keyed["plain"], wall_s + keyed["wall_s"]
            remarks[f"{name} with key, {policy}"] = f"{keyed['different']} of {2 * len(test):,} predictions differ from plain"
    record = Record(
        experiment=f"table2-{model}", command=line_of_this_run(), figures=figures, seed=seed,
        data=data_card("CIFAR-10 test", test), wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(),
        versions=versions(), remarks=remarks, predictions=predictions,
    )  # fmt: skip
    file = write(record, where[model].record)
    print_side_by_side(TABLE_2, record, model)
    print(f"wrote {file}")


if __name__ == "__main__":
    run(experiment)
