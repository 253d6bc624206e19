"""A live camera as scenes: a webcam by its number, or a network camera by its address."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sensor_sim.scene.errors import SceneError
from sensor_sim.scene.linear import Scene, linear_from_srgb

OPEN_TIMEOUT_MS = 10_000
DEVICES = Path("/dev")
HIGHEST_NUMBER = 99
"""OpenCV takes the hundreds of a number for a driver."""


class CameraSource:
    """What a camera sees, until it stops; every iteration opens it anew and closes it at its end.

    Parameters
    ----------
    camera
        the number of a webcam, 0 to 99 (0 is the first), or the URL of a network camera. A URL may hold a user and a password:
        they are handed to the camera and never shown.

    Raises
    ------
    SceneError
        if the number is out of range or the URL has no scheme; while iterating, if the camera does not open or gives no picture.
    """

    def __init__(self, camera: int | str) -> None:
        if isinstance(camera, int) and not 0 <= camera <= HIGHEST_NUMBER:
            raise SceneError(f"camera = {camera}: allowed is 0 to {HIGHEST_NUMBER}, or a URL")
        if isinstance(camera, str) and "://" not in camera:
            raise SceneError(f"camera = {camera.rpartition('@')[2]}: allowed is 0 to {HIGHEST_NUMBER}, or a URL")
        self._camera = camera

    @property
    def name(self) -> str:
        """What may be shown of the camera: its number, or its URL without what may be a secret."""
        return str(self._camera) if isinstance(self._camera, int) else url_without_secrets(self._camera)

    def __repr__(self) -> str:
        return f"CameraSource({self.name})"

    def __iter__(self) -> Iterator[Scene]:
        capture = self._opened()
        pictures = 0
        try:
            while True:
                with _opencv_silent():
                    there, bgr = capture.read()
                if not there:
                    break
                pictures += 1
                yield linear_from_srgb(np.asarray(bgr)[..., ::-1])
        finally:
            capture.release()
        if not pictures:
            raise SceneError(
                f"camera = {self.name}: it opens but gives no picture; allowed is a camera that no other program holds"
            )

    def _opened(self) -> Any:
        import cv2

        with _opencv_silent():
            if isinstance(self._camera, int):
                capture = cv2.VideoCapture(self._camera)
            else:
                timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, OPEN_TIMEOUT_MS]
                capture = cv2.VideoCapture(self._camera, cv2.CAP_FFMPEG, timeouts)
        if not capture.isOpened():
            capture.release()
            why = _why_closed(self._camera) if isinstance(self._camera, int) else "nothing answers there, or it is no video"
            raise SceneError(f"camera = {self.name}: it does not open; allowed is a connected camera's number or URL ({why})")
        return capture


def _why_closed(number: int) -> str:
    """Why a webcam does not open, as far as the system says; OpenCV does not."""
    if sys.platform != "linux":
        return "it is missing, held by another program, or the system does not hand it over"
    device = DEVICES / f"video{number}"
    if not device.exists():
        there = sorted(DEVICES.glob("video*"), key=lambda path: (len(path.name), path.name))
        return f"there is no {device}, " + (f"only {', '.join(map(str, there))}" if there else "nor any other webcam")
    if not os.access(device, os.R_OK | os.W_OK):
        return f"this user may not use {device}: 'ls -l {device}' says who may"
    return f"another program holds {device}, or it gives no pictures (many webcams have a second number, for what is not one)"


def url_without_secrets(url: str) -> str:
    """The scheme, host, port and path of a URL: user, password, query and fragment are left out.

    A path that sets values, as the "user=...&password=..." of some cameras, is left out too; so are host and path where an
    "@" behind the host may belong to a password with an unescaped "/", "?" or "#".
    """
    # Not by urllib: it refuses some addresses, and its error quotes user and password.
    scheme, _, rest = url.partition("://")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    behind = rest[len(authority) :]
    if "@" in behind:
        return f"{scheme}://..."
    path = re.split("[?#]", behind, maxsplit=1)[0]
    return f"{scheme}://{authority.rpartition('@')[2]}{'/...' if '=' in path else path}"


@contextmanager
def _opencv_silent() -> Iterator[None]:
    """OpenCV and its FFmpeg write their failures, URL and password included, to stderr: what fails is told by SceneError."""
    import cv2

    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg's quiet; OpenCV reads it at its first stream
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
