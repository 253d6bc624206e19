"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

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
Dataset = Annotated[str, typer.Option(help="cifar10: a class for each picture; camvid: street scenes, a class for each pixel.")]
DatasetModel = Annotated[
    str | None,
    typer.Option(help="Network: resnet20 (the default), preresnet110 or vgg16 for cifar10, fcn_resnet12 for camvid."),
]
Weights = Annotated[
    Path | None, typer.Option(readable=False, help="Weights as safetensors; by default those that come with keycam.")
]
Key = Annotated[Path | None, typer.Option(readable=False, help="Key file (see 'keycam keys new'); by default a throw-away key.")]
AnyModel = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="resnet20, preresnet110, vgg16, fcn_resnet12, privdl-vgg16, a classifier or segmentation network of torchvision's "
        "by name, or module:function of your own, a function without arguments that returns the network.",
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
Record = Annotated[
    Path | None, typer.Option(help="Folder to make, such as door.keycam: a recording of what the link carries; needs --key.")
]
CorrectionsFile = Annotated[
    Path | None,
    typer.Option(
        "--corrections",
        readable=False,
        metavar="FILE",
        help="corrections.toml of 'keycam calibrate' for the very camera that frames come from, "
        "behind a link or in a recording; refused for another, and for one that this command makes up.",
    ),
]
Client = Annotated[str | None, typer.Option(help="Whose frames these are, where the key has several clients.")]
Data = Annotated[
    Path,
    typer.Option(
        help="Folder with the data set. CIFAR-10: torchvision's (filled by its downloader if empty) or sheets; CamVid: the "
        "original release's or the SegNet tutorial's."
    ),
]
