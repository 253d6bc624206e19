"""How good dense answers are: intersection over union of every class, over all pixels of a data set."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SegmentationScore:
    """Scores of masks against labels, each a share (0..1).

    Attributes
    ----------
    mean_iou
        Mean of `class_iou` over the classes that are there.
    pixel_accuracy
        Share of the labelled pixels that are right.
    class_iou
        By class: pixels that are and are said to be of it, over pixels that are or are said to be of it; None where there are
        neither.
    """

    mean_iou: float
    pixel_accuracy: float
    class_iou: dict[str, float | None]


def confusion(masks: NDArray[np.integer], labels: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """Count pixels by label (rows) and answer (columns): int64 (classes, classes).

    Pixels whose label is no class, such as void, count nowhere. Counts of parts of a data set add up to those of the whole.

    Parameters
    ----------
    masks, labels
        Integers of one shape; masks hold 0 to `classes` - 1.

    Raises
    ------
    ValueError
        The shapes differ, or a mask holds what is no class.
    """
    if masks.shape != labels.shape:
        raise ValueError(f"masks = {masks.shape}: allowed is the labels' shape {labels.shape}")
    if masks.size and not (masks.min() >= 0 and masks.max() < classes):
        raise ValueError(f"masks = {masks.min()} to {masks.max()}: allowed is 0 to {classes - 1}")
    counted = (labels >= 0) & (labels < classes)
    pairs = labels[counted].astype(np.int64) * classes + masks[counted].astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def segmentation_score(counts: NDArray[np.int64], classes: tuple[str, ...]) -> SegmentationScore:
    """The scores that follow from the counts of `confusion` (Everingham et al. 2015, section 4.1.2).

    Raises `ValueError` where no pixel was counted.
    """
    if not counts.sum():
        raise ValueError("counts = 0: allowed is at least one labelled pixel")
    right = np.diag(counts)
    union = counts.sum(0) + counts.sum(1) - right
    class_iou = {name: float(r / u) if u else None for name, r, u in zip(classes, right, union, strict=True)}
    there = [iou for iou in class_iou.values() if iou is not None]
    return SegmentationScore(sum(there) / len(there), float(right.sum() / counts.sum()), class_iou)
