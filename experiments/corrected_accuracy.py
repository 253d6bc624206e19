"""What corrections are worth to a network: accuracy on a badly noisy camera before and after them, keyed and plain.

`python -m experiments.corrected_accuracy --data DIR` with the folder that holds cifar10/ and camvid/. The classifier is the
shipped ResNet-20; the segmentation network is trained here, on clean CamVid pictures, from a fixed seed.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional

from adc import FrameKey, KeySchedule, RawFrame
from calibration.capture_plan import CapturePlan
from calibration.characterisation import characterise
from calibration.correction_profile import CorrectionProfile, correction_profile
from inference.datasets import LabelledImages, load_cifar10
from inference.isp import isp
from inference.keyed import KeyedNetwork, convert
from inference.models import load
from keycam.picture_frames import CameraFrames
from keycam.simulated_bench import SimulatedBench
from sensor_sim import DEMO_PROFILE, DarkCurrent, Defects, PixelOffset, Prnu, ReadoutFigures, SensorProfile

SIZE = (90, 120)
CLASSES, VOID = 11, 11
SHARE_OF_EXPOSURE = 1 / 16
SEED = 7

NOISY = replace(
    DEMO_PROFILE,
    name="badly noisy",
    temperature_k=330.0,
    prnu=Prnu(8.0),
    offset=PixelOffset(residue_v=3e-3),
    dark=DarkCurrent(2e4, 330.0, 8.0, 80.0, 1.0, 2e5),
    defects=Defects(hot_percent=0.5, hot_e_per_s=5e5, cold_percent=0.5, cold_response_percent=20.0, stuck_percent=0.3),
    readout=ReadoutFigures(column_offset_v=3e-3, column_gain_percent=3.0, row_noise_v=1e-4, inl_lsb=30.0),
)
"""No maker's sensor: every fixed pattern at some ten times of what a bad one has, in a sixteenth of its usual light."""


@dataclass(frozen=True)
class Accuracy:
    """Share of right answers before and after the corrections, on plain and on keyed frames; `clean` without any camera."""

    clean: float
    plain_before: float
    plain_after: float
    keyed_before: float
    keyed_after: float


def corrections_of(profile: SensorProfile, exposure_s: float) -> CorrectionProfile:
    """Put the camera on the bench and make its corrections."""
    with SimulatedBench(profile, SEED) as bench:
        return correction_profile(characterise(bench, CapturePlan.quick(exposure_s, longest_dark_s=1.0)))


def frames(source: CameraFrames, count: int) -> Iterator[tuple[RawFrame, FrameKey]]:
    """Keyed frames of the first pictures, each under a key of its own."""
    schedule = KeySchedule(np.random.default_rng(SEED).bytes(32))
    for number in range(count):
        frame_key = schedule.frame_key(number, source.geometry)
        yield source.frame(number, frame_key), frame_key


def accuracy(network: nn.Module, images: LabelledImages, targets: Tensor) -> Accuracy:
    """Answers of a network, (1, classes) or (1, classes, h, w), against targets (N,) or (N, h, w); `VOID` ones do not count."""
    height, width = images.images.shape[1:3]
    side = CameraFrames.PHOTOSITES_PER_PIXEL
    source = CameraFrames(images.images, SEED, NOISY, NOISY.default_exposure_s * SHARE_OF_EXPOSURE)
    corrections = corrections_of(replace(NOISY, height=height * side, width=width * side), source.exposure_s)
    keyed = convert(network, torch.zeros(1, 3, height, width), shuffle="every-layer")
    right = dict.fromkeys(("clean", "plain_before", "plain_after", "keyed_before", "keyed_after"), 0)
    counted = 0
    with torch.inference_mode():
        for number, (raw, frame_key) in enumerate(frames(source, len(images))):
            target = targets[number]
            counted += int((target != VOID).sum()) if target.ndim else 1

            def score(name: str, scores: Tensor, target: Tensor = target) -> None:
                answer = scores.argmax(1)[0]
                right[name] += int(((answer == target) & ((target != VOID) | (target.ndim == 0))).sum())

            clean = torch.from_numpy(images.images[number].astype(np.float32) / 255).permute(2, 0, 1)[None]
            score("clean", network(clean))
            for when, maps in (("before", None), ("after", corrections.for_frame(raw.header))):
                image = isp(raw, frame_key, source.settings, maps)
                score(f"plain_{when}", network(torch.from_numpy(image.restore())[None]))
                score(f"keyed_{when}", _keyed_answer(keyed, image.x, image.order))
    return Accuracy(**{name: count / counted for name, count in right.items()})


