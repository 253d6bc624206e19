"""Which classes the plain, the keyed and the wrongly keyed network see in the test pictures of CIFAR-10."""

import secrets
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adc import KeySchedule
from inference.datasets import LabelledImages, load_cifar10
from inference.models import load
from keycam.atomic_file import make_folder
from keycam.camera_accuracy import EXPOSURE_STEPS, agreement, at_falling_exposures
from keycam.captured import captured
from keycam.evaluation_plan import SHUFFLES, EvaluationPlan
from keycam.exposure_figure import draw_accuracy
from keycam.picture_frames import frame_source
from keycam.policy import named_policy
from keycam.progress import progress
from keycam.ways import Ways
from sensor_sim import DEMO_PROFILE, SensorProfile, load_profile

MOST_PICTURES_A_POINT = 1000
"""Enough for a standard error of 1.6 % at an accuracy of a half."""


def evaluate_classes(plan: EvaluationPlan) -> dict[str, Any]:
    """Evaluate a classifier on CIFAR-10; the result as `--json` prints it."""
    if plan.out is not None:
        make_folder(plan.out, "out")
    profile = None if plan.profile is None else load_profile(plan.profile)
    network = load(plan.model_name, plan.weights).to(memory_format=torch.channels_last)
    schedule = KeySchedule(secrets.token_bytes(32), device="eval", policy=named_policy(plan.policy))
    images = load_cifar10("test", plan.data).first(plan.images)
    ways = Ways.of(network, torch.zeros(1, 3, *images.images.shape[1:3]), SHUFFLES[plan.shuffle], schedule)
    source = frame_source(plan.through, images.images, plan.seed, profile)
    answers: dict[str, list[Tensor]] = {way: [] for way in ways.names}
    psnr_db: list[float] = []
    with torch.inference_mode():
        batches = captured(source, len(images), schedule, plan.batch)
        for number, batch in enumerate(progress(batches, "evaluating", -(-len(images) // plan.batch))):
            psnr_db += psnr_to_scene_db(batch.plain, images.images[number * plan.batch :][: len(batch.plain)])
            for way, parts in answers.items():
                parts.append(ways.run(way, batch)[0])
    result = plan.as_json(len(images)) | _figures(images.labels, {way: torch.cat(parts) for way, parts in answers.items()})
    result["images_per_second"] = ways.images_per_second(len(images))
    if plan.through == "camera":
        result["psnr_to_scene_db"] = round(float(np.mean(psnr_db)), 3)
    if plan.out is not None:
        points = accuracy_against_exposure(plan, ways, images.first(MOST_PICTURES_A_POINT), schedule, profile)
        result["exposures"] = points
        result["figure"] = str(draw_accuracy(points, profile or DEMO_PROFILE, plan.out / "accuracy-against-exposure.png"))
    return result


def accuracy_against_exposure(
    plan: EvaluationPlan, ways: Ways, images: LabelledImages, schedule: KeySchedule, profile: SensorProfile | None
) -> list[dict[str, float]]:
    """Accuracy of the plain network and of its keyed twins at exposures from the default one down to its 4,096th part."""
    sources = at_falling_exposures(images.images, plan.seed, profile or DEMO_PROFILE)
    return [
        {"exposure_s": source.exposure_s, **agreement(ways, source, images, schedule, plan.batch).accuracy()}
        for source in progress(sources, "exposures", len(EXPOSURE_STEPS))
    ]


def psnr_to_scene_db(developed: Tensor, pictures: NDArray[np.uint8]) -> list[float]:
    """Peak signal-to-noise ratio of each developed picture (N, 3, H, W) to its scene, uint8 (N, H, W, 3), in dB."""
    scene = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    error = (developed - scene).square().mean((1, 2, 3)).clamp_min(1e-12)
    return (-10 * error.log10()).tolist()


def _figures(labels: NDArray[np.int64], answers: dict[str, Tensor]) -> dict[str, Any]:
    truth = torch.from_numpy(labels)
    predictions = {way: logits.argmax(1) for way, logits in answers.items()}
    keyed = [way for way in answers if way.startswith("keyed")]
    return {
        "accuracy": {way: int((prediction == truth).sum()) / len(truth) for way, prediction in predictions.items()},
        "different_predictions": sum(int((predictions[way] != predictions["plain"]).sum()) for way in keyed),
        "max_abs_logit_difference": max(float((answers[way] - answers["plain"]).abs().max()) for way in keyed),
    }
