"""Where the demonstration's frames come from: a camera in this process, or one behind a link."""

import itertools
import secrets
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from adc import RASTER, KeySchedule, RawFrame, ReadoutPolicy
from firmware_model import Camera
from inference.receiver import Receiver
from keycam.camera_corrections import UNCORRECTED, CameraCorrections, corrections_for
from keycam.camera_key import counters_of, open_camera_key
from keycam.camera_process import camera_process
from keycam.demo_camera import make_camera
from keycam.demo_scenes import DemoScenes
from keycam.far_camera import far_camera
from keycam.key import Key, new_key
from keycam.keyfile import open_key, write_plain
from keycam.link_receiver import LinkReceiver
from keycam.linked_camera import identity_of
from keycam.passphrase import known_passphrase
from keycam.policy import named_policy
from link.host import CameraLink
from sensor_sim import DEMO_PROFILE, Scene

OWN_CAMERAS = {"pty": "pty", "tcp": "tcp://127.0.0.1:0"}
"""Links to a camera that the demonstration starts itself; other links lead to one that is there."""


RESERVE = 64
"""Frame counters taken from a key's file at once: two seconds of them."""


@dataclass(frozen=True, eq=False)
class Emitted:
    """One frame on its way.

    Attributes
    ----------
    raw
        the frame.
    name, shows
        of what it shows.
    scene
        linear light, float32 (H, W, 3), or None where nobody here knows it.
    plain_raw
        what a camera without a key emits of the same scene with the same noise; None where nobody here knows the scene.
    """

    raw: RawFrame
    name: str
    shows: str
    scene: Scene | None = None
    plain_raw: RawFrame | None = None


@dataclass(frozen=True, eq=False)
class DemoSource:
    """Frames, and what belongs to them.

    Attributes
    ----------
    schedule
        the key schedule that they are made with.
    receiver
        what lets them in.
    frames
        makes the frames, once.
    bare
        the key schedule of the plain frames.
    link
        where they come from, or None within this process.
    corrections
        of their camera.
    """

    schedule: KeySchedule
    receiver: Receiver
    frames: Callable[[], Iterator[RawFrame]]
    bare: KeySchedule
    in_flight: deque[Emitted] = field(default_factory=deque)
    link: CameraLink | None = None
    corrections: CameraCorrections = UNCORRECTED

    def emitted(self, counter: int) -> Emitted:
        """The frame of a counter; those before it are forgotten, as they were refused."""
        while (frame := self.in_flight.popleft()).raw.header.counter != counter:
            pass
        return frame


@dataclass(frozen=True)
class FarCamera:
    """Which camera behind a link, and with which key.

    Attributes
    ----------
    link
        "pty" or "tcp" for a camera that is started for it, else where one listens.
    key
        key file of that camera's device or client; only for one that is there.
    client, passphrase_file
        as `keycam infer` takes them.
    corrections
        file of that camera's corrections; only for one that is there.
    """

    link: str
    key: Path | None = None
    client: str | None = None
    passphrase_file: Path | None = None
    corrections: Path | None = None

    def __post_init__(self) -> None:
        if self.link in OWN_CAMERAS and self.key is not None:
            raise ValueError(f"key = {self.key}: allowed with --link {self.link} is none, as its camera gets a throw-away key")
        if self.link in OWN_CAMERAS and self.corrections is not None:
            trouble = "its camera is made for this run and was never calibrated"
            raise ValueError(f"corrections = {self.corrections}: {trouble}; allowed with --link {self.link} is none")
        if self.link not in OWN_CAMERAS and self.key is None:
            raise ValueError(f"key: there is none for the camera at {self.link}; allowed is its key file, with --key")


@dataclass(frozen=True)
class HereCamera:
    """The key of a camera in this process: a throw-away one, or that in a key file, as `keycam infer` takes it."""

    key: Path | None = None
    client: str | None = None
    passphrase_file: Path | None = None

    def open(self) -> Key:
        """The key. Raises KeyFileError."""
        return new_key("demo", ["host"]) if self.key is None else open_camera_key(self.key, self.passphrase_file)


