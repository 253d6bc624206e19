"""Accuracy of the whole camera against exposure and depth: `python -m experiments.camera_accuracy --data DIR`.

The ResNet-20 that comes with keycam sees test pictures of CIFAR-10 through the simulated sensor with all of its noise, plain and
keyed in both modes; every answer is compared. Every exposure and every depth is a stage: run the same line again to resume.
`--quick` checks the whole path in minutes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer

from adc import SECURE, KeySchedule
from experiments.command import Data, Out, Quick, Seed, line_of_this_run, places, run
from experiments.keyed_accuracy import ROWS
from experiments.own_tables import CAMERA_BITS, CAMERA_EXPOSURE, print_own
from experiments.provenance import commit, data_card, hardware, versions
from experiments.record import Record, write
from experiments.stage import stage
from inference.datasets import LabelledImages, load_cifar10
from inference.models import load
from inference.models.state import weights_digest
from keycam.atomic_file import whole_file
from keycam.camera_accuracy import agreement, at_falling_exposures
from keycam.evaluation_plan import SHUFFLES
from keycam.exposure_figure import accuracy_curves, exposure_axis
from keycam.picture_frames import CameraFrames
from keycam.progress import progress
from keycam.ways import Ways
from sensor_sim import DEMO_PROFILE, SensorProfile, load_profile

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BITS = range(6, 13)
BATCH = 250
QUICK_PICTURES = 40
QUICK_EVERY = 6
"""Which points are measured then: the first, and each so many behind it."""
DIFFERENT = "different answers"

Point = tuple[str, CameraFrames]
"""A row of a record, and the camera that it is about."""


def experiment(
    data: Data,
    out: Out = Path("runs/camera"),
    profile: Annotated[str | None, typer.Option(help="Sensor: a name or a TOML file; by default the demonstration's.")] = None,
    images: Annotated[int | None, typer.Option(help="Of 10,000 test pictures; by default all.", min=1)] = None,
    seed: Seed = 0,
    quick: Quick = False,
) -> None:
    """Accuracy through the whole camera against exposure and bits, plain and keyed."""
    began_at = commit()
    sensor = DEMO_PROFILE if profile is None else load_profile(profile)
    where = places(out, quick)
    test = load_cifar10("test", data).first(QUICK_PICTURES if quick else images)
    every = QUICK_EVERY if quick else 1
    sweeps = ((CAMERA_EXPOSURE, exposures(test, seed, sensor)), (CAMERA_BITS, depths(test, seed, sensor)))
    records = []
    for table, points in sweeps:
        figures, wall_s = measured(list(points)[::every], test, seed, where.stages / table.experiment)
        answers = 2 * len(test) * len(figures[DIFFERENT])
        different = sum(int(count) for count in figures[DIFFERENT].values())
        remarks = {"sensor": sensor.name, "with key": f"{different} of {answers:,} answers differ from the plain network's"}
        record = Record(
            experiment=table.experiment, command=line_of_this_run(), figures=figures, seed=seed,
            data=data_card("CIFAR-10 test", test), wall_s=round(wall_s, 1), commit=began_at, hardware=hardware(),
            versions=versions(), remarks=remarks,
        )  # fmt: skip
        file = write(record, where.record)
        print_own(table, record)
        print(f"wrote {file}")
        records.append(record)
    print(f"wrote {draw(records[0], records[1], sensor, where.figures / CAMERA_EXPOSURE.picture)}")


def exposures(test: LabelledImages, seed: int, sensor: SensorProfile) -> Iterator[Point]:
    """The camera at falling exposures, by exposure in ms."""
    for source in at_falling_exposures(test.images, seed, sensor):
        yield f"{1e3 * source.exposure_s:.4g}", source


def depths(test: LabelledImages, seed: int, sensor: SensorProfile) -> Iterator[Point]:
    """The camera at its default exposure with converters of falling depth, none deeper than its own, by bits."""
    for bits in reversed([each for each in BITS if each <= sensor.readout.bits]):
        yield str(bits), CameraFrames(test.images, seed, at_bits(sensor, bits))


def at_bits(sensor: SensorProfile, bits: int) -> SensorProfile:
    """`sensor` with converters of another depth: what counts in codes stays the same in volts."""
    figures = sensor.readout
    scale = 2.0 ** (bits - figures.bits)
    return replace(
        sensor,
        readout=replace(
            figures, bits=bits, black_level_dn=scale * figures.black_level_dn, inl_lsb=scale * figures.inl_lsb,
            dnl_lsb=scale * figures.dnl_lsb,
        ),
    )  # fmt: skip


def measured(points: Sequence[Point], test: LabelledImages, seed: int, folder: Path) -> tuple[dict[str, dict[str, float]], float]:
    """Accuracies in percent and the count of different answers, by way and row, and the seconds that all of it took.

    Each point is a stage in `folder`.
    """
    network = load("resnet20").to(memory_format=torch.channels_last)
    rng = np.random.default_rng(seed)
    schedule = KeySchedule(rng.bytes(32), device="experiment", policy=SECURE)
    ways = Ways.of(network, torch.zeros(1, 3, *test.images.shape[1:3]), SHUFFLES["both"], schedule)
    common = {"seed": seed, "weights": weights_digest(network), "data": data_card("CIFAR-10 test", test)}
    figures: dict[str, dict[str, float]] = {name: {} for name in (*(ROWS[way] for way in ("plain", *ways.twins)), DIFFERENT)}
    wall_s = 0.0
    for row, source in progress(points, "measuring", len(points)):

        def found(source: CameraFrames = source) -> dict[str, Any]:
            return asdict(agreement(ways, source, test, schedule, BATCH, np.random.default_rng(seed).bytes))

        settings = common | {"sensor": repr(source.profile), "exposure_s": source.exposure_s}
        result = stage(folder / f"{row}.json", settings, found)
        for way, right in result["right"].items():
            figures[ROWS[way]][row] = 100 * right / result["pictures"]
        figures[DIFFERENT][row] = result["different"]
        wall_s += result["wall_s"]
    return figures, wall_s


def draw(by_exposure: Record, by_bits: Record, sensor: SensorProfile, file: Path) -> Path:
    """Draw both records side by side into `file` (PNG) and return it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _curves(left, by_exposure)
    exposure_axis(left, sensor)
    _curves(right, by_bits)
    right.set(xlabel="bits of the converter", xticks=list(BITS), xlim=(BITS[0] - 0.3, BITS[-1] + 0.3))
    left.legend()
    figure.suptitle(f"{by_exposure.data['pictures']:,} pictures of {by_exposure.data['name']}; sensor: {sensor.name}", fontsize=9)
    with whole_file(file, "out") as unfinished:
        figure.savefig(unfinished, format="png")
    return file


def _curves(ax: "Axes", record: Record) -> None:
    curves: dict[str, Sequence[float]] = {
        name: list(column.values()) for name, column in record.figures.items() if name != DIFFERENT
    }
    accuracy_curves(ax, [float(row) for row in record.figures[DIFFERENT]], curves)
    ax.axhline(10, color="#9aa5b1", linestyle=":", label="guessing")


if __name__ == "__main__":
    run(experiment)
