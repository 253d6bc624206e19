"""Table 2 of Perez et al.: `python -m experiments.table2 --data DIR` trains PreResNet-110 and evaluates it with its key.

The peers' figures beside it are the published ones. Every stage can be stopped and resumed; a GPU is used for training where
there is one; evaluation runs on the CPU. `--quick` takes ResNet-20 and checks the whole path in minutes.
"""

from pathlib import Path
from typing import Annotated

import typer

from experiments.command import Data, Out, Quick, Seed, run
from experiments.keyed_accuracy import keyed_column
from experiments.provenance import commit, data_card, hardware, versions
from experiments.published import TABLE_2
from experiments.record import RESULTS, Record, write
from experiments.side_by_side import print_side_by_side
from experiments.trained import trained
from inference.datasets import load_cifar10
from inference.training import TrainingPlan
from keycam.atomic_file import make_folder

QUICK_PICTURES = 200


def experiment(
    data: Data,
    out: Out = Path("runs/table2"),
    weights: Annotated[Path | None, typer.Option(help="Weights of PreResNet-110; otherwise it is trained.")] = None,
    epochs: Annotated[int, typer.Option(help="Of its training.", min=1)] = 200,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Table 2: PreResNet-110 with its key."""
    began_at = commit()
    model = "resnet20" if quick else "preresnet110"
    folder = out / model
    make_folder(folder, "out")
    training, test = (load_cifar10(split, data) for split in ("train", "test"))
    test = test.first(QUICK_PICTURES) if quick else test
    plan = TrainingPlan(model=model, epochs=epochs, small_crop_epochs=0, peak_learning_rate=0.1, seed=seed)
    plain = trained(plan, training, folder, weights)
    figures: dict[str, dict[str, float]] = {}
    predictions: dict[str, str] = {}
    remarks, wall_s = {"plain": plain.origin}, plain.wall_s
    for policy in ("paper", "secure"):
        keyed = keyed_column(plain.network, test, policy, seed, folder)
        figures[policy] = {model: keyed["figures"]["with key, every layer"]}
        predictions["plain"], wall_s = keyed["plain"], wall_s + keyed["wall_s"]
        remarks[f"with key, {policy}"] = f"{keyed['different']} of {2 * len(test):,} predictions differ from plain"
    record = Record(
        experiment=f"table2-{model}", command="python -m experiments.table2 --data DIR", figures=figures, seed=seed,
        data=data_card("CIFAR-10 test", test), wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(),
        versions=versions(), remarks=remarks, predictions=predictions,
    )  # fmt: skip
    file = write(record, out if quick else RESULTS)
    print_side_by_side(TABLE_2, record, model)
    print(f"wrote {file}")


if __name__ == "__main__":
    run(experiment)
