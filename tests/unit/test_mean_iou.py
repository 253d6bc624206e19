"""Intersection over union as counted by hand, pixel by pixel and set by set."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.mean_iou import confusion, segmentation_score

CLASSES = ("sky", "road", "car", "pole")
VOID = len(CLASSES)


def by_sets(masks: NDArray[np.uint8], labels: NDArray[np.uint8]) -> list[float | None]:
    """The intersection over the union of the sets of places that are a class and that are said to be it."""
    places = {place for place in np.ndindex(labels.shape) if labels[place] != VOID}
    found: list[float | None] = []
    for number in range(len(CLASSES)):
        true, said = ({place for place in places if array[place] == number} for array in (labels, masks))
        found.append(len(true & said) / len(true | said) if true | said else None)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_scores_are_those_of_the_sets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, VOID + 1, (3, 6, 5)).astype(np.uint8)
    masks = np.where(rng.random(labels.shape) < 0.4, labels % VOID, rng.integers(0, VOID, labels.shape)).astype(np.uint8)
    if seed == 0:  # a class that is nowhere
        labels[labels == 3], masks[masks == 3] = 0, 0
    score = segmentation_score(confusion(masks, labels, VOID), CLASSES)
    expected = by_sets(masks, labels)
    assert list(score.class_iou) == list(CLASSES)
    assert list(score.class_iou.values()) == pytest.approx(expected)
    assert (None in expected) == (seed == 0)
    assert score.mean_iou == pytest.approx(np.mean([iou for iou in expected if iou is not None]))
    assert score.pixel_accuracy == pytest.approx((masks == labels)[labels != VOID].mean())


def test_parts_of_a_data_set_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(1)
    labels, masks = rng.integers(0, VOID + 1, (4, 9)), rng.integers(0, VOID, (4, 9))
    whole = confusion(masks, labels, VOID)
    assert np.array_equal(whole, confusion(masks[:1], labels[:1], VOID) + confusion(masks[1:], labels[1:], VOID))
    assert whole.sum() == (labels != VOID).sum()
    assert whole[2, 1] == ((labels == 2) & (masks == 1)).sum()


def test_a_perfect_mask_scores_one_whatever_it_says_of_void() -> None:
    labels = np.array([[0, 1, VOID], [2, 3, VOID]], np.uint8)
    score = segmentation_score(confusion(np.where(labels == VOID, 1, labels), labels, VOID), CLASSES)
    assert (score.mean_iou, score.pixel_accuracy) == (1.0, 1.0)


def test_what_cannot_be_scored_is_refused() -> None:
    zeros = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match=r"masks = \(2, 2\): allowed is the labels' shape \(2, 3\)"):
        confusion(zeros, np.zeros((2, 3), np.uint8), VOID)
    with pytest.raises(ValueError, match="masks = 0 to 4: allowed is 0 to 3"):
        confusion(np.array([[0, 4]]), np.array([[0, 0]]), VOID)
    with pytest.raises(ValueError, match="masks = -1 to 0: allowed is 0 to 3"):
        confusion(np.array([[0, -1]]), np.array([[0, 0]]), VOID)
    with pytest.raises(ValueError, match="counts = 0: allowed is at least one labelled pixel"):
        segmentation_score(confusion(zeros, np.full((2, 2), VOID), VOID), CLASSES)
