"""What corrections are worth to a network: how good it is on a badly noisy camera before and after them, keyed and plain.

`python -m experiments.corrected_accuracy --data DIR`, with the folder that holds cifar10/ and camvid/, prints the table and
puts it into docs/calibration.md.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import Tensor

from adc import KeySchedule
from calibration.capture_plan import CapturePlan
from calibration.characterisation import characterise
from calibration.correction_profile import CorrectionProfile, correction_profile
from experiments.command import run
from inference.answers import ClassAnswer, answer_of
from inference.datasets import LabelledImages, SegmentedImages, load_camvid, load_cifar10
from inference.isp import isp
from inference.keyed import convert
from inference.mean_iou import SegmentationScore, confusion, segmentation_score
from inference.models import load
from keycam.picture_frames import CameraFrames
from keycam.simulated_bench import SimulatedBench
from sensor_sim import DEMO_PROFILE, DarkCurrent, Defects, PixelOffset, Prnu, ReadoutFigures, SensorProfile

PAGE = Path(__file__).parents[1] / "docs" / "calibration.md"
MARK = "corrected accuracy"
SHARE_OF_EXPOSURE = 1 / 16
SEED = 7
WAYS = ("clean", "plain, before", "plain, after", "keyed, before", "keyed, after")

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
class Corrected:
    """How good a network is in each of `WAYS`, and how many of its answers differ between keyed and plain frames."""

    pictures: int
    scores: dict[str, SegmentationScore]
    answers: int
    different: int


class _Plain:
    """A plain network, as `answer_of` wants one."""

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network

    def __call__(self, x: Tensor, order: Tensor) -> Tensor:
        scores: Tensor = self._network(x)
        return scores

    def output_order(self, order: Tensor) -> None:
        """The raster."""
        return


def corrections_of(profile: SensorProfile, exposure_s: float, stack_frames: int) -> CorrectionProfile:
    """Put the camera on the bench and make its corrections."""
    plan = CapturePlan(
        exposure_s, fine_steps=0, stack_frames=stack_frames, dark_frames=2, longest_dark_s=1.0, warmer_k=(8.0,), hits_per_code=4
    )
    with SimulatedBench(profile, SEED) as bench:
        return correction_profile(characterise(bench, plan))


def corrected(model: str, pictures: LabelledImages | SegmentedImages, stack_frames: int) -> Corrected:
    """Show pictures to the noisy camera under a fresh key each, and count what a network makes of its frames.

    A class for the whole picture is counted as a mask of one pixel: pixel accuracy is then the share of right answers.
    """
    height, width = pictures.images.shape[1:3]
    side = CameraFrames.PHOTOSITES_PER_PIXEL
    source = CameraFrames(pictures.images, SEED, NOISY, NOISY.default_exposure_s * SHARE_OF_EXPOSURE)
    corrections = corrections_of(
        replace(NOISY, height=height * side, width=width * side), source.exposure_s, stack_frames
    )  # fmt: skip
    network = load(model)
    plain, keyed = _Plain(network), convert(network, torch.zeros(1, 3, height, width), shuffle="every-layer")
    schedule = KeySchedule(np.random.default_rng(SEED).bytes(32))
    classes = len(pictures.classes)
    counts: defaultdict[str, NDArray[np.int64]] = defaultdict(lambda: np.zeros((classes, classes), np.int64))
    answers = different = 0

    def count(way: str, classes_seen: NDArray[np.uint8]) -> NDArray[np.uint8]:
        counts[way] += confusion(classes_seen, label, classes)
        return classes_seen

    with torch.inference_mode():
        for number in range(len(pictures)):
            label = np.atleast_1d(pictures.labels[number])
            clean = torch.from_numpy(pictures.images[number].astype(np.float32) / 255).permute(2, 0, 1)[None]
            count("clean", _seen(plain, clean, torch.arange(height * width)))
            frame_key = schedule.frame_key(number, source.geometry)
            raw = source.frame(number, frame_key)
            for when, maps in (("before", None), ("after", corrections.for_frame(raw.header))):
                image = isp(raw, frame_key, source.settings, maps)
                order = torch.from_numpy(image.order.astype(np.int64))
                one = count(f"plain, {when}", _seen(plain, torch.from_numpy(image.restore())[None], order))
                other = count(f"keyed, {when}", _seen(keyed, torch.from_numpy(image.x)[None], order))
                answers, different = answers + one.size, different + int((one != other).sum())
    scores = {way: segmentation_score(counts[way], pictures.classes) for way in WAYS}
    return Corrected(len(pictures), scores, answers, different)


def _seen(network: _Plain | torch.nn.Module, x: Tensor, order: Tensor) -> NDArray[np.uint8]:
    """The class of each pixel in the raster, or of the whole picture."""
    answer = answer_of(network, x, order[None])
    return np.array([answer.class_index], np.uint8) if isinstance(answer, ClassAnswer) else answer.mask


def table(rows: Iterable[tuple[str, Corrected, str]]) -> str:
    """The rows as Markdown: what was asked for, what came out, and which figure of the score is meant."""
    return "\n".join(_lines(rows)) + "\n"


def _lines(rows: Iterable[tuple[str, Corrected, str]]) -> Iterator[str]:
    yield f"| network and figure | pictures | {' | '.join(WAYS)} | answers that differ, keyed from plain |"
    yield "|---" * (len(WAYS) + 3) + "|"
    for name, found, figure in rows:
        shares = " | ".join(f"{100 * getattr(found.scores[way], figure):.1f} %" for way in WAYS)
        yield f"| {name} | {found.pictures} | {shares} | {found.different} of {found.answers:,} |"


def with_table(page: str, text: str) -> str:
    """A page with `text` between its marks."""
    begin, end = f"<!-- {MARK} -->", f"<!-- end of {MARK} -->"
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n\n{text}\n{end}", page, flags=re.DOTALL)


def experiment(
    data: Annotated[Path, typer.Option(help="Folder with cifar10/ and camvid/.")],
    images: Annotated[int, typer.Option(help="Pictures of CIFAR-10.", min=1)] = 500,
    streets: Annotated[int, typer.Option(help="Pictures of CamVid, spread over its test split.", min=1)] = 40,
    stack_frames: Annotated[int, typer.Option(help="Frames of each stack of the calibration.", min=2)] = 24,
) -> None:
    """What corrections are worth: measure, print, and write the table into docs/calibration.md."""
    found = corrected("resnet20", load_cifar10("test", data / "cifar10").first(images), stack_frames)
    rows = [("ResNet-20, CIFAR-10: right classes", found, "pixel_accuracy")]
    print(table(rows), flush=True)
    masks = corrected("fcn_resnet12", _spread(load_camvid("test", data / "camvid"), streets), stack_frames)
    rows += [(f"fcn_resnet12, CamVid: {name}", masks, f) for name, f in _FIGURES_OF_MASKS]
    print(table(rows))
    PAGE.write_text(with_table(PAGE.read_text(), table(rows)))
    print(f"wrote {PAGE.name}")


_FIGURES_OF_MASKS = (("right pixels", "pixel_accuracy"), ("mean IoU", "mean_iou"))


def _spread(pictures: SegmentedImages, count: int) -> SegmentedImages:
    chosen = np.unique(np.linspace(0, len(pictures) - 1, count).round().astype(int))
    return SegmentedImages(pictures.images[chosen], pictures.labels[chosen], pictures.classes)


if __name__ == "__main__":
    run(experiment)
