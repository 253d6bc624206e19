"""The live camera behind a link: its own policy and key, the settings it takes, and an end while it is waited for."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from adc import SECURE
from keycam.camera_corrections import corrections_for
from keycam.key import ClientEpoch, Key, KeyCard, fingerprint, now
from keycam.live import camera_there
from keycam.live.camera_there import CameraThere
from keycam.live.chosen_network import chosen_network
from keycam.live.live_frame import LiveFrame
from keycam.live.networks import LiveNetworks
from keycam.live.pipeline import Pipeline
from keycam.live.settings import LiveSettings
from sensor_sim import DEMO_PROFILE
from tests.calibrated_camera import corrections_file
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


def test_frames_are_corrected_until_the_gain_is_another_and_refused_while_it_is(
    camera: tuple[ServedCamera, CameraThere], tmp_path: Path
) -> None:
    _, there = camera
    corrections = corrections_for(there.identity, corrections_file(there.identity, tmp_path))
    there.keep_gain()
    networks = LiveNetworks(chosen_network("resnet20", None), there.profile, there.identity.geometry)
    networks.corrections = corrections.of_frame
    seen: list[LiveFrame] = []
    link = there._link

    def look(frame: LiveFrame) -> None:
        seen.append(frame)
        if len(seen) == 1:
            with pytest.raises(ValueError, match=r"analog_gain = 2.0: .* allowed is what it takes, exposure_s"):
                pipeline.set("analog_gain", 2.0)
            link.write("analog_gain", 2.0)
            threading.Thread(target=back_again).start()
        elif pipeline.statistics()["refused"]:
            pipeline.stop()

    def back_again() -> None:
        deadline_s = time.monotonic() + 20
        while not pipeline.statistics()["refused"] and time.monotonic() < deadline_s:
            time.sleep(0.01)
        link.write("analog_gain", 1.0)

    pipeline = Pipeline(there, networks, "latest", look, lambda: True)
    pipeline.set("compare", True)
    pipeline.set("reveal", True)
    pipeline.run()
    assert set(pipeline.statistics()["refused"]) == {"corrections"}
    for frame in seen:
        assert frame.raw.header.analog_gain == 1.0
        # Keyed and plain are both of the corrected frame: at half of the light the scores are others.
        assert frame.plain is not None
        np.testing.assert_allclose(frame.answer.scores, frame.plain.scores, atol=1e-4)
