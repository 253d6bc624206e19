"""`keycam eval`: accuracy of the plain, the keyed and the wrongly keyed network on the same test pictures."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from adc import RASTER, KeySchedule
from inference.datasets import LabelledImages, load_cifar10
from inference.isp import isp
from inference.keyed import KeyedNetwork, convert
from inference.keyed.rewriter import Shuffle
from inference.models import load
from inference.receiver import Receiver
from keycam.atomic_file import make_folder
from keycam.exposure_figure import draw_accuracy
from keycam.picture_frames import THROUGH, AdcFrames, CameraFrames, frame_source
from keycam.policy import named_policy
from keycam.progress import progress
from sensor_sim import DEMO_PROFILE, SensorProfile, load_profile

EXPOSURE_STEPS = range(13)
"""Halvings of the default exposure; a rolling shutter ends at one line."""
MOST_PICTURES_A_POINT = 1000
"""Enough for a standard error of 1.6 % at an accuracy of a half."""

SHUFFLES: dict[str, tuple[Shuffle, ...]] = {
    "input": ("input",),
    "every-layer": ("every-layer",),
    "both": ("input", "every-layer"),
}


@dataclass(frozen=True)
class EvaluationPlan:
    """What `keycam eval` is asked to do.

    Attributes
    ----------
    through
        "adc": a test picture's values are the codes of a sensor with three samples a photosite, so that the plain network
        sees the test set as everyone else's does. "camera": a picture is a scene before the whole simulated camera.
    profile
        The camera's sensor: a name of `sensor_sim.profile_names` or a TOML file; None for the demonstration's.
    out
        Folder for the figure of accuracy against exposure; None for none.
    images
        How many of the 10,000 test pictures; None for all.
    """

    data: Path
    model: str = "resnet20"
    weights: Path | None = None
    policy: str = "secure"
    shuffle: str = "both"
    through: str = "adc"
    profile: str | None = None
    out: Path | None = None
    batch_size: int = 500
    images: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        named_policy(self.policy)
        if self.shuffle not in SHUFFLES:
            raise ValueError(f"shuffle = {self.shuffle!r}: allowed is {', '.join(SHUFFLES)}")
        if self.through not in THROUGH:
            raise ValueError(f"through = {self.through!r}: allowed is {', '.join(THROUGH)}")
        if self.through != "camera" and (self.profile is not None or self.out is not None):
            raise ValueError(f"through = {self.through!r}: allowed is 'camera' where --profile or --out is given")


@dataclass(frozen=True, eq=False)
class Batch:
    """The same pictures in four forms; every x is float32 (N, 3, H, W) in channels-last memory, every order int64 (N, P)."""

    plain: Tensor
    keyed: Tensor
    order: Tensor
    wrongly_keyed: Tensor
    wrong_order: Tensor
    unkeyed: Tensor


def run_evaluation(plan: EvaluationPlan) -> dict[str, Any]:
    """Evaluate on the CIFAR-10 test pictures; the result as `--json` prints it.

    Every picture is one frame with a counter of its own. A throw-away master makes the keys, and another one the wrong
    keys. The plain network runs on the same codes without a key.
    """
    if plan.out is not None:
        make_folder(plan.out, "out")
    profile = None if plan.profile is None else load_profile(plan.profile)
    network = load(plan.model, plan.weights).to(memory_format=torch.channels_last)
    images = load_cifar10("test", plan.data).first(plan.images)
    size = images.images.shape[1:3]
    schedule = KeySchedule(secrets.token_bytes(32), device="eval", policy=named_policy(plan.policy))
    example = torch.zeros(1, 3, *size)
    twins = {
        f"keyed_{shuffle.replace('-', '_')}": convert(network, example, shuffle, schedule.layer_orders())
        for shuffle in SHUFFLES[plan.shuffle]
    }
    source = frame_source(plan.through, images, plan.seed, profile)
    answers: dict[str, list[Tensor]] = {name: [] for name in ("plain", *twins, "wrong_key", "unkeyed")}
    psnr_db: list[float] = []
    seconds = dict.fromkeys(answers, 0.0)
    with torch.inference_mode():
        batches = -(-len(images) // plan.batch_size)
        for number, batch in enumerate(progress(captured(plan, len(images), schedule, source), "evaluating", batches)):
            pictures = images.images[number * plan.batch_size :][: len(batch.plain)]
            psnr_db += psnr_to_scene_db(batch.plain, pictures)
            for name in answers:
                started = time.perf_counter()
                if name == "plain":
                    answer = network(batch.plain)
                elif name == "unkeyed":
                    answer = network(batch.unkeyed)
                elif name == "wrong_key":
                    answer = next(iter(twins.values()))(batch.wrongly_keyed, batch.wrong_order)
                else:
                    answer = twins[name](batch.keyed, batch.order)
                seconds[name] += time.perf_counter() - started
                answers[name].append(answer)
    result = _summary(plan, images.labels, {name: torch.cat(parts) for name, parts in answers.items()}, seconds)
    if plan.through == "camera":
        result["psnr_to_scene_db"] = round(float(np.mean(psnr_db)), 3)
    if plan.out is not None:
        points = accuracy_against_exposure(plan, network, twins, images.first(MOST_PICTURES_A_POINT), schedule, profile)
        result["exposures"] = points
        result["figure"] = str(draw_accuracy(points, profile or DEMO_PROFILE, plan.out / "accuracy-against-exposure.png"))
    return result


def accuracy_against_exposure(
    plan: EvaluationPlan,
    network: nn.Module,
    twins: dict[str, KeyedNetwork],
    images: LabelledImages,
    schedule: KeySchedule,
    profile: SensorProfile | None,
) -> list[dict[str, float]]:
    """Accuracy of the plain network and of its keyed twins at exposures from the default one down to its 4,096th part."""
    points: list[dict[str, float]] = []
    truth = torch.from_numpy(images.labels)
    default_s = (profile or DEMO_PROFILE).default_exposure_s
    for step in progress(EXPOSURE_STEPS, "exposures", len(EXPOSURE_STEPS)):
        source = frame_source("camera", images, plan.seed, profile, default_s / 2**step)
        assert isinstance(source, CameraFrames)
        if points and source.exposure_s >= points[-1]["exposure_s"]:
            break
        hits = dict.fromkeys(("plain", *twins), 0)
        for number, batch in enumerate(captured(plan, len(images), schedule, source)):
            answer = truth[number * plan.batch_size :][: len(batch.plain)]
            with torch.inference_mode():
                hits["plain"] += int((network(batch.plain).argmax(1) == answer).sum())
                for name, twin in twins.items():
                    hits[name] += int((twin(batch.keyed, batch.order).argmax(1) == answer).sum())
        points.append({"exposure_s": source.exposure_s, **{name: count / len(images) for name, count in hits.items()}})
    return points


def psnr_to_scene_db(developed: Tensor, pictures: NDArray[np.uint8]) -> list[float]:
    """Peak signal-to-noise ratio of each developed picture (N, 3, H, W) to its scene, uint8 (N, H, W, 3), in dB."""
    scene = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    error = (developed - scene).square().mean((1, 2, 3)).clamp_min(1e-12)
    return (-10 * error.log10()).tolist()


def captured(plan: EvaluationPlan, count: int, schedule: KeySchedule, source: AdcFrames | CameraFrames) -> Iterator[Batch]:
    """Send pictures 0 to `count` - 1 through the keyed camera, and through the same camera without a key, batch by batch."""
    receiver = Receiver(schedule, live=False)
    wrong = KeySchedule(secrets.token_bytes(32), device="eval", policy=schedule.policy)
    bare = KeySchedule(secrets.token_bytes(32), device="eval", policy=RASTER)
    for start in range(0, count, plan.batch_size):
        rows = []
        for number in range(start, min(start + plan.batch_size, count)):
            bare_key = bare.frame_key(number, source.geometry)
            raw = source.frame(number, schedule.frame_key(number, source.geometry))
            plain = isp(source.frame(number, bare_key), bare_key, source.settings)
            keyed = isp(raw, receiver.accept(raw), source.settings)
            misread = isp(raw, wrong.frame_key(number, source.geometry), source.settings)
            # Without a key the emitted samples are all there is: taken as if they lay in raster order.
            unkeyed = isp(raw, bare_key, source.settings)
            rows.append((plain.x, keyed.x, keyed.order, misread.x, misread.order, unkeyed.x))
        plain_x, keyed_x, order, misread_x, wrong_order, unkeyed_x = (np.stack(column) for column in zip(*rows, strict=True))
        yield Batch(
            plain=_pictures(plain_x),
            keyed=_pictures(keyed_x),
            order=_index(order),
            wrongly_keyed=_pictures(misread_x),
            wrong_order=_index(wrong_order),
            unkeyed=_pictures(unkeyed_x),
        )


def _pictures(x: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(x).contiguous(memory_format=torch.channels_last)


def _index(order: NDArray[np.uint32]) -> Tensor:
    return torch.from_numpy(order.astype(np.int64))


def _summary(
    plan: EvaluationPlan, labels: NDArray[np.int64], answers: dict[str, Tensor], seconds: dict[str, float]
) -> dict[str, Any]:
    truth = torch.from_numpy(labels)
    predictions = {name: logits.argmax(1) for name, logits in answers.items()}
    keyed = [name for name in answers if name.startswith("keyed")]
    return {
        "model": plan.model,
        "policy": plan.policy,
        "through": plan.through,
        "profile": plan.profile,
        "images": len(truth),
        "batch_size": plan.batch_size,
        "seed": plan.seed,
        "accuracy": {name: int((prediction == truth).sum()) / len(truth) for name, prediction in predictions.items()},
        "different_predictions": sum(int((predictions[name] != predictions["plain"]).sum()) for name in keyed),
        "max_abs_logit_difference": max(float((answers[name] - answers["plain"]).abs().max()) for name in keyed),
        "images_per_second": {name: round(len(truth) / spent, 1) for name, spent in seconds.items()},
    }
