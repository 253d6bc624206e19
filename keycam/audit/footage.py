"""What an audit looks at: scenes of any source as small sRGB pictures, with their classes where the source knows them."""

import itertools
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from inference.datasets import LabelledImages, load_cifar10
from keycam.audit.plan import AuditPlan
from keycam.demo_scenes import DemoScenes
from keycam.progress import progress
from privacy.attacks.ciphertext_only import LEAST_FRAMES
from sensor_sim import Scene
from sensor_sim.resample import resample
from sensor_sim.scene import SceneError, load_photograph, open_scene, srgb_from_linear
from sensor_sim.scene.images import IMAGE_SUFFIXES

SIZE_PX = (36, 48)
"""Rows and columns of an audited frame where the source has no size of its own: larger keys are found in the same way."""
STILL_PX = (360, 480)
STILL = "coffee"
EXAMPLES = 20_000
"""Training pictures from which the histogram classifier learns."""
MOST_KEPT = 10_000
"""Scenes kept of a long video, evenly."""


@dataclass(frozen=True, eq=False)
class Footage:
    """Scenes to be emitted, sRGB codes.

    Attributes
    ----------
    scenes
        uint8 (F, H, W, 3), what the camera sees while it is eavesdropped on.
    labels
        int64 (F,), their CIFAR-10 classes, or None.
    many, many_labels
        As many scenes of the same kind as there are: one of them is looked for among all.
    training
        Pictures of the same classes that an attacker may learn from, or None.
    still
        uint8 (360, 480, 3), for attacks on a single large frame.
    """

    scenes: NDArray[np.uint8]
    many: NDArray[np.uint8]
    still: NDArray[np.uint8]
    labels: NDArray[np.int64] | None = None
    many_labels: NDArray[np.int64] | None = None
    training: LabelledImages | None = None


def load_footage(plan: AuditPlan) -> Footage:
    """The scenes of the plan's source: "cifar10" (test pictures), "photographs", or what `open_scene` knows.

    Of CIFAR-10 they are drawn at random; of a folder or a video they are taken evenly from all that there is; one image, and
    the bundled photographs, are panned and zoomed over.

    Raises `DataError` or `SceneError` for what cannot be read or has too few scenes, and `ValueError` for arguments that do
    not go together.
    """
    if plan.key is not None:
        raise ValueError(f"key = {plan.key}: allowed is none with --source {plan.source}, whose keys are thrown away")
    if plan.source == "cifar10":
        return _cifar10(plan)
    if plan.data is not None:
        raise ValueError(f"data = {plan.data}: allowed is none with --source {plan.source}; it goes with --source cifar10")
    shape = plan.size or SIZE_PX
    still, kept, stride = None, [], 1
    for number, scene in enumerate(_scenes(plan)):
        still = _still(scene) if still is None else still
        if number % stride == 0:
            kept.append(srgb_from_linear(resample(scene, shape)))
        if len(kept) == 2 * MOST_KEPT:  # a video does not say how long it is
            kept, stride = kept[::2], 2 * stride
    if still is None or len(kept) < LEAST_FRAMES:
        allowed = f"a source with {LEAST_FRAMES} or more"
        raise SceneError(f"source = {plan.source}: its scenes are {len(kept)}; allowed is {allowed}")
    if len(kept) < plan.frames:
        typer.echo(f"keycam: source = {plan.source}: it has {len(kept)} scenes, so the eavesdropper has as many", err=True)
    many = np.stack(kept)
    chosen = np.linspace(0, len(kept) - 1, min(plan.frames, len(kept))).round().astype(int)
    return Footage(many[chosen], many, still)


def _scenes(plan: AuditPlan) -> Iterator[Scene]:
    source, frames = plan.source, plan.frames
    scenes: Iterable[Scene]
    total: int | None = frames
    if source == "photographs":
        scenes = (shot.scene for shot in DemoScenes(None, None, frames, plan.seed))
    elif Path(source).suffix.lower() in IMAGE_SUFFIXES and not Path(source).is_dir():
        scenes = (shot.scene for shot in DemoScenes(Path(source), None, frames, plan.seed))
    else:
        scenes = open_scene(source)
        total = len(scenes) if isinstance(scenes, Sized) else None
        if source.isdigit() or "://" in source:  # a camera, which has no end
            scenes, total = itertools.islice(scenes, frames), frames
    return progress(scenes, "looking", total)


def _cifar10(plan: AuditPlan) -> Footage:
    if plan.size is not None:
        raise ValueError(f"size = {plan.size_text}: allowed is none with --source cifar10, whose pictures are 32x32")
    if plan.data is None:
        raise ValueError("data: none is given; allowed is the folder of CIFAR-10 with --source cifar10")
    images = load_cifar10("test", plan.data)
    chosen = np.random.default_rng(plan.seed).permutation(len(images))[: plan.frames]
    return Footage(
        scenes=images.images[chosen],
        many=images.images,
        still=_still(load_photograph(STILL)),
        labels=images.labels[chosen],
        many_labels=images.labels,
        training=load_cifar10("train", plan.data).first(EXAMPLES),
    )


def _still(scene: Scene) -> NDArray[np.uint8]:
    return srgb_from_linear(resample(scene, STILL_PX))
