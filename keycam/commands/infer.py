"""`keycam infer`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import Client, Json, Key, Model, Policy, Seed, Weights


def infer(
    image: Annotated[Path, typer.Argument(readable=False, help="Picture to look at.")],
    model: Model = "resnet20",
    weights: Weights = None,
    key: Key = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    policy: Policy = "secure",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Look at one picture through the keyed camera and say what the network sees; plain with --policy raster."""
    from keycam.infer import InferencePlan, run_inference
    from keycam.printing import print_inference, print_json

    plan = InferencePlan(
        image=image, model=model, weights=weights, key=key, client=client, passphrase_file=passphrase_file, policy=policy,
        seed=seed,
    )  # fmt: skip
    result = run_inference(plan)
    print_json(result) if as_json else print_inference(result)
