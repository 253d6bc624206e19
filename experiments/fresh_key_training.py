"""What an eavesdropper with labels could learn: `python -m experiments.fresh_key_training --data DIR`.

Copies of the ResNet-20 that comes with keycam are trained on emitted frames without a key: in the paper's static order, in a
fresh order for each frame, and with a fresh mask on top of that, the same budget for each, and tested on frames of the same kind
that none of them saw. Every stage can be stopped and resumed: run the same line again. A GPU is used where there is one.
`--quick` checks the whole path in minutes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from scipy.stats import binomtest

from experiments.command import Data, Out, Quick, Seed, run
from experiments.eavesdropper import FINE_TUNING_LEARNING_RATE, fine_tuned_row
from experiments.own_tables import FRESH_KEY_TRAINING, print_own
from experiments.provenance import commit, data_card, hardware, versions
from experiments.record import RESULTS, Record, write
from experiments.trained import recipe
from inference.datasets import LabelledImages, load_cifar10
from inference.models import load
from inference.training import TrainingPlan
from keycam.atomic_file import make_folder, whole_file
from keycam.train_classes import accuracy_on
from privacy.scoring.chance import CONFIDENCE

FIGURES = Path(__file__).parents[1] / "docs"
KINDS = {
    "paper": "static order, no mask (paper)",
    "fresh order": "fresh order, no mask",
    "secure": "fresh order, fresh mask (secure)",
}
ACCURACY, LOW, HIGH, CHANCE = "test accuracy", "95 % interval, from", "to", "by chance"
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
    make_folder(out, "out")
    training, test = (load_cifar10(split, data) for split in ("train", "test"))
    training = training.first(QUICK_PICTURES if quick else images)
    if quick:
        epochs, test = 1, test.first(QUICK_PICTURES)
    network = load("resnet20")
    plan = TrainingPlan(epochs=epochs, small_crop_epochs=0, peak_learning_rate=FINE_TUNING_LEARNING_RATE, seed=seed)
    figures: dict[str, dict[str, float]] = {ACCURACY: {}, LOW: {}, HIGH: {}, CHANCE: {}}
    remarks, wall_s = {"the same network on plain pictures": f"{accuracy_on(network, test):.2%}"}, 0.0
    for policy, kind in KINDS.items():
        tuned = fine_tuned_row(network, plan, training, test, policy, out)
        figures[ACCURACY][kind], wall_s = tuned["figure"], wall_s + tuned["wall_s"]
        figures[LOW][kind], figures[HIGH][kind] = interval(tuned["figure"], len(test))
        figures[CHANCE][kind] = chance_percent(test)
        remarks[kind] = tuned["how"]
    remarks["budget of each"] = recipe(plan)
    record = Record(
        experiment=FRESH_KEY_TRAINING.experiment, command=FRESH_KEY_TRAINING.command, figures=figures, seed=seed,
        data=data_card("CIFAR-10 test", test), wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(),
        versions=versions(), remarks=remarks,
    )  # fmt: skip
    file = write(record, out if quick else RESULTS)
    print_own(FRESH_KEY_TRAINING, record)
    print(f"wrote {file}")
    print(f"wrote {draw(record, (out if quick else FIGURES) / FRESH_KEY_TRAINING.picture)}")


def interval(percent: float, pictures: int) -> tuple[float, float]:
    """The confidence interval of a share of right answers, % (Clopper, Pearson 1934: exact for the binomial distribution)."""
    found = binomtest(round(percent / 100 * pictures), pictures).proportion_ci(CONFIDENCE, "exact")
    return 100 * float(found.low), 100 * float(found.high)


def chance_percent(test: LabelledImages) -> float:
    """How often the best answer without a look at the picture is right, %: that of the most frequent class."""
    classes = test.labels.tolist()
    return 100 * max(classes.count(each) for each in set(classes)) / len(classes)


def draw(record: Record, file: Path) -> Path:
    """Draw a bar with its interval for each kind of frames into `file` (PNG) and return it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.0), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    kinds = list(record.figures[ACCURACY])
    percents, lows, highs = (_values(record, name, kinds) for name in (ACCURACY, LOW, HIGH))
    below, above = ([abs(p - edge) for p, edge in zip(percents, edges, strict=True)] for edges in (lows, highs))
    ax.barh(kinds, percents, xerr=[below, above], height=0.55, color="#3b82d6", error_kw={"capsize": 3})
    for place, (percent, high) in enumerate(zip(percents, highs, strict=True)):
        ax.text(high + 1, place, f"{percent:.1f} %", va="center", fontsize=9)
    ax.axvline(record.figures[CHANCE][kinds[0]], color="#5b6672", linestyle=":", label="by chance")
    ax.invert_yaxis()
    ax.set(xlim=(0, 100), xlabel="test accuracy without a key, %")
    ax.grid(True, axis="x", color="#e5e8ec")
    ax.set_axisbelow(True)
    ax.legend(loc="lower right")
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished, format="png")
    return file


def _values(record: Record, column: str, rows: Sequence[str]) -> list[float]:
    return [record.figures[column][row] for row in rows]


if __name__ == "__main__":
    run(experiment)
