"""CamVid: 701 street scenes from four drives with a class for each pixel (Brostow et al. 2009), in the eleven usual classes.

Two layouts are read. That of the SegNet tutorial has folders `train`, `trainannot` and so on, and labels 0 to 11. The original
release has `701_StillsRaw_full` and `LabeledApproved_full`, whose labels are colours of 32 classes and which is split here as
the tutorial does. torchvision has no loader for CamVid.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.datasets.camvid_colours import classes_of_colours
from inference.datasets.errors import DataError
from inference.datasets.labelled import SegmentedImages

CAMVID_CLASSES = (
    "sky", "building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian", "bicyclist",
)  # fmt: skip
VOID = len(CAMVID_CLASSES)
CAMVID_SIZE = (180, 240)
"""Height and width that pictures are brought to, px: a quarter of the original's."""
SPLITS = ("train", "val", "test")
SUFFIXES = (".png", ".webp", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".ppm")
ORIGINAL_PICTURES, ORIGINAL_LABELS = "701_StillsRaw_full", "LabeledApproved_full"
_ALLOWED = f"allowed is a folder with train and trainannot and so on, or with {ORIGINAL_PICTURES} and {ORIGINAL_LABELS}"


def load_camvid(split: str, data: Path, size: tuple[int, int] = CAMVID_SIZE) -> SegmentedImages:
    """Read the CamVid pictures of `split` ("train": 367, "val": 101, "test": 233), in the order of their names.

    Pictures of another size than `size` = (height, width) are brought to it: each pixel becomes the mean of what it covers,
    each label the one that is nearest. Raises `DataError` where `data` has neither layout, or a file is missing or damaged.
    """
    if split not in SPLITS:
        raise DataError(f"split = {split!r}: allowed is {', '.join(SPLITS)}")
    pairs = list(_tutorial_files(split, data) if (data / split).is_dir() else _original_files(split, data))
    if not pairs:
        raise DataError(f"data = {data}: it holds no pictures of the split {split!r}; {_ALLOWED}")
    images, labels = zip(*(_read(picture, label, size) for picture, label in pairs), strict=True)
    return SegmentedImages(np.stack(images), np.stack(labels), CAMVID_CLASSES)


def split_of(name: str) -> str:
    """The split of the original release's picture `name`, as the SegNet tutorial lists them: by drive and frame number."""
    drive, _, frame = name.partition("_")
    try:
        number = int(frame.removeprefix("f"))
    except ValueError as error:
        raise DataError(f"picture = {name!r}: allowed is DRIVE_FRAME, such as 0016E5_07959") from error
    if drive == "Seq05VD" or (drive == "0001TP" and number >= 8550):
        return "test"
    # The stretch of the drive that was labelled at 15 Hz, every second frame; all else is labelled once a second.
    return "val" if drive == "0016E5" and 7959 <= number <= 8159 and number % 2 else "train"


def _tutorial_files(split: str, data: Path) -> Iterator[tuple[Path, Path]]:
    for picture in _pictures(data / split):
        yield picture, data / f"{split}annot" / f"{picture.stem}.png"


def _original_files(split: str, data: Path) -> Iterator[tuple[Path, Path]]:
    if not (data / ORIGINAL_PICTURES).is_dir():
        raise DataError(f"data = {data}: CamVid is not there; {_ALLOWED}")
    for picture in _pictures(data / ORIGINAL_PICTURES):
        if split_of(picture.stem) == split:
            yield picture, data / ORIGINAL_LABELS / f"{picture.stem}_L.png"


def _pictures(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and not file.name.startswith("."))


def _read(picture: Path, label: Path, size: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    import cv2

    image = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f"picture = {picture}: it is damaged; allowed is a whole picture file")
    classes = _read_labels(label)
    if classes.shape != image.shape[:2]:
        (h, w), (height, width) = classes.shape, image.shape[:2]
        raise DataError(f"labels = {label}: they are {w}x{h} pixels; allowed is {width}x{height}, the size of {picture.name}")
    if classes.shape != size:
        image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
        classes = cv2.resize(classes, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT).astype(np.uint8, copy=False)
    return np.ascontiguousarray(image[..., ::-1], np.uint8), classes


def _read_labels(file: Path) -> NDArray[np.uint8]:
    """The classes in `file`, uint8 (H, W), whether they are there as numbers or as colours."""
    import cv2

    allowed = f"allowed is a PNG file with the numbers 0 to {VOID}, or with CamVid's colours"
    labels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED) if file.is_file() else None
    if labels is None:
        raise DataError(f"labels = {file}: they are missing or damaged; {allowed}")
    if labels.ndim == 3 and labels.shape[2] == 3:
        return classes_of_colours(np.asarray(labels[..., ::-1], np.uint8), file)
    if labels.ndim != 2 or labels.dtype != np.uint8 or labels.max() > VOID:
        raise DataError(f"labels = {file}: they are {labels.dtype} {labels.shape} up to {labels.max()}; {allowed}")
    return np.asarray(labels, np.uint8)
