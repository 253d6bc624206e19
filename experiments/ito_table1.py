"""Table I of Ito et al.: `python -m experiments.ito_table1 --data DIR` trains transformation networks before a frozen classifier.

For each alpha: the training with the provider as a process of its own, the classifier's accuracy on transformed pictures, and,
for the alphas of figures 6 and 7, the inverse-network attack; a figure shows pictures, what is sent of them, what is recovered,
and a box plot of how well. Every stage can be stopped and resumed; a GPU is used where there is one. `--quick` checks the whole
path in minutes.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.command import Data, Out, Quick, Seed, line_of_this_run, places, run
from experiments.ito_figure import draw, sheet
from experiments.provenance import commit, data_card, hardware, versions
from experiments.published import ITO_ALPHAS, ito_table
from experiments.record import Record, write
from experiments.side_by_side import print_side_by_side
from experiments.stage import kept, stage
from inference.datasets import load_cifar10
from inference.models import named_network
from inference.models.state import weights_digest
from keycam.inverse_attack import AttackRequest, run_inverse_attack
from keycam.train_classes import accuracy_on
from keycam.transform import WEIGHTS, TransformRequest, load_transformation, run_transformation_training
from privacy.transformation import InversePlan, TransformationPlan, feature_network

ATTACKED_ALPHAS = (0.005, 0.01)
QUICK_PICTURES = 40
QUICK_WIDTH = 4


def experiment(
    data: Data,
    out: Out = Path("runs/ito"),
    model: Annotated[str, typer.Option(help="The provider's classifier: resnet20 or vgg16.")] = "resnet20",
    weights: Annotated[Path | None, typer.Option(help="Its weights; by default those of keycam.")] = None,
    features: Annotated[
        str, typer.Option(help="vgg16-relu1_2 as published, vgg16-relu2_2, or resnet20-block1 offline.")
    ] = "vgg16-relu1_2",
    epochs: Annotated[int, typer.Option(help="Of a transformation network's training.", min=1)] = 50,
    width: Annotated[int, typer.Option(help="Channels of the U-Nets at full size; 64 as published.", min=1, max=256)] = 64,
    alpha: Annotated[list[float] | None, typer.Option(help="Only these alphas of the table; repeat it for several.")] = None,
    attack_epochs: Annotated[int, typer.Option(help="Of an inverse network's training.", min=1)] = 200,
    batch_size: Annotated[int, typer.Option(help="Of both; the published attack has 128.", min=2)] = 128,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Table I: accuracy on transformed pictures for each alpha, and what an inverse network recovers."""
    began_at, table = commit(), ito_table(model)
    where = places(out, quick, model)
    folder = where.stages
    images, alphas = None, chosen_alphas(alpha)
    if quick:
        images, width, alphas = QUICK_PICTURES, QUICK_WIDTH, ITO_ALPHAS[2:3]
        features, epochs, attack_epochs = "resnet20-block1", 1, 1
    test = load_cifar10("test", data).first(images)
    plans = {
        weight: TransformationPlan(weight, features, width=width, epochs=epochs, batch_size=batch_size, seed=seed)
        for weight in ITO_ALPHAS
    }
    feature_network(features)  # what cannot be had is told before the work
    classifier = named_network(model, weights).network
    figures = {"plain": 100 * accuracy_on(classifier, test)}
    sizes = f"epochs: {epochs}, batch {batch_size}, U-Net of width {width}"
    remarks = {"features": features, "training": f"{sizes}, learning rate up to {TransformationPlan.learning_rate} and down to 0"}
    wall_s = 0.0
    card = data_card("CIFAR-10 test", test)
    pupils = data_card("CIFAR-10 train", load_cifar10("train", data).first(images))
    common = {"classifier": weights_digest(classifier), "data": card, "pupils": pupils}
    transformations, attacks = dict[float, Path](), dict[float, Path]()
    for weight, plan in plans.items():
        place, settings = folder / f"alpha-{weight}", common | {"plan": asdict(plan)}
        # What another line found with the same options belongs to the same table.
        if weight not in alphas and kept(place / "stage.json", settings) is None:
            continue
        transformations[weight] = place

        def found(plan: TransformationPlan = plan, place: Path = place) -> dict[str, Any]:
            request = TransformRequest(data=data, out=place, plan=plan, model=model, weights=weights, images=images)
            return run_transformation_training(request)

        trained = stage(place / "stage.json", settings, found)
        figures[f"alpha {weight}"], wall_s = 100 * trained["transformed_accuracy"], wall_s + trained["wall_s"]
        if weight in ATTACKED_ALPHAS:
            inverse, attacks[weight] = InversePlan(width, attack_epochs, batch_size=batch_size, seed=seed), place / "attack"

            def recovered(inverse: InversePlan = inverse, place: Path = place) -> dict[str, Any]:
                return run_inverse_attack(AttackRequest(data, place / "attack", inverse, place / WEIGHTS, images=images))

            hidden = weights_digest(load_transformation(place / WEIGHTS))
            attack = stage(place / "attack.json", common | {"inverse": asdict(inverse), "transformation": hidden}, recovered)
            wall_s += attack["wall_s"]
            low, high = attack["quartiles_recovered_db"]
            remarks[f"inverse network, alpha {weight}"] = (
                f"PSNR of {attack['test_images']:,} recovered pictures: median {attack['median_psnr_recovered_db']:.1f} dB, "
                f"quartiles {low:.1f} and {high:.1f}; as sent {attack['median_psnr_as_sent_db']:.1f} dB; epochs: {attack_epochs}"
            )
    record = Record(
        experiment=f"ito-{model}", command=line_of_this_run(),
        figures={"keycam": figures}, seed=seed, data=card, wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(),
        versions=versions(), remarks=remarks,
    )  # fmt: skip
    file = write(record, where.record)
    print_side_by_side(table, record, model)
    print(f"wrote {file}")
    picture = where.figures / f"transformation-{model}.png"
    print(f"wrote {draw(sheet(transformations, attacks, test.images), picture)}")


def chosen_alphas(named: list[float] | None) -> tuple[float, ...]:
    """The alphas of the table that were named, or all of them. Raises ValueError for one that is not in it."""
    for each in named or ():
        if each not in ITO_ALPHAS:
            raise ValueError(f"alpha = {each}: allowed is {', '.join(map(str, ITO_ALPHAS))}, those of the published table")
    return tuple(each for each in ITO_ALPHAS if not named or each in named)


if __name__ == "__main__":
    run(experiment)
