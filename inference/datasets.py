"""Labelled pictures: CIFAR-10 as torchvision stores it, or as lossless sheets of tiles."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TILES_PER_ROW = 100
TILE_PX = 32


class DataError(ValueError):
    """A data set that is missing or damaged."""


@dataclass(frozen=True)
class LabelledImages:
    """Pictures with one class each.

    Attributes
    ----------
    images
        uint8 (N, H, W, 3), RGB.
    labels
        int64 (N,), indices into `classes`.
    classes
        Class names.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.shape[-1] != 3 or len(self.images) != len(self.labels):
            raise DataError(f"images {self.images.shape} and labels {self.labels.shape}: allowed is (N, H, W, 3) and (N,)")

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int | None) -> "LabelledImages":
        """The first `count` pictures, or all of them."""
        return LabelledImages(self.images[:count], self.labels[:count], self.classes)


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
        raise DataError(f"data = {data}: allowed is a folder with CIFAR-10 in it")
    return _read_torchvision(split, data)


def _read_torchvision(split: str, data: Path) -> LabelledImages:
    from torchvision.datasets import CIFAR10

    try:
        dataset = CIFAR10(str(data), train=split == "train", download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(f"data = {data}: CIFAR-10 is not there and could not be downloaded ({error})") from error
    return LabelledImages(np.asarray(dataset.data), np.asarray(dataset.targets, np.int64), tuple(dataset.classes))


def _read_sheets(split: str, data: Path) -> LabelledImages:
    import cv2

    manifest = json.loads((data / "manifest.json").read_text())
    classes = tuple(manifest.get("classes", CIFAR10_CLASSES))
    names = [f"train_{i}" for i in range(5)] if split == "train" else ["test"]
    images, labels = [], []
    for name in names:
        labels_file = data / f"{name}_labels.npy"
        sheet = cv2.imread(str(data / f"{name}.webp"), cv2.IMREAD_COLOR) if (data / f"{name}.webp").is_file() else None
        if sheet is None or not labels_file.is_file():
            raise DataError(f"data = {data}: the sheet {name}.webp or its labels are missing or unreadable")
        rows = sheet.shape[0] // TILE_PX
        tiles = sheet[..., ::-1].reshape(rows, TILE_PX, TILES_PER_ROW, TILE_PX, 3).swapaxes(1, 2)
        label = np.load(labels_file, allow_pickle=False).astype(np.int64)
        images.append(tiles.reshape(-1, TILE_PX, TILE_PX, 3)[: len(label)])
        labels.append(label)
    return LabelledImages(np.ascontiguousarray(np.concatenate(images)), np.concatenate(labels), classes)
