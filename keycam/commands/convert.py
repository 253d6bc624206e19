"""`keycam convert` and `keycam export`."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.keys import PassphraseFile
from keycam.commands.options import AnyModel, AnyWeights, Batch, Channels, Client, Json, Key, Order, Policy, Shuffle, Size


def convert_network(
    model: AnyModel,
    out: Annotated[Path, typer.Option(help="File to write, .pt2; as secret as the key.")],
    weights: AnyWeights = None,
    size: Size = None,
    channels: Channels = 3,
    batch: Batch = None,
    shuffle: Shuffle = "every-layer",
    key: Key = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    policy: Policy = "secure",
    order: Order = None,
    as_json: Json = False,
) -> None:
    """Make the keyed twin of a network: a program for torch.export.load that takes keyed frames and their order.

    It is written only when its answers are the plain network's and a wrong key's are not. With --shuffle every-layer the file
    holds the secret orders of the layers: keep it as you keep the key.
    """
    from keycam.convert import ConversionPlan, run_conversion
    from keycam.printing import print_conversion, print_json

    plan = ConversionPlan(
        model=model, out=out, weights=weights, size=size, channels=channels, batch=batch, shuffle=shuffle, key=key,
        client=client, passphrase_file=passphrase_file, policy=policy, order=order,
    )  # fmt: skip
    result = run_conversion(plan)
    print_json(result) if as_json else print_conversion(result)


def export_network(
    model: AnyModel,
    onnx: Annotated[Path, typer.Option(help="File to write, .onnx; as secret as the key.")],
    weights: AnyWeights = None,
    size: Size = None,
    channels: Channels = 3,
    batch: Batch = None,
    shuffle: Shuffle = "every-layer",
    key: Key = None,
    client: Client = None,
    passphrase_file: PassphraseFile = None,
    policy: Policy = "secure",
    order: Order = None,
    as_json: Json = False,
) -> None:
    """Make the keyed twin of a network as ONNX, with keyed frames and their order as inputs, checked in onnxruntime.

    Needs the extra called onnx. What 'keycam convert' says of the file holds for this one.
    """
    from keycam.convert import ConversionPlan, run_conversion
    from keycam.printing import print_conversion, print_json

    plan = ConversionPlan(
        model=model, out=onnx, weights=weights, size=size, channels=channels, batch=batch, shuffle=shuffle, key=key,
        client=client, passphrase_file=passphrase_file, policy=policy, order=order, field="onnx",
    )  # fmt: skip
    result = run_conversion(plan)
    print_json(result) if as_json else print_conversion(result)