def _keyed_answer(keyed: KeyedNetwork, x: NDArray[np.float32], order: NDArray[np.uint32]) -> Tensor:
    """The keyed network's answer, a dense one brought back to the raster."""
    index = torch.from_numpy(order.astype(np.int64))
    scores: Tensor = keyed(torch.from_numpy(x)[None], index)
    out = keyed.output_order(index)
    if out is None:
        return scores
    flat = scores.flatten(2)
    restored = torch.empty_like(flat)
    restored[..., out.flatten()] = flat
    return restored.reshape(scores.shape)


class Segmenter(nn.Module):
    """A small dense network: fine features, coarse ones of a wide view, and both together; x (N, 3, h, w), h and w even."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(_step(3, 16), _step(16, 16))
        self.coarse = nn.Sequential(nn.MaxPool2d(2), _step(16, 32), _step(32, 32, 2), _step(32, 32, 4), _step(32, 32, 8))
        self.last = nn.Sequential(_step(48, 32), nn.Conv2d(32, CLASSES, 1))

    def forward(self, x: Tensor) -> Tensor:
        fine = self.fine(x)
        coarse = functional.interpolate(self.coarse(fine), scale_factor=2.0, mode="nearest")
        scores: Tensor = self.last(torch.cat([fine, coarse], 1))
        return scores


def _step(channels: int, out: int, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, out, 3, padding=dilation, dilation=dilation), nn.BatchNorm2d(out), nn.ReLU())


def load_camvid(data: Path, split: str, every: int = 1) -> tuple[LabelledImages, Tensor]:
    """Pictures and labels of a split, brought to `SIZE`; every so manieth."""
    names = sorted(file.stem for file in (data / "camvid" / split).glob("*.webp"))[::every]
    size = SIZE[::-1]
    pictures, marks = [], []
    for name in names:
        with Image.open(data / "camvid" / split / f"{name}.webp") as picture:
            pictures.append(np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX)))
        with Image.open(data / "camvid" / f"{split}annot" / f"{name}.png") as mark:
            marks.append(np.asarray(mark.resize(size, Image.Resampling.NEAREST)).astype(np.int64))
    return LabelledImages(np.stack(pictures), np.zeros(len(pictures), np.int64), ("",)), torch.from_numpy(np.stack(marks))


def trained_segmenter(images: LabelledImages, labels: Tensor, epochs: int) -> Segmenter:
    """A `Segmenter` trained on clean pictures."""
    torch.manual_seed(SEED)
    network = Segmenter()
    x = torch.from_numpy(images.images.astype(np.float32) / 255).permute(0, 3, 1, 2)
    batches = len(x) // 8
    optimiser = torch.optim.AdamW(network.parameters(), 4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=epochs * batches)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(8)[:batches]:
            flipped = bool(torch.rand(()) < 0.5)
            batch, target = x[chosen], labels[chosen]
            batch, target = (batch.flip(-1), target.flip(-1)) if flipped else (batch, target)
            loss = functional.cross_entropy(network(batch), target, ignore_index=VOID)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=15)
    asked = parser.parse_args()
    table = Table(title="accuracy on a badly noisy camera")
    for heading in ("task", "pictures", "clean", "plain, before", "plain, after", "keyed, before", "keyed, after"):
        table.add_column(heading)
    test = load_cifar10("test", asked.data / "cifar10").first(asked.images)
    classified = accuracy(load("resnet20"), test, torch.from_numpy(test.labels))
    table.add_row("CIFAR-10, classes", str(len(test)), *(f"{share:.1%}" for share in vars(classified).values()))
    segmenter = trained_segmenter(*load_camvid(asked.data, "train"), asked.epochs)
    streets, labels = load_camvid(asked.data, "test", every=4)
    segmented = accuracy(segmenter, streets, labels)
    table.add_row("CamVid, pixels", str(len(streets)), *(f"{share:.1%}" for share in vars(segmented).values()))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
