"""`keycam demo`: photographs through the keyed camera, and the keyed network's answers beside the plain one's."""

import itertools
import secrets
import statistics
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from adc import RASTER, FrameKey, KeySchedule, RawFrame, ReadoutPolicy
from inference.isp import isp
from inference.keyed import convert
from inference.models import load
from inference.receiver import FrameRefused, Receiver
from inference.recording import RecordingWriter, recorded
from inference.stream import FrameResult, stream
from keycam.answers import Answer, best
from keycam.atomic_file import make_folder
from keycam.camera_key import counters_of, open_camera_key
from keycam.contact_sheet import Row, draw_contact_sheet
from keycam.demo_camera import development, make_camera
from keycam.demo_scenes import NETWORK_SIZE, DemoScenes, Shot
from keycam.key import Key, new_key
from keycam.policy import caution, named_policy
from keycam.progress import progress
from sensor_sim import DEMO_PROFILE

MOST_ROWS = 8
RESERVE = 64
"""Frame counters taken from a key's file at once: two seconds of them."""


@dataclass(frozen=True)
class DemoPlan:
    """What `keycam demo` is asked to do; `image` and `camera` replace the bundled photographs and exclude each other.

    `record` is the folder of a recording to make, of frames under the key in the file `key`.
    """

    out: Path
    frames: int = 120
    policy: str = "secure"
    image: Path | None = None
    camera: int | None = None
    seed: int = 0
    record: Path | None = None
    key: Path | None = None
    client: str | None = None
    passphrase_file: Path | None = None

    def __post_init__(self) -> None:
        named_policy(self.policy)
        if self.record is not None and self.key is None:
            raise ValueError(f"record = {self.record}: allowed is with --key, as a throw-away key would read it never again")
        if self.image is not None and self.camera is not None:
            raise ValueError(f"camera = {self.camera}: allowed is either --image or --camera, not both")


