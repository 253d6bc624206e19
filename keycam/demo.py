"""`keycam demo`: photographs through the keyed camera, and the keyed network's answers beside the plain one's."""

import itertools
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from adc import POLICIES, FrameKey, RawFrame
from inference.answers import ClassAnswer
from inference.isp import IspSettings, isp
from inference.keyed import convert
from inference.models import load
from inference.receiver import FrameRefused, Receiver
from inference.recording import RecordingWriter, recorded
from inference.stream import FrameResult, stream
from keycam.answers import Answer, best
from keycam.atomic_file import make_folder
from keycam.contact_sheet import Row, draw_contact_sheet
from keycam.demo_camera import development
from keycam.demo_scenes import NETWORK_SIZE, DemoScenes
from keycam.demo_source import DemoSource, Emitted, FarCamera, HereCamera, camera_here, camera_there, namesake
from keycam.policy import caution, named_policy
from keycam.progress import progress
from sensor_sim import DEMO_PROFILE
from sensor_sim.scene import linear_from_srgb

MOST_ROWS = 8


@dataclass(frozen=True)
class DemoPlan:
    """What `keycam demo` is asked to do; `image`, `camera` and `link` exclude each other.

    `record` is the folder of a recording to make, of frames under the key in the file `key`; `corrections` the file of those of
    the camera that listens at `link`.
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
    link: str | None = None
    corrections: Path | None = None

    def __post_init__(self) -> None:
        named_policy(self.policy)
        if self.record is not None and self.key is None:
            raise ValueError(f"record = {self.record}: allowed is with --key, as a throw-away key would read it never again")
        given = [name for name in ("image", "camera", "link") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{given[1]} = {getattr(self, given[1])}: allowed is one of --image, --camera and --link, not both")
        if self.corrections is not None and self.link is None:
            raise ValueError(
                f"corrections = {self.corrections}: allowed is with --link, for the camera that they were measured of"
            )
        if self.link is not None:
            self.far(self.link)

    def far(self, link: str) -> FarCamera:
        """The camera at a link, as it is asked for. Raises ValueError."""
        return FarCamera(link, self.key, self.client, self.passphrase_file, self.corrections)


@dataclass
class DemoResult:
    """What the demonstration saw."""

    plan: DemoPlan
    policy: str
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
    link: dict[str, Any] | None = None
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        return self.plain_classes.total()

    def as_json(self) -> dict[str, Any]:
        """The result as `--json` prints it."""
        return {
            "frames": self.frames,
            "refused": self.refused,
            "policy": self.policy,
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
            **({} if self.link is None else {"link": self.link}),
        }


def run_demo(plan: DemoPlan) -> DemoResult:
    """Run the camera over the scenes and write the contact sheet.

    A throw-away key makes them unless one is given. The plain answer comes from a second camera without a key that sees the
    same scene with the same noise; of a camera that was there before, from what the key holder restores. Raises `SceneError`
    where a scene cannot be read, `KeyFileError` where a key cannot be used, `OutputError` where the contact sheet cannot be
    written, `RecordingError` where a recording cannot, `CorrectionsError` where corrections are not of that camera, and what a
    camera behind a link refuses.
    """
    if plan.link is None:
        caution(plan.policy)
    make_folder(plan.out, "out")
    scenes = DemoScenes(plan.image, plan.camera, plan.frames, plan.seed)
    with _source(plan, scenes) as source:
        name = next(name for name, known in POLICIES.items() if known == source.schedule.policy)
        if source.link is not None:
            caution(name)
        result = DemoResult(plan, name, plan.out / f"demo-{name}.png")
        rows = _rows(result, source, scenes)
        if not result.frames:
            causes = ", ".join(f"{cause} {count}" for cause, count in result.refused.items()) or "none came"
            allowed = "a camera whose frames this key verifies and that stays as it was calibrated"
            raise ValueError(f"frames = {plan.frames}: none was accepted ({causes}); allowed is {allowed}")
        if source.link is not None:
            result.link = {"name": source.link.name, **source.link.statistics.as_json()}
        draw_contact_sheet(rows, source.schedule.policy, result.picture)
    return result


def _source(plan: DemoPlan, scenes: DemoScenes) -> AbstractContextManager[DemoSource]:
    if plan.link is not None:
        return camera_there(plan.far(plan.link), scenes, plan.policy, plan.seed)
    here = HereCamera(plan.key, plan.client, plan.passphrase_file)
    return camera_here(here, scenes, plan.policy, plan.seed)


def _rows(result: DemoResult, source: DemoSource, scenes: DemoScenes) -> list[Row]:
    """Compare all frames and count them in `result`; the rows of the contact sheet."""
    network, schedule = load("resnet20"), source.schedule
    wrong = namesake(schedule, schedule.policy)
    settings = development(DEMO_PROFILE, NETWORK_SIZE)
    keyed = convert(network, torch.zeros(1, 3, *NETWORK_SIZE), "every-layer", schedule.layer_orders())
    wrong_host = Receiver(wrong)
    rows: list[Row] = []
    frames, record = source.frames(), result.plan.record
    coming = frames if record is None else _recorded(frames, record)
    streaming = stream(coming, source.receiver, keyed, settings=settings, corrections=source.corrections.of_frame)
    with torch.inference_mode(), streaming as results:
        started = time.perf_counter()
        for number, seen in enumerate(progress(results, "capturing", len(scenes))):
            frame, answer = source.emitted(seen.counter), seen.answer
            assert isinstance(answer, ClassAnswer)  # as resnet20 is a classifier
            geometry = frame.raw.header.geometry
            frame_key = schedule.frame_key(seen.counter, geometry)
            plain_scores = _scores(network, _plain_input(frame, frame_key, source, settings))
            misread = isp(
                frame.raw, wrong.frame_key(seen.counter, geometry), settings, source.corrections.of_frame(frame.raw.header)
            )
            wrong_scores = keyed(torch.from_numpy(misread.x)[None], torch.from_numpy(misread.order.astype(np.int64)))[0]
            _count(result, frame, answer, plain_scores, wrong_scores.numpy(), wrong_host)
            _time(result, seen)
            if number in scenes.shown(MOST_ROWS):
                answers = (best(plain_scores)[0], best(answer.scores)[0], best(wrong_scores.numpy())[0])
                rows.append(_row(frame, frame_key, source, answers))
        result.seconds = time.perf_counter() - started
        result.refused = results.refused
    return rows


def _recorded(frames: Iterator[RawFrame], path: Path) -> Iterator[RawFrame]:
    # A source that gives no frame leaves no recording.
    for first in frames:
        with RecordingWriter(path) as writer:
            yield from recorded(itertools.chain([first], frames), writer)


def _plain_input(frame: Emitted, frame_key: FrameKey, source: DemoSource, settings: IspSettings) -> NDArray[np.float32]:
    """What a network sees without a key, float32 (3, h, w)."""
    if frame.plain_raw is None:
        return isp(frame.raw, frame_key, settings, source.corrections.of_frame(frame.raw.header)).restore()
    return isp(frame.plain_raw, source.bare.frame_key(frame.raw.header.counter, frame.raw.header.geometry), settings).x


def _scores(network: torch.nn.Module, x: NDArray[np.float32]) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = network(torch.from_numpy(x)[None])[0].numpy()
    return scores


def _count(
    result: DemoResult,
    frame: Emitted,
    answer: ClassAnswer,
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
    result.by_photograph.setdefault(frame.name, Counter())[name] += 1
    result.notes[frame.name] = frame.shows
    try:
        wrong_host.accept(frame.raw)
    except FrameRefused:
        result.refused_by_wrong_key += 1


def _time(result: DemoResult, seen: FrameResult) -> None:
    for stage, seconds in seen.timings_s.items():
        result.stage_s.setdefault(stage, []).append(seconds)


def _row(frame: Emitted, frame_key: FrameKey, source: DemoSource, answers: tuple[Answer, Answer, Answer]) -> Row:
    geometry = frame.raw.header.geometry
    link = frame.raw.samples.reshape(geometry.height, geometry.width).astype(np.float32) / np.float32(2**geometry.bits - 1)
    restored = isp(frame.raw, frame_key, development(DEMO_PROFILE, None), source.corrections.of_frame(frame.raw.header)).restore()
    picture = restored.transpose(1, 2, 0)
    scene = linear_from_srgb(picture) if frame.scene is None else frame.scene
    return Row(frame.name, scene, link, picture, *answers)
