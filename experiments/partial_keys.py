"""Accuracy and likeness against the share of right key entries: `python -m experiments.partial_keys --data DIR`.

Test pictures of CIFAR-10 are emitted in the static order of the paper's policy and restored with keys of which a share is right;
the ResNet-20 that comes with keycam classifies them. Several keys show the spread. Every key is a stage: run the same line again
to resume. `--quick` checks the whole path in minutes.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import numpy as np
import typer
from torch import nn

from adc import PAPER, Geometry, KeySchedule
from experiments.command import Data, Out, Quick, Seed, line_of_this_run, places, run
from experiments.own_tables import PARTIAL_KEYS, print_own
from experiments.provenance import commit, data_card, hardware, versions
from experiments.record import Record, write
from experiments.stage import stage
from inference.datasets import LabelledImages, load_cifar10
from inference.models import load
from inference.models.state import weights_digest
from keycam.atomic_file import whole_file
from keycam.progress import progress
from privacy.scoring.chance import SIGNIFICANCE, share_limit
from privacy.scoring.partial_key import SHARES, partial_key_ssim, score_partial_keys
from privacy.seen import Order

LIKENESS_PICTURES = 500
"""Of which the median SSIM is taken."""
QUICK_PICTURES = 40
QUICK_KEYS = 2
COLOURS = {"accuracy": "#3b82d6", "SSIM": "#e07b1a"}

Scores = Mapping[str, Mapping[str, float]]
"""Of one key: "accuracy" in percent and "SSIM", each by share."""


def experiment(
    data: Data,
    out: Out = Path("runs/partial-keys"),
    keys: Annotated[int, typer.Option(help="How many keys.", min=2)] = 10,
    images: Annotated[int, typer.Option(help="Of 10,000 test pictures.", min=1)] = 2000,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Accuracy and SSIM of pictures that are restored with partly right keys."""
    began_at = commit()
    where = places(out, quick)
    test = load_cifar10("test", data).first(QUICK_PICTURES if quick else images)
    keys = QUICK_KEYS if quick else keys
    network = load("resnet20")
    common: dict[str, Any] = {"seed": seed, "weights": weights_digest(network), "data": data_card("CIFAR-10 test", test)}
    scores: list[Scores] = []
    wall_s = 0.0
    for number in progress(range(keys), "keys", keys):

        def found(number: int = number) -> dict[str, Any]:
            return scored(network, test, static_order(test.images.shape[1], seed, number), (seed, number))

        result = stage(where.stages / f"key-{number}.json", common | {"number": number}, found)
        wall_s += result["wall_s"]
        scores.append({name: result[name] for name in COLOURS})
    record = Record(
        experiment=PARTIAL_KEYS.experiment, command=line_of_this_run(), figures=over_keys(scores), seed=seed,
        data=common["data"], wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(), versions=versions(),
        remarks={"keys": str(keys), "by chance": by_chance(test, scores)},
    )  # fmt: skip
    file = write(record, where.record)
    print_own(PARTIAL_KEYS, record)
    print(f"wrote {file}")
    print(f"wrote {draw(record, 1 / len(test.classes), where.figures / PARTIAL_KEYS.picture)}")


def static_order(size: int, seed: int, number: int) -> Order:
    """The order of all frames (size x size pixels) under the paper's policy and one of many keys, int64 (P,)."""
    master = np.random.default_rng((seed, number)).bytes(32)
    schedule = KeySchedule(master, device="experiment", policy=PAPER)
    return schedule.frame_key(0, Geometry(size, size, bits=8, cfa="rgb")).order.astype(np.int64)


def scored(network: nn.Module, test: LabelledImages, order: Order, seed: tuple[int, int]) -> dict[str, Any]:
    """What partly right keys of one order are worth, by name and share; which entries are wrong follows from `seed`."""
    wrong = int(np.random.SeedSequence(seed).generate_state(1)[0])
    accuracies = score_partial_keys(network, test.images, test.labels, order, SHARES, wrong).accuracies
    some = test.first(LIKENESS_PICTURES).images
    return {
        "accuracy": {f"{share:g}": 100 * accuracy for share, accuracy in zip(SHARES, accuracies, strict=True)},
        "SSIM": {f"{share:g}": partial_key_ssim(some, order, share, wrong) for share in SHARES},
    }


def over_keys(scores: Sequence[Scores]) -> dict[str, dict[str, float]]:
    """Mean, least and greatest value over the keys, by name and share."""
    kinds: dict[str, Callable[[list[float]], float]] = {"": fmean, ", lowest key": min, ", highest key": max}
    return {
        f"{name}{kind}": {share: value([score[name][share] for score in scores]) for share in scores[0][name]}
        for name in COLOURS
        for kind, value in kinds.items()
    }


def by_chance(test: LabelledImages, scores: Sequence[Scores]) -> str:
    """What guessing gives, in words."""
    chance, ssim = 1 / len(test.classes), fmean(score["SSIM"]["0"] for score in scores)
    limit = share_limit(chance, len(test))
    return (
        f"{chance:.2%} accuracy, beyond {limit:.2%} once in {1 / SIGNIFICANCE:,.0f} times; SSIM {ssim:.2f}, "
        "of a key with no right entry"
    )


def draw(record: Record, chance: float, file: Path) -> Path:
    """Draw both curves with the spread over the keys into `file` (PNG) and return it; `chance` is a share."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    ax = figure.subplots()
    for name, scale, level in (("accuracy", 1, 100 * chance), ("SSIM", 100, 100 * record.figures["SSIM"]["0"])):
        mean, low, high = (record.figures[f"{name}{kind}"] for kind in ("", ", lowest key", ", highest key"))
        shares = [100 * float(share) for share in mean]
        ax.plot(shares, [scale * v for v in mean.values()], "o-", color=COLOURS[name], markersize=4, label=name)
        ax.fill_between(
            shares, [scale * v for v in low.values()], [scale * v for v in high.values()], color=COLOURS[name], alpha=0.25,
            linewidth=0,
        )  # fmt: skip
        ax.axhline(level, color=COLOURS[name], linestyle=":", label=f"{name}, by chance")
    ax.set(ylim=(0, 103), xlabel="right key entries, %", ylabel="accuracy, %, or SSIM x 100")
    ax.set_title(f"{record.data['pictures']:,} pictures, keys: {record.remarks['keys']}; band: lowest to highest key", fontsize=9)
    ax.grid(True, color="#e5e8ec")
    ax.legend()
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished, format="png")
    return file


if __name__ == "__main__":
    run(experiment)
