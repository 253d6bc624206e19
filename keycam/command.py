"""`keycam`: the command line. Heavy modules are imported inside the commands, so that `--help` answers at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from keycam.calibrate_commands import app as calibrate
from keycam.key_commands import PassphraseFile
from keycam.key_commands import app as keys
from keycam.process import keep_freed_memory, share_threads
from keycam.refusal import INTERRUPTED, refusal

app = typer.Typer(
    help="A smart camera that never emits a picture: keyed readout, and networks that answer on it exactly as on plain frames.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(keys, name="keys")
app.add_typer(calibrate, name="calibrate")

MOST_SEED = 2**32 - 1

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output, and nothing else there.")]
Seed = Annotated[
    int, typer.Option(help="Fixes every random draw but the keys' own: noise, path over the photographs.", min=0, max=MOST_SEED)
]
Policy = Annotated[
    str,
    typer.Option(
        help="What the readout hides. secure: fresh order and mask for each frame; paper: one fixed order, as published, "
        "which some 30 frames break; raster: nothing, an ordinary camera."
    ),
]
Model = Annotated[str, typer.Option(help="Network: resnet20, preresnet110 or vgg16.")]
Weights = Annotated[
    Path | None, typer.Option(readable=False, help="Weights as safetensors; by default those that come with keycam.")
]
Key = Annotated[Path | None, typer.Option(readable=False, help="Key file (see 'keycam keys new'); by default a throw-away key.")]
AnyModel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="resnet20, preresnet110, vgg16, privdl-vgg16, a classifier or segmentation network of torchvision's by name, or "
        "module:function of your own, a function without arguments that returns the network.",
    ),
]
AnyWeights = Annotated[
    Path | None,
    typer.Option(readable=False, help="Weights, safetensors or a state dict (.pth); by default those of the network itself."),
]
Size = Annotated[str | None, typer.Option(metavar="HxW", help="Size of the frames; by default what the network was made for.")]
Channels = Annotated[int, typer.Option(help="Channels of the frames.", min=1, max=1024)]
Batch = Annotated[int | None, typer.Option(help="Frames in one call; by default any number.", min=1, max=1024)]
Shuffle = Annotated[
    str, typer.Option(help="every-layer: each layer has a secret order of its own, kept in the file; input: undone at the first.")
]
Order = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        help="Order of the frames that the file is checked with, an array as PrivDL's key (.npy, .pt); by default random ones.",
    ),
]
Client = Annotated[str | None, typer.Option(help="Whose frames these are, where the key has several clients.")]
Data = Annotated[Path, typer.Option(help="Folder with CIFAR-10: torchvision's (filled by its downloader if empty) or sheets.")]


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the contact sheet.")] = Path("keycam-out"),
    frames: Annotated[int, typer.Option(help="Frames to capture.", min=1)] = 120,
    policy: Policy = "secure",
    image: Annotated[
        Path | None, typer.Option(readable=False, help="Pan and zoom over this picture instead of the bundled ones.")
    ] = None,
    camera: Annotated[int | None, typer.Option(help="Look through this webcam instead (0 is the first).", min=0)] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Look at photographs through the keyed camera and compare the keyed network's answers with the plain one's.

    Needs no network, no camera and no data: the photographs are those that scikit-image ships. Writes a contact sheet
    (scene | what the link carries | restored by the key holder | answers) and prints a table.
    """
    from keycam.demo import DemoPlan, run_demo
    from keycam.printing import print_demo, print_json

    result = run_demo(DemoPlan(out=out, frames=frames, policy=policy, image=image, camera=camera, seed=seed))
    print_json(result.as_json()) if as_json else print_demo(result)


