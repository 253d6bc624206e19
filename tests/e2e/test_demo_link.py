"""`keycam demo --link`: the camera is another process behind a wire, and the answers are those of the camera in this one."""

import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from adc import SECURE, RawFrame
from inference.keyed import convert
from inference.models import load
from inference.receiver import Receiver
from inference.stream import FrameResult, stream
from keycam.camera_process import camera_process
from keycam.demo_camera import development, make_camera
from keycam.demo_scenes import NETWORK_SIZE, DemoScenes
from keycam.key import Key, new_key
from keycam.keyfile import write_plain
from keycam.link_receiver import LinkReceiver
from link.host import CameraLink, LinkKey
from link.transport import open_transport
from link.transport.faults import LinkFaults, fault_plan
from sensor_sim import DEMO_PROFILE

from .conftest import Command

FRAMES = 10


@pytest.fixture
def key(tmp_path: Path) -> Key:
    made = new_key("door", ["host"])
    write_plain(made, tmp_path / "door.key")
    return made


def client_key(key: Key) -> LinkKey:
    return LinkKey.of_client(key.of_client("host").secret, device="door", client="host", epoch=0)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert not [each.name for each in threading.enumerate() if each.name.startswith(("keycam-host", "keycam-link"))]


def answers(frames: Iterable[RawFrame], receiver: Receiver, key: Key) -> list[FrameResult]:
    with key.schedule(SECURE) as schedule:
        keyed = convert(load("resnet20"), torch.zeros(1, 3, *NETWORK_SIZE), "every-layer", schedule.layer_orders())
        settings = development(DEMO_PROFILE, NETWORK_SIZE)
        with torch.inference_mode(), stream(frames, receiver, keyed, settings=settings) as results:
            return list(results)


@pytest.mark.parametrize("kind", ["pty", "tcp://127.0.0.1:0"])
def test_scores_over_a_wire_are_those_in_process_to_the_bit(kind: str, key: Key, tmp_path: Path) -> None:
    schedule = key.schedule(SECURE)
    with make_camera(schedule, 4) as camera:
        scenes = DemoScenes(None, None, FRAMES, 4)
        expected = answers((camera.capture(shot.scene) for shot in scenes), Receiver(schedule), key)
    with (
        camera_process(kind, tmp_path / "door.key", views=FRAMES, seed=4) as where,
        CameraLink(lambda: open_transport(where["link"]), client_key(key)) as link,
    ):
        results = answers(link.frames(FRAMES), LinkReceiver(schedule, link), key)
        assert link.statistics["frames_verified"] == FRAMES
    assert [result.counter for result in results] == list(range(FRAMES))
    for result, other in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result.answer.scores, other.answer.scores)


@pytest.mark.parametrize("kind", ["pty", "tcp://127.0.0.1:0"])
def test_a_harsh_line_between_two_processes_lets_nothing_false_through(kind: str, key: Key, tmp_path: Path) -> None:
    schedule = key.schedule(SECURE)
    faults = LinkFaults(fault_plan("harsh"), seed=2)
    with (
        camera_process(kind, tmp_path / "door.key", seed=4) as where,
        CameraLink(faults.opener(lambda: open_transport(where["link"])), client_key(key)) as link,
    ):
        receiver = LinkReceiver(schedule, link)
        counters = verified(link, receiver, 20)
        assert counters == sorted(set(counters))
        assert sum(link.statistics.faults.values()) > 0
        assert len(faults.schedule.records) > 0


def verified(link: CameraLink, receiver: LinkReceiver, count: int) -> list[int]:
    counters: list[int] = []
    deadline_s = time.monotonic() + 120
    with link.frames() as frames:
        while len(counters) < count:
            assert time.monotonic() < deadline_s, "the line does not get better"
            raw = next(frames)
            try:
                counters.append(receiver.accept(raw).counter)
            except ValueError:
                continue
    return counters


def test_the_command_says_what_came_over_the_wire(command: Command, left_over: Path) -> None:
    result = command("demo", "--link", "tcp", "--frames", 6, "--out", left_over, "--json").json()
    assert result["agreement"] == 1.0
    assert result["max_abs_logit_difference"] == 0.0
    assert result["frames"] == result["frames_refused_by_wrong_key_host"] == 6
    assert result["link"]["name"].startswith("tcp://127.0.0.1:")
    assert result["link"]["outcomes"]["frames_verified"] == 6
    assert result["link"]["faults"] == {}
    assert [file.name for file in left_over.iterdir()] == ["demo-secure.png"]


def test_a_camera_that_is_there_is_looked_through_with_its_key(
    command: Command, key: Key, tmp_path: Path, left_over: Path
) -> None:
    with camera_process("pty", tmp_path / "door.key", policy="raster", seed=3) as where:
        line = ("demo", "--link", where["link"], "--frames", 4, "--out", left_over, "--json")
        refused = command(*line)
        assert (refused.code, refused.out) == (2, "")
        assert "allowed is its key file, with --key" in refused.err
        run = command(*line, "--key", tmp_path / "door.key")
        result = run.json()
        assert run.err.startswith("keycam: policy raster: ")
        assert result["agreement"] == 1.0
        assert result["policy"] == "raster"
        other = tmp_path / "other.key"
        write_plain(new_key("door", ["host"]), other)
        wrong = command(*line, "--key", other)
        assert wrong.code == 3
        assert "another key of epoch 0; allowed is the client's key of that epoch" in wrong.err


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        (("--link", "pty", "--camera", "0"), 2, "link = pty: allowed is one of --image, --camera and --link"),
        (("--link", "pty", "--key", "x.key"), 2, "key = x.key: allowed with --link pty is none"),
        (("--link", "/dev/nothing", "--key", "x.key"), 3, "key = x.key: there is no such file"),
    ],
)
def test_what_does_not_go_together_is_refused(
    command: Command, left_over: Path, line: tuple[str, ...], code: int, sentence: str
) -> None:
    run = command("demo", "--out", left_over, *line)
    assert run.code == code
    assert sentence in run.err
    assert run.err.count("\n") == 1