@contextmanager
def camera_here(here: HereCamera, scenes: DemoScenes, policy: str, seed: int) -> Iterator[DemoSource]:
    """A camera in this process, and a plain one beside it."""
    with (
        here.open() as key,
        key.schedule(named_policy(policy), here.client) as schedule,
        counters_of(here.key, key, schedule.client, reserve=RESERVE) as counters,
    ):
        bare = namesake(schedule, RASTER)
        # The noise of a frame follows from its counter.
        keyed_counters, plain_counters = itertools.tee(counters or itertools.count())
        with make_camera(schedule, seed, keyed_counters) as camera, make_camera(bare, seed, plain_counters) as plain_camera:

            def frames() -> Iterator[RawFrame]:
                for shot in scenes:
                    raw = camera.capture(shot.scene)
                    plain_raw = plain_camera.capture(shot.scene)
                    source.in_flight.append(Emitted(raw, shot.name, shot.shows, shot.scene, plain_raw))
                    yield raw

            source = DemoSource(schedule, Receiver(schedule), frames, bare)
            yield source


@contextmanager
def camera_there(far: FarCamera, scenes: DemoScenes, policy: str, seed: int) -> Iterator[DemoSource]:
    """A camera behind a link: one that is started here looks at the same scenes, of another nothing is known but its frames.

    Raises what the key, the camera's process, the link, the camera and its corrections refuse.
    """
    with ExitStack() as opened:
        url, twin = far.link, None
        if far.link in OWN_CAMERAS:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="keycam-")))
            key = opened.enter_context(new_key("demo", ["host"]))
            write_plain(key, folder / "demo.key")
            where = camera_process(
                OWN_CAMERAS[far.link], folder / "demo.key", policy=policy, views=len(scenes), seed=seed
            )  # fmt: skip
            url = opened.enter_context(where)["link"]
        else:
            assert far.key is not None
            file = far.key
            key = opened.enter_context(open_key(file, lambda: known_passphrase(far.passphrase_file, str(file))))
        link, schedule = opened.enter_context(far_camera(url, key, far.client))
        refuse_other_models(link)
        corrections = UNCORRECTED if far.corrections is None else corrections_for(identity_of(link), far.corrections)
        bare = namesake(schedule, RASTER)
        if far.link in OWN_CAMERAS:
            twin = _Twin(scenes, opened.enter_context(make_camera(bare, seed)))
        in_flight: deque[Emitted] = deque()
        frames = partial(_seen, link, len(scenes), twin, in_flight)
        yield DemoSource(schedule, LinkReceiver(schedule, link), frames, bare, in_flight, link, corrections)


class _Twin:
    """A camera without a key in this process that sees what a camera that was started for it sees, frame by frame."""

    def __init__(self, scenes: DemoScenes, camera: Camera) -> None:
        self._shots = enumerate(scenes)
        self._camera = camera

    def beside(self, raw: RawFrame) -> Emitted | None:
        """The frame of that number with what belongs to it; None where the two no longer see the same."""
        for number, shot in self._shots:
            plain_raw = self._camera.capture(shot.scene)
            if number == raw.header.counter:
                return Emitted(raw, shot.name, shot.shows, shot.scene, plain_raw)
        return None


def _seen(link: CameraLink, most: int, twin: _Twin | None, in_flight: deque[Emitted]) -> Iterator[RawFrame]:
    name = link.name
    with link.frames(most) as coming:
        for raw in coming:
            emitted = None if twin is None else twin.beside(raw)
            in_flight.append(emitted or Emitted(raw, name, "what stands before the camera"))
            yield raw


def refuse_other_models(link: CameraLink) -> None:
    """The camera must be one whose frames the demonstration's network was trained for."""
    model = link.read("model_name")
    if model != DEMO_PROFILE.name:
        raise ValueError(f"link = {link.name}: the camera is of the model {model!r}; allowed is {DEMO_PROFILE.name!r}")


def namesake(schedule: KeySchedule, policy: ReadoutPolicy) -> KeySchedule:
    """A schedule for the same names with another master, so that nothing but its keys tells it from `schedule`."""
    names = {"device": schedule.device, "client": schedule.client}
    return KeySchedule(secrets.token_bytes(32), **names, epoch=schedule.epoch, policy=policy)
