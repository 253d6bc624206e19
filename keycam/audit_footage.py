"""What an audit looks at: scenes of any source as small sRGB pictures, with their classes where the source knows them."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.datasets import load_cifar10
from keycam.demo_scenes import DemoScenes
from sensor_sim import Scene
from sensor_sim.resample import resample
from sensor_sim.scene import SceneError, load_photograph, open_scene, srgb_from_linear

SIZE_PX = (36, 48)
"""Rows and columns of an audited frame where the source has no size of its own: larger keys are found in the same way."""
STILL_PX = (360, 480)
STILL = "coffee"


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
    still
        uint8 (360, 480, 3), for attacks on a single large frame.
    """

    scenes: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    many: NDArray[np.uint8]
    many_labels: NDArray[np.int64] | None
    still: NDArray[np.uint8]


def load_footage(source: str, data: Path | None, frames: int, size: tuple[int, int] | None, seed: int) -> Footage:
    """`frames` scenes of a source: "cifar10" (test pictures from the folder `data`), "photographs", or what `open_scene` knows.

    Of CIFAR-10 they are drawn at random; of a folder or a video they are taken evenly from all that there is. `size` is
    (H, W), and not for CIFAR-10, whose pictures are 32x32.

    Raises `DataError` or `SceneError` for what cannot be read, and `ValueError` for arguments that do not go together.
    """
    if source == "cifar10":
        if size is not None:
            raise ValueError(f"size = {size[0]}x{size[1]}: allowed is none with --source cifar10, whose pictures are 32x32")
        if data is None:
            raise ValueError("data = None: allowed is the folder of CIFAR-10 with --source cifar10")
        images = load_cifar10("test", data)
        chosen = np.random.default_rng(seed).permutation(len(images))[:frames]
        return Footage(images.images[chosen], images.labels[chosen], images.images, images.labels, _still(load_photograph(STILL)))
    shape = size or SIZE_PX
    scenes: Iterable[Scene]
    if source == "photographs":
        scenes = (shot.scene for shot in DemoScenes(None, None, frames, seed))
    else:
        scenes = open_scene(source)
        if source.isdigit() or "://" in source:  # a camera, which has no end
            scenes = itertools.islice(scenes, frames)
    still, kept = None, []
    # A video does not say how many frames it has; as small as they are here, all of them can be kept.
    for scene in scenes:
        still = _still(scene) if still is None else still
        kept.append(srgb_from_linear(resample(scene, shape)))
    if still is None:
        raise SceneError(f"source = {source}: it has no frame; allowed is a source with some")
    many = np.stack(kept)
    chosen = np.unique(np.linspace(0, len(kept) - 1, min(frames, len(kept))).round().astype(int))
    return Footage(many[chosen], None, many, None, still)


def _still(scene: Scene) -> NDArray[np.uint8]:
    return srgb_from_linear(resample(scene, STILL_PX))
