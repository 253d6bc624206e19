"""`keycam train`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.options import Data, Json, Model, Policy, Seed


def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, weights and model card; run again to resume.")],
    model: Model = "resnet20",
    epochs: Annotated[int, typer.Option(help="Passes over the 50,000 training pictures.", min=1)] = 50,
    batch_size: Annotated[int, typer.Option(help="Pictures in one step.", min=2)] = 128,
    keyed: Annotated[
        bool, typer.Option("--keyed", help="Train the keyed network on keyed frames; no raster picture enters it.")
    ] = False,
    policy: Policy = "secure",
    images: Annotated[int | None, typer.Option(help="Only the first so many pictures of each split.", min=2)] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a network on CIFAR-10; stop it at any time and run the same line again to go on."""
    from keycam.printing import print_json, print_training
    from keycam.train import run_training

    result = run_training(
        data=data, out=out, model=model, epochs=epochs, batch_size=batch_size, keyed=keyed, policy=policy,
        images=images, seed=seed,
    )  # fmt: skip
    print_json(result) if as_json else print_training(result)
