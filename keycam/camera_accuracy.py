"""What a network and its keyed twins answer through the simulated camera, and at which exposures it is asked."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from adc import KeySchedule
from inference.datasets import LabelledImages
from keycam.captured import captured
from keycam.picture_frames import AdcFrames, CameraFrames
from keycam.ways import Ways
from sensor_sim import SensorProfile

EXPOSURE_STEPS = range(13)
"""Halvings of the default exposure; a rolling shutter ends at one line."""


@dataclass(frozen=True)
class Agreement:
    """What a plain network and its keyed twins made of the same pictures through the same camera.

    Attributes
    ----------
    pictures
        How many there were.
    right
        Right classes by way: "plain" and the names of the twins.
    different
        Answers of all twins together that are other ones than the plain network's.
    """

    pictures: int
    right: dict[str, int]
    different: int

    def accuracy(self) -> dict[str, float]:
        """Share of right classes by way."""
        return {way: count / self.pictures for way, count in self.right.items()}


def agreement(
    ways: Ways,
    source: AdcFrames | CameraFrames,
    images: LabelledImages,
    schedule: KeySchedule,
    batch_size: int,
    master: Callable[[int], bytes] = secrets.token_bytes,
) -> Agreement:
    """Send every picture through the camera with a key and without, and count right and different classes.

    The noise of a picture is the same in both. `source` holds the frames of `images`; `master` is that of `captured`.
    """
    truth = torch.from_numpy(images.labels)
    right, different = dict.fromkeys(("plain", *ways.twins), 0), 0
    for number, batch in enumerate(captured(source, len(images), schedule, batch_size, master)):
        labels = truth[number * batch_size :][: len(batch.plain)]
        with torch.inference_mode():
            answers = {way: ways.run(way, batch)[0].argmax(1) for way in right}
        for way, classes in answers.items():
            right[way] += int((classes == labels).sum())
            different += int((classes != answers["plain"]).sum())
    return Agreement(len(images), right, different)


def at_falling_exposures(images: NDArray[np.uint8], seed: int, profile: SensorProfile) -> Iterator[CameraFrames]:
    """The camera before `images`, uint8 (N, H, W, 3), at exposures from the default one down to its 4,096th part."""
    last_s = float("inf")
    for step in EXPOSURE_STEPS:
        source = CameraFrames(images, seed, profile, profile.default_exposure_s / 2**step)
        if source.exposure_s >= last_s:
            return
        last_s = source.exposure_s
        yield source
