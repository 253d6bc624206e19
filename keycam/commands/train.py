"""`keycam train`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.options import Data, Dataset, DatasetModel, Json, Policy, Seed


def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, weights and model card; run again to resume.")],
    dataset: Dataset = "cifar10",
    model: DatasetModel = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training pictures; by default 50 over cifar10, 120 over camvid.", min=1)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Pictures in one step; by default 128 of cifar10, 8 of camvid.", min=2)
    ] = None,
    shallow_epochs: Annotated[
        int,
        typer.Option(
            help="For preresnet110: first so many passes with three of its 18 blocks in every stage, a sixth of the work.", min=0
        ),
    ] = 0,
    keyed: Annotated[
        bool, typer.Option("--keyed", help="Train the keyed network on keyed frames of cifar10; no raster picture enters it.")
    ] = False,
    policy: Policy = "secure",
    images: Annotated[int | None, typer.Option(help="Only the first so many pictures of each split.", min=2)] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a network on CIFAR-10 or CamVid; stop it at any time and run the same line again to go on."""
    from keycam.printing import print_json, print_training
    from keycam.train import TrainingRequest, run_training

    request = TrainingRequest(
        data=data, out=out, dataset=dataset, model=model, epochs=epochs, batch_size=batch_size,
        shallow_epochs=shallow_epochs, keyed=keyed, policy=policy, images=images, seed=seed,
    )  # fmt: skip
    result = run_training(request)
    print_json(result) if as_json else print_training(result)
