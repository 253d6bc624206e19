"""Cameras as scenes: a stream by its address, one sentence where none answers, and no password ever shown."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from sensor_sim.scene import CameraSource, SceneError, camera
from sensor_sim.scene.camera import url_without_secrets


def stream(path: Path) -> str:
    """A file that OpenCV opens by its URL, as it does a network camera: three red frames."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_OPENCV_MJPEG, cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(3):
        writer.write(np.full((48, 64, 3), (0, 0, 255), np.uint8))
    writer.release()
    return path.as_uri()


def test_a_stream_is_seen_in_linear_light_red_first_until_it_ends(tmp_path: Path) -> None:
    source = CameraSource(stream(tmp_path / "stream.avi"))
    for _ in range(2):
        scenes = list(source)
        assert [scene.shape for scene in scenes] == [(48, 64, 3)] * 3
        assert scenes[0].dtype == np.float32
        # JPEG moves a code by a few units of 255.
        assert np.allclose(scenes[0], [1, 0, 0], atol=0.05)


@pytest.mark.parametrize("camera", [97, "file:///no/such/stream.avi", "http://user:secret@127.0.0.1:9/live?token=secret"])
def test_a_camera_that_does_not_open_is_one_sentence_without_chatter_or_secrets(
    camera: int | str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SceneError, match=r"camera = .*: it does not open; allowed is") as refused:
        next(iter(CameraSource(camera)))
    assert "secret" not in str(refused.value) + repr(CameraSource(camera))
    assert "\n" not in str(refused.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("camera", [-1, 100, 2**31, "webcam"])
def test_what_is_no_camera_is_refused_at_once(camera: int | str) -> None:
    with pytest.raises(SceneError, match=rf"camera = {camera}: allowed is"):
        CameraSource(camera)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://user:secret@camera.local:554/live", "rtsp://camera.local:554/live"),
        ("http://us%40er:sec%2Fret@10.0.0.7/video?password=secret#x", "http://10.0.0.7/video"),
        ("http://user:se@cret@10.0.0.7/video", "http://10.0.0.7/video"),
        ("rtsp://camera/stream", "rtsp://camera/stream"),
        ("rtsp://user:se/cret@10.0.0.7/live", "rtsp://..."),
        ("rtsp://user:se?cret@10.0.0.7/live", "rtsp://..."),
        ("rtsp://user:se@c/ret@10.0.0.7/live", "rtsp://..."),
        ("http://10.0.0.7/video?password=se@cret", "http://..."),
        ("rtsp://10.0.0.7:554/user=admin&password=secret.sdp", "rtsp://10.0.0.7:554/..."),
        ("rtsp://user:se\u2100cret@10.0.0.7/live", "rtsp://10.0.0.7/live"),
        ("rtsp://user:secret@[::1/live", "rtsp://[::1/live"),
    ],
)
def test_a_url_is_shown_without_user_password_and_query(url: str, shown: str) -> None:
    assert url_without_secrets(url) == shown
    assert CameraSource(url).name == shown


def test_an_address_without_a_scheme_is_refused_without_its_password() -> None:
    with pytest.raises(SceneError, match=r"camera = camera\.local/live: allowed is") as refused:
        CameraSource("user:secret@camera.local/live")
    assert "secret" not in str(refused.value)


def test_why_a_webcam_does_not_open_is_said_as_far_as_the_system_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "DEVICES", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    assert camera._why_closed(7) == f"there is no {tmp_path}/video7, nor any other webcam"
    for number in (10, 2):
        (tmp_path / f"video{number}").touch()
    assert camera._why_closed(7) == f"there is no {tmp_path}/video7, only {tmp_path}/video2, {tmp_path}/video10"
    assert camera._why_closed(2).startswith(f"another program holds {tmp_path}/video2, or it gives no pictures")
    monkeypatch.setattr(camera.os, "access", lambda path, mode: False)
    assert camera._why_closed(2).startswith(f"this user may not use {tmp_path}/video2")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "the system does not hand it over" in camera._why_closed(2)