@app.command("eval")
def evaluate(
    data: Data,
    model: Model = "resnet20",
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
    batch_size: Annotated[int, typer.Option(help="Pictures in one network call.", min=1)] = 500,
    images: Annotated[int | None, typer.Option(help="Only the first so many test pictures.", min=1)] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Accuracy on CIFAR-10 of the plain network, the keyed one, a wrong key and no key at all, a fresh key for each picture."""
    from keycam.evaluate import EvaluationPlan, run_evaluation
    from keycam.printing import print_evaluation, print_json

    plan = EvaluationPlan(
        data=data, model=model, weights=weights, policy=policy, shuffle=shuffle, through=through, profile=profile,
        out=out, batch_size=batch_size, images=images, seed=seed,
    )  # fmt: skip
    result = run_evaluation(plan)
    print_json(result) if as_json else print_evaluation(result)


@app.command()
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


@app.command()
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


@app.command("convert")
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


@app.command("export")
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


@app.command()
def audit(
    source: Annotated[
        str,
        typer.Option(help="What the camera looks at: photographs, cifar10 (with --data), an image, a folder, a video, a webcam."),
    ] = "photographs",
    data: Annotated[Path | None, typer.Option(help="Folder with CIFAR-10, for --source cifar10.")] = None,
    frames: Annotated[int, typer.Option(help="Frames that the eavesdropper has.", min=3)] = 100,
    policy: Policy = "secure",
    order: Annotated[str | None, typer.Option(help="Instead of the policy's: full, row-column, block or raster.")] = None,
    refresh: Annotated[str | None, typer.Option(help="Instead of the policy's: frame or static.")] = None,
    mask: Annotated[bool | None, typer.Option("--mask/--no-mask", help="Instead of the policy's.", show_default=False)] = None,
    size: Annotated[str | None, typer.Option(help="Size of the audited frames as HxW; by default 36x48.")] = None,
    keys: Annotated[int, typer.Option(help="Keys on which the ciphertext-only attack is tried.", min=1)] = 1,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Attack the camera's frames as an eavesdropper would, and say what was learnt beside what chance would give.

    The attacker is a process of its own that is handed emitted frames and never a key; with known and chosen scenes, and with
    a layer's tables, it is handed those too.
    """
    from keycam.audit import AuditPlan, run_audit
    from keycam.convert import parsed_size
    from keycam.printing import print_audit, print_json

    plan = AuditPlan(
        source=source, data=data, frames=frames, policy=policy, order=order, refresh=refresh, mask=mask,
        size=None if size is None else parsed_size(size), keys=keys, seed=seed,
    )  # fmt: skip
    result = run_audit(plan)
    print_json(result) if as_json else print_audit(result)


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help="What to time: readout, sensor, isp, inference or schemes.")],
    repeats: Annotated[int, typer.Option(help="Frames timed for each row.", min=3)] = 30,
    as_json: Json = False,
) -> None:
    """Time a stage beside its plain counterparts, in one run.

    readout: beside AES-256-GCM and memcpy; sensor: beside NumPy and the camera of emva1288; isp: beside raster ISPs;
    inference: keyed networks beside the plain ones; schemes: the peers' image encryption beside AES-256-GCM.
    """
    from importlib import import_module

    if what not in ("readout", "sensor", "isp", "inference", "schemes"):
        raise ValueError(f"what = {what!r}: allowed is readout, sensor, isp, inference or schemes")
    from keycam.printing import print_json, print_rows

    rows = getattr(import_module(f"benchmarks.{what}"), f"bench_{what}")(repeats=repeats)
    print_json({"rows": rows}) if as_json else print_rows(what, rows)


@app.command()
def info(
    key: Key = None,
    passphrase_file: PassphraseFile = None,
    profile: Annotated[str | None, typer.Option(help="Show a sensor's sheet: a name of the list, or a TOML file.")] = None,
    figure: Annotated[
        Path | None,
        typer.Option(help="Draw into this PNG file: the profile's photon transfer curve, or a key as in the paper's figure 2."),
    ] = None,
    size: Annotated[int, typer.Option(help="Side of the raster in a key's figure, pixels.", min=4, max=64)] = 16,
    as_json: Json = False,
) -> None:
    """Say what this installation has: versions, networks, sensors, policies and what they protect, readout timing."""
    from keycam.about import about
    from keycam.printing import print_about, print_json, print_profile

    if profile is not None:
        from keycam.profile_sheet import draw_transfer, profile_sheet
        from sensor_sim import load_profile

        chosen = load_profile(profile)
        sheet = profile_sheet(chosen)
        if figure is not None:
            draw_transfer(chosen, figure)
            sheet["figure"] = str(figure)
        print_json(sheet) if as_json else print_profile(sheet)
        return
    if figure is not None:
        from keycam.key_figure import draw_key

        result = draw_key(key, passphrase_file, figure, size)
        print_json(result) if as_json else typer.echo(f"{result['figure']}: key {result['fingerprint']}")
        return
    result = about(key)
    print_json(result) if as_json else print_about(result)


def main() -> None:
    """Run the command line; every refusal is one sentence on standard error and exit code 2 or 3."""
    keep_freed_memory()
    share_threads()
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="keycam", standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        sentence, code = refusal(error)
        _say(sentence)
    if code == INTERRUPTED:  # which is also how Typer returns from Ctrl-C
        _say("interrupted; nothing was left half-written")
    sys.exit(code)


def _say(sentence: str) -> None:
    typer.echo(f"keycam: {' '.join(sentence.splitlines())}", err=True)
