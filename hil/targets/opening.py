"""From the options of a run to its target."""

from collections.abc import Iterator
from contextlib import contextmanager

from hil.options import HilOptions
from hil.targets.camera_process import camera_process_target
from hil.targets.in_process import in_process_target
from hil.targets.target import Target
from hil.targets.wired_board import WiredBoard


@contextmanager
def open_target(options: HilOptions) -> Iterator[Target]:
    """The target of a run, switched on as long as the block runs.

    Raises CameraNotStarted where a camera that is started refuses, and KeyFileError where a board's key cannot be read.
    """
    if options.target == "sim":
        with in_process_target(options) as camera:
            yield camera
    elif options.target == "serial":
        yield WiredBoard(options)
    else:
        with camera_process_target(options) as process:
            yield process
