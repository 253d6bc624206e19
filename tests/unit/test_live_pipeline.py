"""Camera, stream and networks together: nothing is lost when settings change, and nothing is made that nobody asked for."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from adc import POLICIES
from firmware_model import geometry_of
from inference.receiver import FrameRefused, Receiver
from inference.recording import Recording, RecordingWriter
from keycam.key import new_key
from keycam.live.camera_here import CameraHere, live_profile, moving
from keycam.live.chosen_network import ChosenNetwork, chosen_network, cropped_to
from keycam.live.live_frame import LiveFrame
from keycam.live.networks import LiveNetworks, agreement
from keycam.live.pipeline import Pipeline
from keycam.live.scene_source import SceneSource
from keycam.live.scene_supply import SceneSupply
from keycam.live.settings import LiveSettings
from sensor_sim import DEMO_PROFILE, MovingScene, Scene, Sensor
from sensor_sim.scene import load_photograph


@pytest.fixture(scope="module")
def network() -> ChosenNetwork:
    return chosen_network("resnet20", None)


@pytest.fixture(scope="module")
def cat() -> Scene:
    return load_photograph("chelsea")


@contextmanager
def pipeline_of(
    network: ChosenNetwork, scenes: list[Scene], look: Callable[[LiveFrame], None], writer: RecordingWriter | None = None
) -> Iterator[Pipeline]:
    with SceneSupply(SceneSource("scenes", scenes, "all", None)) as supply, new_key("live", ["host"]) as key:
        supply.start()
        camera = CameraHere(supply, key, "host", None, LiveSettings(), 0)
        networks = LiveNetworks(network, camera.profile, geometry_of(camera.profile))
        yield Pipeline(camera, networks, "all", look, lambda: True, writer)
    assert not [
        each.name for each in threading.enumerate() if each.name.startswith(("keycam-scenes", "keycam-isp", "keycam-cap"))
    ]


def test_every_scene_is_answered_for_while_policy_key_and_shuffle_change(network: ChosenNetwork, cat: Scene) -> None:
    # A change is of the next capture, and up to ten frames are on their way then: four in each queue, one before each.
    scenes, seen = 20, list[LiveFrame]()

    def look(frame: LiveFrame) -> None:
        seen.append(frame)
        changes = {2: ("policy", "paper"), 4: ("shuffle", "input"), 6: ("compare", True), 9: ("reveal", True)}
        if len(seen) in changes:
            pipeline.set(*changes[len(seen)])
        if len(seen) == 8:
            pipeline.rotate()
        if len(seen) == 11:
            pipeline.set("reveal", False)

    with pipeline_of(network, [cat] * scenes, look) as pipeline:
        pipeline.run()
    assert len(seen) == scenes
    assert [frame.raw.header.policy for frame in seen[:2]] == [POLICIES["secure"]] * 2
    assert seen[-1].raw.header.policy == POLICIES["paper"]
    assert seen[-1].raw.header.epoch == 1
    epochs_and_counters = [(frame.raw.header.epoch, frame.counter) for frame in seen]
    assert epochs_and_counters == sorted(set(epochs_and_counters))
    # Shown from the next frame on, and no longer than asked for.
    assert [frame.restored is not None for frame in seen] == [9 <= number < 11 for number in range(scenes)]
    assert [frame.plain is not None for frame in seen] == [number >= 6 for number in range(scenes)]
    for frame in seen[6:]:
        assert frame.plain is not None
        assert agreement(frame.answer, frame.plain) == 1
        # Logits agree to single precision's rounding (1e-5 of the largest); a wrong key's do not.
        largest = float(np.abs(frame.plain.scores).max())
        assert np.abs(frame.answer.scores - frame.plain.scores).max() <= 1e-5 * largest
        assert np.abs(frame.wrong.scores - frame.plain.scores).max() > 1e-2 * largest
    statistics = pipeline.statistics()
    assert statistics["frames"] == scenes
    assert statistics["dropped"] == {}
    assert statistics["refused"] == {}
    assert set(statistics["stage_ms"]) == {"camera", "wait", "key_and_verify", "isp", "network"}


def test_nobody_looks_so_nothing_but_the_answer_is_made(network: ChosenNetwork, cat: Scene) -> None:
    with pipeline_of(network, [cat] * 2, lambda _: pytest.fail("somebody looks")) as pipeline:
        pipeline._is_wanted = lambda: False
        networks = pipeline.networks
        networks.misread = networks.plain = networks.restored = lambda *_: pytest.fail("made for nobody")  # type: ignore[method-assign]
        pipeline.run()
        assert pipeline.frames == 2


def test_it_stops_at_any_moment_also_before_its_first_frame(network: ChosenNetwork, cat: Scene) -> None:
    for after in (0, 1):
        with pipeline_of(network, [cat] * 500, lambda _: None) as pipeline:
            if not after:
                pipeline.stop()
            running = threading.Thread(target=pipeline.run)
            running.start()
            while pipeline.frames < after:
                time.sleep(0.01)
            began_s = time.monotonic()
            pipeline.stop()
            running.join(20)
            assert not running.is_alive()
            assert time.monotonic() - began_s < 3
            assert pipeline.frames < 500


def test_a_recording_holds_what_was_answered_and_keeps_its_key_and_policy(
    network: ChosenNetwork, cat: Scene, tmp_path: Path
) -> None:
    counters: list[int] = []

    def look(frame: LiveFrame) -> None:
        counters.append(frame.counter)
        if len(counters) == 1:
            with pytest.raises(ValueError, match=r"policy = paper: the recording .* is of one key and policy"):
                pipeline.set("policy", "paper")
            with pytest.raises(ValueError, match="rotate: the recording"):
                pipeline.rotate()

    with RecordingWriter(tmp_path / "a.keycam") as writer, pipeline_of(network, [cat] * 3, look, writer) as pipeline:
        pipeline.run()
        assert pipeline.statistics()["recorded"] == 3
    assert [raw.header.counter for raw in Recording(tmp_path / "a.keycam")] == counters


def test_what_a_visitor_sets_reaches_the_frames(network: ChosenNetwork, cat: Scene) -> None:
    headers, means = [], []
    changes = {1: ("exposure_s", 0.002), 2: ("analog_gain", 4.0), 3: ("temperature_k", 398.15)}

    def look(frame: LiveFrame) -> None:
        headers.append(frame.raw.header)
        assert pipeline._session is not None
        raster = frame.raw.restore(pipeline._session.schedule.frame_key(frame.counter, frame.raw.header.geometry))
        means.append(float(raster.mean()) - frame.raw.header.black_level_dn)
        if len(headers) % 10 in changes and len(headers) % 10 == len(headers):
            pipeline.set(*changes[len(headers)])

    # Frames that are under way when a setting changes have the one before: the last ones have all of them.
    with pipeline_of(network, [cat] * 16, look) as pipeline:
        pipeline.run()
        assert pipeline.settings.temperature_k == 398.15
        with pytest.raises(ValueError, match="analog_gain = 99"):
            pipeline.set("analog_gain", 99.0)
    assert headers[-1].temperature_k == 398.15
    assert headers[-1].analog_gain == 4.0
    assert abs(headers[-1].exposure_s - 0.002) < 2e-5  # whole lines of 28.57 us
    # Light and gain: 0.2 x 4 of the first frame's signal; dark current at 125 C adds some 60 e- x 0.47 DN/e- x 4 x 0.2.
    assert 0.75 < means[-1] / means[0] < 1.0


def test_a_scene_that_moves_is_blurred_and_skewed_and_one_that_stands_is_untouched(cat: Scene) -> None:
    profile = live_profile()
    assert moving(cat, LiveSettings(), profile) is cat
    edge = np.zeros((480, 640, 3), np.float32)
    edge[:, 320:] = 1
    found = moving(edge, LiveSettings(motion_px_per_s=1000.0), profile)
    assert isinstance(found, MovingScene)
    light = Sensor(profile)._light(found, 0.01)
    first, last = (int((line[:, 0] < 0.5).sum()) for line in (light[0], light[-1]))
    # The edge goes left at 1000 px/s while rows are read 28.57 us apart: 13.7 px over 479 lines, each step up to 4 px wide.
    assert 9 < first - last < 18
    assert ((light[0] > 0) & (light[0] < 1)).any()


def test_frames_of_another_key_are_counted_and_leave_no_answer(network: ChosenNetwork, cat: Scene) -> None:
    with pipeline_of(network, [cat] * 3, lambda _: None) as pipeline:
        camera = pipeline.camera
        begin = camera.session

        def session_of_strangers() -> object:
            session = begin()
            return replace(session, receiver=Receiver(session.wrong))

        camera.session = session_of_strangers  # type: ignore[method-assign, assignment]
        pipeline.run()
        assert pipeline.frames == 0
        assert pipeline.statistics()["refused"] == {"tag": 3}
    assert issubclass(FrameRefused, ValueError)


@pytest.mark.parametrize(
    ("size", "crop"),
    [
        ((32, 32), (16, 96, 448, 448)),
        ((180, 240), (60, 80, 360, 480)),
        ((224, 224), (16, 96, 448, 448)),
        ((480, 640), (0, 0, 480, 640)),
    ],
)
def test_the_network_sees_the_middle_of_the_array_in_whole_blocks(size: tuple[int, int], crop: tuple[int, ...]) -> None:
    assert cropped_to(size, geometry_of(live_profile())) == (size, crop)


def test_a_network_for_larger_pictures_than_the_cameras_is_refused() -> None:
    with pytest.raises(ValueError, match="model: the network takes pictures of 299x299 and the camera has 256x256"):
        cropped_to((299, 299), geometry_of(DEMO_PROFILE))