@dataclass
class DemoResult:
    """What the demonstration saw."""

    plan: DemoPlan
    picture: Path
    agreeing: int = 0
    wrong_key_agreeing: int = 0
    refused_by_wrong_key: int = 0
    largest_difference: float = 0.0
    plain_classes: Counter[str] = field(default_factory=Counter)
    by_photograph: dict[str, Counter[str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    stage_s: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def frames(self) -> int:
        return self.plain_classes.total()

    def as_json(self) -> dict[str, Any]:
        """The result as `--json` prints it."""
        return {
            "frames": self.frames,
            "policy": self.plan.policy,
            "agreement": self.agreeing / self.frames,
            "max_abs_logit_difference": self.largest_difference,
            "plain_classes": sorted(self.plain_classes),
            "wrong_key_agreement": self.wrong_key_agreeing / self.frames,
            "frames_refused_by_wrong_key_host": self.refused_by_wrong_key,
            "frames_per_second": round(self.frames / self.seconds, 2),
            "median_stage_ms": {stage: round(1e3 * statistics.median(s), 3) for stage, s in self.stage_s.items()},
            "photographs": {
                name: {"shows": self.notes[name], "plain_classes": dict(seen)} for name, seen in self.by_photograph.items()
            },
            "picture": str(self.picture),
            **({} if self.plan.record is None else {"recording": str(self.plan.record)}),
        }


@dataclass(frozen=True, eq=False)
class _Emitted:
    """One frame on its way, with what the comparison needs beside it."""

    shot: Shot
    raw: RawFrame
    plain_raw: RawFrame


def run_demo(plan: DemoPlan) -> DemoResult:
    """Run the camera over the scenes and write the contact sheet.

    A throw-away key makes them unless one is given. The plain answer comes from a second camera without a key that sees the
    same scene with the same noise. Raises `SceneError` where a scene cannot be read, `KeyFileError` where a key cannot be used,
    `OutputError` where the contact sheet cannot be written and `RecordingError` where a recording cannot.
    """
    caution(plan.policy)
    make_folder(plan.out, "out")
    with (
        _key(plan) as key,
        key.schedule(named_policy(plan.policy), plan.client) as schedule,
        counters_of(plan.key, key, schedule.client, reserve=RESERVE) as counters,
    ):
        return _demonstration(plan, schedule, counters or itertools.count())


def _key(plan: DemoPlan) -> Key:
    return new_key("demo", ["host"]) if plan.key is None else open_camera_key(plan.key, plan.passphrase_file)


def _demonstration(plan: DemoPlan, schedule: KeySchedule, counters: Iterator[int]) -> DemoResult:
    network = load("resnet20")
    wrong, bare = _namesake(schedule, schedule.policy), _namesake(schedule, RASTER)
    settings = development(DEMO_PROFILE, NETWORK_SIZE)
    keyed = convert(network, torch.zeros(1, 3, *NETWORK_SIZE), "every-layer", schedule.layer_orders())
    scenes = DemoScenes(plan.image, plan.camera, plan.frames, plan.seed)
    wrong_host = Receiver(wrong)
    result = DemoResult(plan, plan.out / f"demo-{plan.policy}.png")
    rows: list[Row] = []
    in_flight: deque[_Emitted] = deque()
    # The noise of a frame follows from its counter.
    keyed_counters, plain_counters = itertools.tee(counters)
    with (
        make_camera(schedule, plan.seed, keyed_counters) as camera,
        make_camera(bare, plan.seed, plain_counters) as plain_camera,
    ):

        def emitted() -> Iterator[RawFrame]:
            for shot in scenes:
                raw = camera.capture(shot.scene)
                in_flight.append(_Emitted(shot, raw, plain_camera.capture(shot.scene)))
                yield raw

        frames = emitted() if plan.record is None else _recorded(emitted(), plan.record)
        with torch.inference_mode(), stream(frames, Receiver(schedule), keyed, settings=settings) as results:
            started = time.perf_counter()
            for number, answer in enumerate(progress(results, "capturing", len(scenes))):
                frame = in_flight.popleft()
                bare_key = bare.frame_key(answer.counter, camera.geometry)
                plain_scores = _scores(network, isp(frame.plain_raw, bare_key, settings).x)
                wrong_key = wrong.frame_key(answer.counter, camera.geometry)
                misread = isp(frame.raw, wrong_key, settings)
                wrong_scores = keyed(torch.from_numpy(misread.x)[None], torch.from_numpy(misread.order.astype(np.int64)))[0]
                _count(result, frame, answer, plain_scores, wrong_scores.numpy(), wrong_host)
                if number in scenes.shown(MOST_ROWS):
                    frame_key = schedule.frame_key(answer.counter, camera.geometry)
                    answers = (best(plain_scores)[0], best(answer.scores)[0], best(wrong_scores.numpy())[0])
                    rows.append(_row(frame, frame_key, answers))
            result.seconds = time.perf_counter() - started
    draw_contact_sheet(rows, schedule.policy, result.picture)
    return result


def _namesake(schedule: KeySchedule, policy: ReadoutPolicy) -> KeySchedule:
    """A schedule for the same names with another master, so that nothing but its keys tells it from `schedule`."""
    names = {"device": schedule.device, "client": schedule.client}
    return KeySchedule(secrets.token_bytes(32), **names, epoch=schedule.epoch, policy=policy)


def _recorded(frames: Iterator[RawFrame], path: Path) -> Iterator[RawFrame]:
    # A source that gives no frame leaves no recording.
    for first in frames:
        with RecordingWriter(path) as writer:
            yield from recorded(itertools.chain([first], frames), writer)


def _scores(network: torch.nn.Module, x: NDArray[np.float32]) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = network(torch.from_numpy(x)[None])[0].numpy()
    return scores


def _count(
    result: DemoResult,
    frame: _Emitted,
    answer: FrameResult,
    plain_scores: NDArray[np.float32],
    wrong_scores: NDArray[np.float32],
    wrong_host: Receiver,
) -> None:
    plain_class = int(plain_scores.argmax())
    name = best(plain_scores)[0].name
    result.agreeing += answer.class_index == plain_class
    result.wrong_key_agreeing += int(wrong_scores.argmax()) == plain_class
    result.largest_difference = max(result.largest_difference, float(np.abs(answer.scores - plain_scores).max()))
    result.plain_classes[name] += 1
    result.by_photograph.setdefault(frame.shot.name, Counter())[name] += 1
    result.notes[frame.shot.name] = frame.shot.shows
    for stage, seconds in answer.timings_s.items():
        result.stage_s.setdefault(stage, []).append(seconds)
    try:
        wrong_host.accept(frame.raw)
    except FrameRefused:
        result.refused_by_wrong_key += 1


def _row(frame: _Emitted, frame_key: FrameKey, answers: tuple[Answer, Answer, Answer]) -> Row:
    geometry = frame.raw.header.geometry
    link = frame.raw.samples.reshape(geometry.height, geometry.width).astype(np.float32) / np.float32(2**geometry.bits - 1)
    restored = isp(frame.raw, frame_key, development(DEMO_PROFILE, None)).restore()
    return Row(frame.shot.name, frame.shot.scene, link, restored.transpose(1, 2, 0), *answers)
