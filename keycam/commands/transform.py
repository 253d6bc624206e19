"""`keycam transform`: Ito et al.'s transformation network, for a classifier of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from keycam.commands.options import AnyModel, AnyWeights, Data, Json, Seed

app = typer.Typer(
    help="Make pictures unreadable to people and readable to a classifier, as Ito et al. do; and attack that.",
    no_args_is_help=True,
)

SecretFile = Annotated[
    Path | None, typer.Option(readable=False, help="File with the secret that user and provider share, 16 bytes or more.")
]
Transformation = Annotated[
    Path, typer.Option("--transformation", readable=False, help="Weights that 'keycam transform train' wrote.")
]
Images = Annotated[int | None, typer.Option(help="Only the first so many pictures of each split.", min=20)]
Width = Annotated[int, typer.Option(help="Channels of the U-Net at full size; they double with each halving.", min=1, max=256)]


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, weights and card; run again to resume.")],
    model: Annotated[
        str | None, typer.Option(help="The classifier, as in 'keycam convert': a provider of its own process is started.")
    ] = None,
    weights: AnyWeights = None,
    provider: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="A running 'keycam transform provide'.")] = None,
    secret_file: SecretFile = None,
    alpha: Annotated[float, typer.Option(help="Weight of the feature distance; the paper's are 0 to 0.1.")] = 0.005,
    features: Annotated[
        str, typer.Option(help="vgg16-relu1_2 (the paper's), vgg16-relu2_2, or resnet20-block1, which needs no download.")
    ] = "vgg16-relu1_2",
    width: Width = 64,
    epochs: Annotated[int, typer.Option(help="Passes over the training pictures.", min=1)] = 50,
    batch_size: Annotated[int, typer.Option(help="Pictures in one step.", min=2)] = 128,
    images: Images = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a transformation network on CIFAR-10 with a provider, who answers with gradients and keeps the classifier."""
    from keycam.printing import print_json, print_training
    from keycam.transform import TransformRequest, run_transformation_training
    from privacy.transformation import TransformationPlan

    plan = TransformationPlan(alpha=alpha, features=features, width=width, epochs=epochs, batch_size=batch_size, seed=seed)
    request = TransformRequest(
        data=data, out=out, plan=plan, model=model, weights=weights, provider=provider, secret_file=secret_file, images=images
    )
    result = run_transformation_training(request)
    print_json(result) if as_json else print_training(result)


@app.command()
def provide(
    model: AnyModel,
    address: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to listen.")],
    secret_file: Annotated[Path, typer.Option(readable=False, help="File with the secret that user and provider share.")],
    weights: AnyWeights = None,
) -> None:
    """Be the provider of a classifier, for one user after the other, until Ctrl-C.

    Users are authenticated; what they send travels in clear: use a tunnel outside a trusted network.
    """
    from keycam.transform import parsed_address, read_secret
    from privacy.transformation.provider import serve_named

    serve_named(model, weights, parsed_address(address, "address"), read_secret(secret_file))


@app.command()
def apply(
    image: Annotated[list[Path], typer.Argument(readable=False, help="Pictures.")],
    transformation: Transformation,
    out: Annotated[Path, typer.Option(help="Folder for the transformed pictures, PNG.")],
    as_json: Json = False,
) -> None:
    """Transform pictures; sides are cut to multiples of 8."""
    from keycam.printing import print_json, print_training
    from keycam.transform import apply_transformation

    result = apply_transformation(image, transformation, out)
    print_json(result) if as_json else print_training(result)


@app.command()
def attack(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for checkpoint, figure and card; run again to resume.")],
    transformation: Annotated[
        Path | None, typer.Option(readable=False, help="Weights that 'keycam transform train' wrote.")
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(help="Instead, a scheme of 'keycam bench schemes', such as keycam-secure, under a throw-away key."),
    ] = None,
    width: Width = 64,
    epochs: Annotated[int, typer.Option(help="Passes over the pairs; the paper's attack has 200.", min=1)] = 200,
    images: Images = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train an inverse network on pairs of pictures and what is sent of them, and score what it recovers of CIFAR-10's test
    pictures.
    """
    from keycam.inverse_attack import AttackRequest, run_inverse_attack
    from keycam.printing import print_json, print_training
    from privacy.transformation import InversePlan

    plan = InversePlan(width=width, epochs=epochs, seed=seed)
    request = AttackRequest(data=data, out=out, plan=plan, transformation=transformation, scheme=scheme, images=images)
    result = run_inverse_attack(request)
    print_json(result) if as_json else print_training(result)
