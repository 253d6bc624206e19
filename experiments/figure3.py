"""Figure 3 of Perez et al. in figures: `python -m experiments.figure3 --data DIR` with CamVid and keycam's segmentation network.

`--dataset voc` has the paper's data, PASCAL VOC, and torchvision's trained `fcn_resnet50`; both are downloaded where they are
not there.

The picture is drawn by `python -m experiments.segmentation_figure`.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from experiments.command import Data, Out, Quick, Seed, line_of_this_run, places, run
from experiments.keyed_accuracy import ROWS
from experiments.provenance import commit, data_card, hardware, versions
from experiments.published import FIGURE_3
from experiments.record import Record, write
from experiments.side_by_side import print_side_by_side
from experiments.stage import stage
from inference.models import model_for
from inference.models.state import weights_digest
from keycam.evaluate_masks import evaluate_masks, network_of, pictures_to_test
from keycam.evaluation_plan import EvaluationPlan

RECORDS = {"camvid": "figure3", "voc": "figure3-voc"}
QUICK_PICTURES = 4


def experiment(
    data: Data,
    out: Out = Path("runs/figure3"),
    dataset: Annotated[str, typer.Option(help="camvid, or voc as in the paper.")] = "camvid",
    weights: Annotated[Path | None, typer.Option(help="Of the network; by default keycam's or torchvision's.")] = None,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Figure 3: mean IoU of the plain, the keyed, the wrongly keyed and the unkeyed network."""
    began_at = commit()
    if dataset not in RECORDS:
        raise ValueError(f"dataset = {dataset!r}: allowed is {', '.join(RECORDS)}")
    model = model_for(dataset)
    where = places(out, quick)
    test = pictures_to_test(dataset, data).first(QUICK_PICTURES if quick else None)
    card = data_card("PASCAL VOC val" if dataset == "voc" else "CamVid test", test)
    figures: dict[str, dict[str, float]] = {}
    remarks: dict[str, str] = {}
    wall_s = 0.0
    for policy in ("paper", "secure"):
        plan = EvaluationPlan(data, dataset, model, weights, policy, images=len(test), seed=seed)

        def found(plan: EvaluationPlan = plan) -> dict[str, Any]:
            result = evaluate_masks(plan, np.random.default_rng(seed).bytes)
            shares = {ROWS[way]: 100 * share for way, share in result["mean_iou"].items()}
            return {"figures": shares | {"different pixels": result["different_pixels"]}, "pixels": result["pixels"]}

        settings = {"seed": seed, "data": card, "weights": weights_digest(network_of(plan))}
        measured = stage(where.stages / f"{model}-{policy}.json", settings, found)
        figures[policy], wall_s = measured["figures"], wall_s + measured["wall_s"]
        remarks[policy] = f"{measured['pixels']:,} pixels in each of the two modes"
    record = Record(
        experiment=RECORDS[dataset], command=line_of_this_run(), figures=figures,
        seed=seed, data=card, wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(),
        versions=versions(), remarks=remarks,
    )  # fmt: skip
    file = write(record, where.record)
    print_side_by_side(FIGURE_3, record, model)
    print(f"wrote {file}")


if __name__ == "__main__":
    run(experiment)
