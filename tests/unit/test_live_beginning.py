"""Before the first frame: a trial that takes nothing of the camera's, words for who waits, and Ctrl-C that ends it at once."""

import signal
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from firmware_model import geometry_of
from keycam.key import new_key
from keycam.live import run
from keycam.live.camera_here import CameraHere
from keycam.live.chosen_network import chosen_network
from keycam.live.live_frame import LiveFrame
from keycam.live.networks import LiveNetworks
from keycam.live.pipeline import Pipeline
from keycam.live.scene_queue import Shot
from keycam.live.scene_source import SceneSource
from keycam.live.scene_supply import SceneSupply
from keycam.live.settings import LiveSettings
from keycam.live.trial import run_trial
from sensor_sim.scene import load_photograph

PATIENCE_S = 20.0


@pytest.fixture
def obeyed() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_trial_takes_no_scene_and_no_counter_and_what_gave_way_before_it_was_over_was_not_missed() -> None:
    seen: list[LiveFrame] = []
    cat = load_photograph("chelsea")
    with SceneSupply(SceneSource("scenes", [], "latest", None)) as supply, new_key("live", ["host"]) as key:
        camera = CameraHere(supply, key, "host", None, LiveSettings(), 0)
        networks = LiveNetworks(chosen_network("resnet20", None), camera.profile, geometry_of(camera.profile))
        pipeline = Pipeline(camera, networks, "latest", seen.append, lambda: True)
        for _ in range(5):
            supply.queue.put(Shot(cat, time.perf_counter()), threading.Event())
        run_trial(camera, networks)
        assert pipeline.statistics()["frames"] == 0
        pipeline.run(1)
        dropped = pipeline.statistics()["dropped"]
    assert [frame.counter for frame in seen] == [0]
    assert dropped == {}


def test_ctrl_c_before_the_beginning_interrupts_and_after_it_lets_the_frame_be_finished(obeyed: None) -> None:
    stopped = threading.Event()
    pipeline, begun = SimpleNamespace(stop=stopped.set), threading.Event()
    with pytest.raises(KeyboardInterrupt), run._stopped_by_signals(pipeline, begun):
        signal.raise_signal(signal.SIGINT)
    stopped.clear()
    begun.set()
    with run._stopped_by_signals(pipeline, begun):
        signal.raise_signal(signal.SIGINT)
        assert stopped.wait(PATIENCE_S)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_who_waits_long_is_told_why_and_who_does_not_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(run, "LONG_S", 0.01)
    with run._told_if_long(told.append):
        deadline_s = time.monotonic() + PATIENCE_S
        while not told:
            assert time.monotonic() < deadline_s
            time.sleep(0.005)
    assert "compiling its kernels" in told[0]
    monkeypatch.setattr(run, "LONG_S", 0.2)
    with run._told_if_long(told.append):
        pass
    time.sleep(0.4)
    assert len(told) == 1
