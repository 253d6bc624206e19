"""Checkpoints and keys of PrivDL, the code that was published with the paper (github.com/Factral/PrivDL).

Its VGG-16 takes normalised 32x32 pictures: put `Normalise` before it for pictures in 0..1. The plain and the deformable
form have parameters of the same names, so that a checkpoint of either loads. Its key is the array `ImageScrambler.key`,
int64 (P,), a permutation that names for each place of the scrambled picture the pixel that stands there: an order as
everywhere in keycam, `x[q] = plain[order[q]]`.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inference.models.state import PICKLED, WeightsError, fill, read_state, read_tensors
from inference.models.vgg import CHANNELS

NAME = "privdl-vgg16"
SIZE = (32, 32)
HIDDEN = 4096


class PrivdlVgg16(nn.Module):
    """VGG-16 with batch norm and three linear layers, with PrivDL's names.

    Shapes: (N, 3, 32, 32), normalised -> (N, classes).
    """

    def __init__(self, classes: int = 100) -> None:
        super().__init__()
        in_channels = 3
        for number, channels in enumerate((c for group in CHANNELS for c in group), start=1):
            self.add_module(f"conv{number}", nn.Conv2d(in_channels, channels, 3, padding=1))
            self.add_module(f"bcn{number}", nn.BatchNorm2d(channels))
            in_channels = channels
        self.pool = nn.MaxPool2d(2)
        self.classifier = nn.Sequential(
            nn.Linear(in_channels, HIDDEN), nn.ReLU(), nn.Dropout(),
            nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Dropout(),
            nn.Linear(HIDDEN, classes),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        number = 0
        for group in CHANNELS:
            for _ in group:
                number += 1
                x = torch.relu(self.get_submodule(f"bcn{number}")(self.get_submodule(f"conv{number}")(x)))
            x = self.pool(x)
        return self.classifier(x.flatten(1))


def load_privdl_network(file: Path) -> nn.Module:
    """Make PrivDL's VGG-16 with the state dict in `file`, ready to predict; the weights tell the number of classes.

    Raises `WeightsError` for a file that is missing, unreadable or of another network.
    """
    last = read_state(file, NAME).get("classifier.6.weight")
    classes = 100 if last is None or last.ndim != 2 else len(last)
    return fill(PrivdlVgg16(classes), file, NAME)


def load_privdl_order(file: Path, pixels: int = SIZE[0] * SIZE[1]) -> Tensor:
    """Read a key of PrivDL, saved by np.save (.npy) or torch.save (.pt, .pth), as the order of keyed frames: int64 (pixels,).

    Raises `WeightsError` for a file that is missing, unreadable or no permutation of so many pixels.
    """
    allowed = f"allowed is a .npy or .pt file with a permutation of 0 to {pixels - 1}"
    if not file.is_file():
        raise WeightsError(f"order = {file}: there is no such file; {allowed}")
    content = read_tensors(file, "order", allowed) if file.suffix.lower() in PICKLED else _read_array(file, allowed)
    order = np.asarray(content)
    if order.dtype.kind not in "iu" or order.shape != (pixels,):
        raise WeightsError(f"order = {file}: it holds {order.dtype} {order.shape}; {allowed}")
    if not np.array_equal(np.sort(order), np.arange(pixels)):
        raise WeightsError(f"order = {file}: it does not hold every pixel once; {allowed}")
    return torch.from_numpy(order.astype(np.int64))


def _read_array(file: Path, allowed: str) -> Any:
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise WeightsError(f"order = {file}: it is not a readable array; {allowed}") from error
