"""PASCAL VOC 2012: pictures from the web with a class for each pixel (Everingham et al. 2015), as torchvision stores it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.datasets.downloading import downloading
from inference.datasets.errors import DataError
from inference.datasets.labelled import SegmentedImages

VOC_CLASSES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
VOC_SIZE = (240, 320)
"""Height and width that pictures are brought to, px: a camera's frames are all of one size, those of VOC are not."""
SPLITS = ("train", "val", "trainval")
_STORED_VOID = 255
_ALLOWED = "allowed is a folder with torchvision's VOCdevkit/VOC2012"


def load_voc(split: str, data: Path, size: tuple[int, int] = VOC_SIZE) -> SegmentedImages:
    """Read the labelled pictures of `split` ("train": 1,464, "val": 1,449, or both), in the order of its list.

    `data` is torchvision's data folder, which is filled by torchvision's own downloader where the set is not there. Each picture
    is scaled until it covers `size` = (height, width) and cut to its middle; the labels likewise, each the one that is nearest.
    Raises `DataError` where the set cannot be read, or a file is missing or damaged.
    """
    from torchvision.datasets import VOCSegmentation

    if split not in SPLITS:
        raise DataError(f"split = {split!r}: allowed is {', '.join(SPLITS)}")
    if data.exists() and not data.is_dir():
        raise DataError(f"data = {data}: it is a file; {_ALLOWED}")
    missing = not (data / "VOCdevkit" / "VOC2012").is_dir()
    try:
        with downloading(data):
            pairs = VOCSegmentation(str(data), "2012", split, download=missing)
    except (OSError, RuntimeError, ValueError) as error:  # the last where the list is no text
        how = "could not be downloaded" if missing else "is damaged"
        trouble = f"PASCAL VOC {how} ({getattr(error, 'reason', error)})"
        raise DataError(f"data = {data}: {trouble}; {_ALLOWED}") from error
    if not len(pairs):
        raise DataError(f"data = {data}: its list of the split {split!r} is empty; {_ALLOWED}")
    images, labels = zip(*(_read(Path(p), Path(m), size) for p, m in zip(pairs.images, pairs.masks, strict=True)), strict=True)
    return SegmentedImages(np.stack(images), np.stack(labels), VOC_CLASSES)


def _read(picture: Path, mask: Path, size: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    from PIL import Image

    try:
        image, labels = np.asarray(Image.open(picture).convert("RGB")), np.asarray(Image.open(mask))
    except OSError as error:
        raise DataError(f"picture = {picture}: it or its labels {mask.name} cannot be read ({error}); {_ALLOWED}") from error
    if labels.shape != image.shape[:2] or labels.dtype != np.uint8 or (labels[labels != _STORED_VOID] >= len(VOC_CLASSES)).any():
        allowed = f"allowed is the picture's {image.shape[:2]} with 0 to {len(VOC_CLASSES) - 1} and {_STORED_VOID}"
        raise DataError(f"labels = {mask}: they are {labels.dtype} {labels.shape} up to {labels.max()}; {allowed}")
    labels = np.where(labels == _STORED_VOID, np.uint8(len(VOC_CLASSES)), labels)
    return _covering(image, size, nearest=False), _covering(labels, size, nearest=True)


def _covering(pixels: NDArray[np.uint8], size: tuple[int, int], *, nearest: bool) -> NDArray[np.uint8]:
    """The middle (height, width) of the pixels, (H, W) or (H, W, 3), scaled until they cover it."""
    import cv2

    (height, width), (h, w) = size, pixels.shape[:2]
    scale = max(height / h, width / w)
    wide = (max(width, round(scale * w)), max(height, round(scale * h)))
    how = cv2.INTER_NEAREST_EXACT if nearest else cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = pixels if wide == (w, h) else cv2.resize(pixels, wide, interpolation=how)
    top, left = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width], np.uint8)
