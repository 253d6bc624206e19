"""Which classes the plain, the keyed and the wrongly keyed network see in each pixel of the test pictures."""

import secrets
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from adc import KeySchedule
from inference.answers import main_answer
from inference.datasets import SegmentedImages, load_camvid, load_voc
from inference.keyed.positions import put_positions
from inference.mean_iou import confusion, segmentation_score
from inference.models import load
from keycam.captured import Batch, captured
from keycam.evaluation_plan import SHUFFLES, EvaluationPlan
from keycam.picture_frames import frame_source
from keycam.policy import named_policy
from keycam.progress import progress
from keycam.ways import Ways
from sensor_sim import load_profile


class _Tally:
    """What is counted over all batches, by way."""

    def __init__(self, pictures: SegmentedImages) -> None:
        self.classes = pictures.classes
        self.confusions: defaultdict[str, NDArray[np.int64]] = defaultdict(
            lambda: np.zeros((len(self.classes), len(self.classes)), np.int64)
        )
        self.different_pixels = 0
        self.largest_difference = 0.0

    def count(self, way: str, scores: Tensor, plain: Tensor, labels: NDArray[np.uint8]) -> None:
        """Count the answers of one batch, which lie in raster order."""
        masks = scores.argmax(1)
        self.confusions[way] += confusion(masks.numpy(), labels, len(self.classes))
        if way.startswith("keyed"):
            self.different_pixels += int((masks != plain.argmax(1)).sum())
            self.largest_difference = max(self.largest_difference, float((scores - plain).abs().max()))


def evaluate_masks(plan: EvaluationPlan, master: Callable[[int], bytes] = secrets.token_bytes) -> dict[str, Any]:
    """Evaluate a segmentation network on CamVid or PASCAL VOC; the result as `--json` prints it.

    Each dense answer is put back into the raster by the order that the way's own network says it is in. `master` draws the keys'
    masters, of so many bytes: from a seeded generator where an experiment must be repeated.
    """
    profile = None if plan.profile is None else load_profile(plan.profile)
    pictures = pictures_to_test(plan.dataset, plan.data).first(plan.images)  # before weights, which may be a long download
    network = network_of(plan).to(memory_format=torch.channels_last)
    schedule = KeySchedule(master(32), device="eval", policy=named_policy(plan.policy))
    ways = Ways.of(network, torch.zeros(1, 3, *pictures.images.shape[1:3]), SHUFFLES[plan.shuffle], schedule)
    source = frame_source(plan.through, pictures.images, plan.seed, profile)
    tally = _Tally(pictures)
    with torch.inference_mode():
        batches = captured(source, len(pictures), schedule, plan.batch, master)
        for number, batch in enumerate(progress(batches, "evaluating", -(-len(pictures) // plan.batch))):
            labels = pictures.labels[number * plan.batch :][: len(batch.plain)]
            plain = raster_scores(ways, "plain", batch)
            tally.count("plain", plain, plain, labels)
            for way in ways.names[1:]:
                tally.count(way, raster_scores(ways, way, batch), plain, labels)
    scores = {way: segmentation_score(counts, pictures.classes) for way, counts in tally.confusions.items()}
    return plan.as_json(len(pictures)) | {
        "mean_iou": {way: score.mean_iou for way, score in scores.items()},
        "pixel_accuracy": {way: score.pixel_accuracy for way, score in scores.items()},
        "class_iou": {way: score.class_iou for way, score in scores.items()},
        "pixels": pictures.labels.size,
        "different_pixels": tally.different_pixels,
        "max_abs_logit_difference": tally.largest_difference,
        "images_per_second": ways.images_per_second(len(pictures)),
    }


def pictures_to_test(dataset: str, data: Path) -> SegmentedImages:
    """The pictures of "camvid" or "voc" that are for testing; VOC's own test labels were never published."""
    return load_voc("val", data) if dataset == "voc" else load_camvid("test", data)


def network_of(plan: EvaluationPlan) -> nn.Module:
    """The network that is evaluated, with its weights, which may be downloaded. Raises `WeightsError`."""
    if plan.dataset != "voc":
        return load(plan.model_name, plan.weights)
    from inference.models.pretrained import pretrained_network

    return pretrained_network(plan.model_name, plan.weights).network


def raster_scores(ways: Ways, way: str, batch: Batch) -> Tensor:
    """The scores of every pixel (N, classes, H, W), where that way's key puts them."""
    answer, places = ways.run(way, batch)
    scores, order = main_answer(answer), main_answer(places)
    return scores if order is None else put_positions(scores, order)
