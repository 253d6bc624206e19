"""Pictures with one class each, and pictures with a class for each pixel."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.datasets.errors import DataError


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

    @cached_property
    def sha256(self) -> str:
        """Of the pixels and labels, however files pack them."""
        return _sha256(self.images, self.labels)

    def first(self, count: int | None) -> "LabelledImages":
        """The first `count` pictures, or all of them."""
        return LabelledImages(self.images[:count], self.labels[:count], self.classes)


@dataclass(frozen=True)
class SegmentedImages:
    """Pictures with a class for each pixel.

    Attributes
    ----------
    images
        uint8 (N, H, W, 3), RGB.
    labels
        uint8 (N, H, W), indices into `classes`; `void` where a pixel has no class and counts nowhere.
    classes
        Class names.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.shape[-1] != 3 or self.images.shape[:3] != self.labels.shape:
            raise DataError(f"images {self.images.shape} and labels {self.labels.shape}: allowed is (N, H, W, 3) and (N, H, W)")
        if self.labels.size and self.labels.max() > self.void:
            raise DataError(f"labels = up to {self.labels.max()}: allowed is 0 to {self.void - 1}, and {self.void} for void")

    @property
    def void(self) -> int:
        """The label of pixels without a class: one more than the last class."""
        return len(self.classes)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def sha256(self) -> str:
        """Of the pixels and labels, however files pack them."""
        return _sha256(self.images, self.labels)

    def first(self, count: int | None) -> "SegmentedImages":
        """The first `count` pictures, or all of them."""
        return SegmentedImages(self.images[:count], self.labels[:count], self.classes)


def _sha256(images: NDArray[np.uint8], labels: NDArray[Any]) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(images))
    digest.update(np.ascontiguousarray(labels))
    return digest.hexdigest()
