"""`keycam eval`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.options import Data, Json, Policy, Seed, Weights


def evaluate(
    data: Data,
    dataset: Annotated[
        str,
        typer.Option(
            help="cifar10: a class for each picture; camvid: street scenes, voc: photographs of PASCAL VOC 2012, a class for "
            "each pixel."
        ),
    ] = "cifar10",
    model: Annotated[
        str | None,
        typer.Option(
            help="Network: resnet20 (the default), preresnet110 or vgg16 for cifar10; fcn_resnet12 for camvid; fcn_resnet50 (the "
            "default) or another segmentation network of torchvision's for voc, with torchvision's weights."
        ),
    ] = None,
    weights: Weights = None,
    policy: Policy = "secure",
    shuffle: Annotated[str, typer.Option(help="Where the order is undone: input, every-layer or both.")] = "both",
    through: Annotated[
        str, typer.Option(help="adc: pictures are the sensor's samples; camera: they are scenes before a lens.")
    ] = "adc",
    profile: Annotated[
        str | None, typer.Option(help="Sensor of --through camera: a name (see 'keycam info') or a TOML file.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --through camera: folder for a figure of accuracy against exposure.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Pictures in one network call; by default 500 of cifar10, 8 of camvid, 4 of voc.", min=1)
    ] = None,
    images: Annotated[int | None, typer.Option(help="Only the first so many test pictures.", min=1)] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Accuracy of the plain network, the keyed one, a wrong key and no key at all on test pictures, a fresh key for each.

    On CIFAR-10 that is the share of pictures whose class is right, on CamVid and VOC the mean over the classes of intersection
    over union.
    """
    from keycam.evaluate import EvaluationPlan, run_evaluation
    from keycam.printing import print_evaluation, print_json

    plan = EvaluationPlan(
        data=data, dataset=dataset, model=model, weights=weights, policy=policy, shuffle=shuffle, through=through,
        profile=profile, out=out, batch_size=batch_size, images=images, seed=seed,
    )  # fmt: skip
    result = run_evaluation(plan)
    print_json(result) if as_json else print_evaluation(result)
