"""Whether there is a screen to open a window or a browser on."""

import os
import sys

from keycam.live.errors import PageError


def has_display() -> bool:
    """Whether a window can be opened; where that is asked of the system alone, yes."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def refuse_without_display() -> None:
    """Raise PageError where no window can be opened: OpenCV would end the process."""
    if not has_display():
        raise PageError("window: there is no display; allowed is a session with a screen, the page, or --headless")
    import cv2

    if "GUI:                           NONE" in cv2.getBuildInformation():
        raise PageError("window: this OpenCV has none; allowed is opencv-python instead of opencv-python-headless")
