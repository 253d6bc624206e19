"""The live camera behind a link: its own policy and key, the settings it takes, and an end while it is waited for."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adc import SECURE
from keycam.key import ClientEpoch, Key, KeyCard, fingerprint, now
from keycam.live import camera_there
from keycam.live.camera_there import CameraThere
from keycam.live.chosen_network import chosen_network
from keycam.live.live_frame import LiveFrame
from keycam.live.networks import LiveNetworks
from keycam.live.pipeline import Pipeline
from keycam.live.settings import LiveSettings
from sensor_sim import DEMO_PROFILE
from tests.scripted_host import DEVICE, SECRET
from tests.served_camera import ServedCamera, served_camera


@pytest.fixture
def camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ServedCamera, CameraThere]]:
    with served_camera(tmp_path, profile=DEMO_PROFILE) as served:
        served.give_key()
        monkeypatch.setattr(camera_there, "open_transport", lambda url: served.connect())
        secret = bytearray(SECRET)
        key = Key(KeyCard("client", DEVICE, {"host": ClientEpoch(1)}, now(), fingerprint(secret)), secret)
        there = CameraThere("in this process", key, "host", LiveSettings())
        yield served, there
        there.close()


def test_its_frames_are_answered_for_and_it_takes_what_it_has_registers_for(camera: tuple[ServedCamera, CameraThere]) -> None:
    _, there = camera
    seen: list[LiveFrame] = []

    def look(frame: LiveFrame) -> None:
        seen.append(frame)
        if len(seen) == 1:
            pipeline.set("analog_gain", 2.0)
            pipeline.set("compare", True)
            for name, value in (("temperature_k", 300.5), ("motion_px_per_s", 9.0), ("policy", "paper")):
                with pytest.raises(ValueError, match=f"{name} = {value}: the camera has its own; allowed is .*analog_gain"):
                    pipeline.set(name, value)
            with pytest.raises(ValueError, match="rotate: the camera on the wire has its own key"):
                pipeline.rotate()
        if len(seen) > 1 and frame.raw.header.analog_gain == 2.0:
            pipeline.stop()

    from firmware_model import geometry_of

    networks = LiveNetworks(chosen_network("resnet20", None), there.profile, geometry_of(there.profile))
    pipeline = Pipeline(there, networks, "latest", look, lambda: True)
    pipeline.run()
    assert seen[0].raw.header.policy == SECURE
    assert there.settings.policy == "secure"
    assert abs(there.settings.exposure_s - DEMO_PROFILE.default_exposure_s) < 1e-9
    assert there.settings.temperature_k == DEMO_PROFILE.temperature_k
    statistics = pipeline.statistics()
    assert statistics["source_state"]["stands"] in ("there", "lost")  # it was let go
    assert statistics["source_state"]["link"]["outcomes"]["frames_verified"] >= len(seen)


def test_it_ends_while_it_waits_for_a_camera_that_is_gone(camera: tuple[ServedCamera, CameraThere]) -> None:
    _, there = camera
    session = there.session()
    frames = there.frames(session)
    next(frames)
    waiting = threading.Thread(target=lambda: list(frames))
    waiting.start()
    time.sleep(0.1)
    began_s = time.monotonic()
    session.end()
    there.close()
    waiting.join(10)
    assert not waiting.is_alive()
    assert time.monotonic() - began_s < 3
