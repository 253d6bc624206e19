"""Whether there is a screen to open a window or a browser on."""

import os
import sys


def has_display() -> bool:
    """Whether a window can be opened; where that is asked of the system alone, yes."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
