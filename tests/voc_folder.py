"""A small PASCAL VOC as torchvision's downloader leaves it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NAMES = ("2007_000033", "2007_000042", "2007_000061")
SIZES = ((60, 96), (96, 60), (48, 64))
"""Height and width of each, px."""


def picture_and_labels(number: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Two halves of one colour and class each, beside each other, with a border of void between them."""
    height, width = SIZES[number]
    left = np.arange(width) < width // 2
    picture = np.where(left[None, :, None], np.uint8(40 + number), np.uint8(200 + number))
    labels = np.where(left, np.uint8(1 + number), np.uint8(20))[None, :].repeat(height, 0)
    labels[:, width // 2] = 255
    return np.broadcast_to(picture, (height, width, 3)).copy(), labels


def write_voc(folder: Path) -> Path:
    """Three pictures of the split "val"."""
    place = folder / "VOCdevkit" / "VOC2012"
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (place / part).mkdir(parents=True)
    for number, name in enumerate(NAMES):
        picture, labels = picture_and_labels(number)
        Image.fromarray(picture).save(place / "JPEGImages" / f"{name}.jpg", quality=100, subsampling=0)
        mask = Image.fromarray(labels)
        mask.putpalette(list(range(256)) * 3)
        mask.save(place / "SegmentationClass" / f"{name}.png")
    (place / "ImageSets" / "Segmentation" / "val.txt").write_text("".join(f"{name}\n" for name in NAMES))
    return folder
