"""Speed of a batch: keyed beside the same loop with the plain network on raster frames, and of one worker beside two."""

import itertools
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import numpy as np

from keycam.batch.engine import Engine
from keycam.batch.folder import OutputFolder
from keycam.batch.footage import Video
from keycam.batch.network import choose_network
from keycam.batch.recipe import Recipe
from keycam.batch.rows import compared
from keycam.batch.seeing import ROWS
from keycam.batch.units import Job, Unit
from keycam.batch.video import VideoWriter
from sensor_sim import DEMO_PROFILE
from sensor_sim.scene import PanZoom, load_photograph, srgb_from_linear

ROUNDS = 5
"""Of which each way has its turn; the medians count, and the first round does not."""
WORKER_UNITS = 8


class Case(NamedTuple):
    """A network, and the size of the footage."""

    name: str
    height: int
    width: int


CASES = (Case("fcn_resnet12", 360, 480), Case("resnet20", 360, 480))


class BatchRow(TypedDict):
    """Frames a second from file to file, and the keyed ways' share of the plain one's; frames whose answers differ."""

    name: str
    height: int
    width: int
    frames: int
    plain_fps: float
    input_fps: float
    every_layer_fps: float
    input_share: float
    every_layer_share: float
    different_frames: int


def bench_batch(cases: Iterable[Case] = CASES, repeats: int = 30) -> list[BatchRow]:
    """Time a unit of `repeats` frames in turn: decode, camera, receiver, ISP, network, rows and annotated video."""
    from keycam.batch.worker import Worker

    rows: list[BatchRow] = []
    for case in cases:
        recipe = _recipe(case.name)
        ways = {
            "plain": replace(recipe, policy="raster"),
            "input": replace(recipe, shuffle="input"),
            "every_layer": replace(recipe, shuffle="every-layer"),
        }
        with _workplace(case, repeats) as (output, clip):
            workers = {way: Worker(one, output.path) for way, one in ways.items()}
            times_s: dict[str, list[float]] = {way: [] for way in ways}
            answers: dict[str, list[Any]] = {}
            counters = itertools.count(0, repeats)
            for number in range(ROUNDS + 1):
                for way, worker in workers.items():
                    unit = _units(clip, replace(ways[way], version=f"round {number}"), repeats)[0]
                    began_s = time.perf_counter()
                    worker.run(unit, next(counters))
                    if number:
                        times_s[way].append(time.perf_counter() - began_s)
                    lines = (output.unfinished / unit.uid / ROWS).read_text().splitlines()
                    answers[way] = [_coarse(compared(json.loads(line))) for line in lines]
        fps = {way: repeats / float(np.median(seconds)) for way, seconds in times_s.items()}
        differ = sum(len({*map(str, three)}) > 1 for three in zip(*answers.values(), strict=True))
        rows.append(
            BatchRow(
                name=case.name,
                height=case.height,
                width=case.width,
                frames=repeats,
                plain_fps=fps["plain"],
                input_fps=fps["input"],
                every_layer_fps=fps["every_layer"],
                input_share=fps["input"] / fps["plain"],
                every_layer_share=fps["every_layer"] / fps["plain"],
                different_frames=differ,
            )
        )
    return rows


class WorkersRow(TypedDict):
    """Frames a second of one and of two workers with one thread each, and how many times as fast two are."""

    name: str
    height: int
    width: int
    one_worker_fps: float
    two_workers_fps: float
    scaling: float


ENGINES = ("processes", "cluster")


def bench_workers(engines: Iterable[str] = ENGINES, repeats: int = 30) -> list[WorkersRow]:
    """Time eight units of `repeats` frames on one and on two workers, after each has done one to get ready.

    "cluster" is a Dask cluster on this machine, for which keycam[cluster] must be installed.
    """
    rows: list[WorkersRow] = []
    case = CASES[0]
    for name in engines:
        fps: list[float] = []
        for workers in (1, 2):
            with _workplace(case, WORKER_UNITS * repeats) as (output, clip):
                recipe = _recipe(case.name)
                counters = itertools.count(0, repeats)
                with _engine(name, recipe, output.path, workers) as engine:
                    for round_ in ("warm-up", "timed"):
                        units = _units(clip, replace(recipe, version=round_), repeats)
                        began_s = time.perf_counter()
                        for unit in units:
                            engine.submit(unit, next(counters))
                        left = len(units)
                        while left:
                            outcomes = engine.outcomes(60.0)
                            left -= len(outcomes)
                            for outcome in outcomes:
                                if outcome.error is not None:
                                    raise outcome.error
                    fps.append(WORKER_UNITS * repeats / (time.perf_counter() - began_s))
        rows.append(
            WorkersRow(
                name=name,
                height=case.height,
                width=case.width,
                one_worker_fps=fps[0],
                two_workers_fps=fps[1],
                scaling=fps[1] / fps[0],
            )
        )
    return rows


def _coarse(row: dict[str, Any]) -> dict[str, Any]:
    """Of a classifier the class and two digits, as its scores agree to 1e-5 and not to the bit; of masks everything."""
    return row if "mask_crc32" in row else {"class": row["class"], "probability": round(row["probability"], 2)}


def _recipe(model: str) -> Recipe:
    return Recipe(
        model=model, weights=None, digest=choose_network(model, None).digest, size=None, profile=DEMO_PROFILE, seed=0,
        policy="secure", shuffle="every-layer", key=None, client=None, passphrase_file=None,
    )  # fmt: skip


def _units(clip: Path, recipe: Recipe, frames: int) -> list[Unit]:
    video = Video(clip)
    return list(Job(clip.name, video, video.digest(), video.survey(), recipe, frames).units())


@contextmanager
def _workplace(case: Case, frames: int) -> Iterator[tuple[OutputFolder, Path]]:
    """An output folder, and a video of a move over a photograph."""
    with tempfile.TemporaryDirectory(prefix="keycam-bench-") as folder:
        clip = Path(folder) / "clip.mp4"
        with VideoWriter(clip, "h264") as video:
            for number, view in enumerate(PanZoom(load_photograph("astronaut"), frames, case.height, 0)):
                picture = srgb_from_linear(view)
                wide = np.concatenate([picture, picture[:, ::-1]], axis=1)[:, : case.width]
                video.write(wide, number / 30)
        with OutputFolder(Path(folder) / "out") as output:
            output.begin(set())
            yield output, clip


@contextmanager
def _engine(name: str, recipe: Recipe, out: Path, workers: int) -> Iterator[Engine]:
    engine: Engine
    if name == "processes":
        from keycam.batch.processes import WorkerProcesses

        engine = WorkerProcesses(recipe, out, workers, threads=1)
        try:
            yield engine
        finally:
            engine.close()
        return
    from distributed import LocalCluster

    from keycam.batch.cluster import Cluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50) as local:
        engine = Cluster(recipe, out, local.scheduler_address)
        try:
            yield engine
        finally:
            engine.close()
