"""CIFAR-10, as torchvision stores it, or as lossless sheets of tiles."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.datasets.downloading import downloading
from inference.datasets.errors import DataError
from inference.datasets.labelled import LabelledImages

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TILES_PER_ROW = 100
TILE_PX = 32


def load_cifar10(split: str, data: Path) -> LabelledImages:
    """Read the CIFAR-10 pictures of `split` ("train": 50,000 or "test": 10,000).

    `data` is a folder of sheets (it holds `manifest.json`), or torchvision's data folder, which is filled by torchvision's
    own downloader when it is empty. Raises `DataError` when neither can be read.
    """
    if split not in ("train", "test"):
        raise DataError(f"split = {split!r}: allowed is 'train' or 'test'")
    if (data / "manifest.json").is_file():
        return _read_sheets(split, data)
    if data.exists() and not data.is_dir():
        raise DataError(f"data = {data}: it is a file; allowed is a folder that holds CIFAR-10")
    return _read_torchvision(split, data)


def _read_torchvision(split: str, data: Path) -> LabelledImages:
    from torchvision.datasets import CIFAR10

    try:
        with downloading(data):
            dataset = CIFAR10(str(data), train=split == "train", download=True)
    except (OSError, RuntimeError) as error:
        trouble = f"CIFAR-10 is not there and could not be downloaded ({getattr(error, 'reason', error)})"
        raise DataError(f"data = {data}: {trouble}; allowed is a folder that holds CIFAR-10") from error
    return LabelledImages(np.asarray(dataset.data), np.asarray(dataset.targets, np.int64), tuple(dataset.classes))


def _read_sheets(split: str, data: Path) -> LabelledImages:
    names = [f"train_{i}" for i in range(5)] if split == "train" else ["test"]
    try:
        classes = tuple(json.loads((data / "manifest.json").read_text()).get("classes", CIFAR10_CLASSES))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(f"data = {data}: manifest.json is damaged; allowed is a JSON object, as it came") from error
    images, labels = zip(*(_read_sheet(data, name, len(classes)) for name in names), strict=True)
    return LabelledImages(np.ascontiguousarray(np.concatenate(images)), np.concatenate(labels), classes)


def _read_sheet(data: Path, name: str, classes: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The tiles of one sheet, row by row, as many as there are labels: uint8 (N, 32, 32, 3), RGB, and int64 (N,)."""
    import cv2

    picture, labels_file = data / f"{name}.webp", data / f"{name}_labels.npy"
    sheet = cv2.imread(str(picture), cv2.IMREAD_COLOR) if picture.is_file() else None
    try:
        labels = np.load(labels_file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        labels = None
    if sheet is None or labels is None:
        raise DataError(f"data = {data}: {name}.webp or {labels_file.name} is missing or unreadable; allowed is both, whole")
    height, width = sheet.shape[:2]
    if width != TILES_PER_ROW * TILE_PX or height % TILE_PX or labels.ndim != 1:
        raise DataError(
            f"data = {data}: {name}.webp is {width}x{height} pixels and {labels_file.name} has shape {labels.shape}; "
            f"allowed is rows of {TILES_PER_ROW} tiles of {TILE_PX} pixels, with a label each"
        )
    tiles = sheet[..., ::-1].reshape(height // TILE_PX, TILE_PX, TILES_PER_ROW, TILE_PX, 3).swapaxes(1, 2)
    images = tiles.reshape(-1, TILE_PX, TILE_PX, 3)[: len(labels)]
    if len(images) < len(labels) or labels.dtype.kind not in "iu" or not np.isin(labels, np.arange(classes)).all():
        raise DataError(
            f"data = {data}: {labels_file.name} is damaged; allowed is at most {len(images)} labels of 0 to {classes - 1}"
        )
    return images.astype(np.uint8, copy=False), labels.astype(np.int64)
