"""`pty` and `tcp`: `keycam camera` as a process of its own, started for the tests and killed by some of them."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from firmware_model.device_faults import DeviceFault, FaultName
from hil.board_keys import CLIENT, DEVICE, BoardKeys, keys_of
from hil.options import HilOptions, TargetName
from hil.side_door import SideDoor
from keycam.camera_process import camera_process
from keycam.key import new_key
from keycam.keyfile import write_plain
from link.transport import Transport, open_transport

LINKS = {"pty": "pty", "tcp": "tcp://127.0.0.1:0"}


class CameraProcessTarget:
    """A camera model in another process.

    Parameters
    ----------
    options
        of the run.
    folder
        where its key, its flash and its side door are.
    keys
        what opens its sessions.
    """

    def __init__(self, options: HilOptions, folder: Path, keys: BoardKeys) -> None:
        self.name: TargetName = options.target
        self.keys = keys
        self._options, self._folder = options, folder
        self._door = SideDoor(folder / "faults")
        self._running = ExitStack()
        self._where: dict[str, Any] = {"link": LINKS[options.target]}
        self.start()

    @property
    def url(self) -> str:
        return str(self._where["link"])

    def start(self) -> None:
        """Start the process; a socket keeps its number. Raises CameraNotStarted."""
        link = "pty" if self.name == "pty" else self.url
        self._where = self._running.enter_context(
            camera_process(
                link, self._folder / "hil.key", seed=self._options.seed, source="chart:field", baud=self._options.baud,
                faults=self._folder / "faults",
            )
        )  # fmt: skip

    def connect(self) -> Transport:
        return open_transport(self.url)

    def inject(self, fault: DeviceFault) -> None:
        self._door.ask({"fault": fault.name, "after": fault.after})

    def clear_faults(self, name: FaultName | None = None) -> None:
        self._door.ask({"clear": name or "all"})

    def happened(self, name: FaultName) -> int:
        return self._door.ask({})[name]

    def pull_reset(self) -> bool:
        self.inject(DeviceFault("reset"))
        return True

    def kill(self) -> None:
        os.kill(self._where["pid"], signal.SIGKILL)
        self.stop()
        self.start()

    def stop(self) -> None:
        """End the process; harmless when repeated."""
        self._running.close()


@contextmanager
def camera_process_target(options: HilOptions) -> Iterator[CameraProcessTarget]:
    """A camera with a throw-away key, as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="keycam-hil-") as folder, new_key(DEVICE, [CLIENT]) as key:
        write_plain(key, Path(folder) / "hil.key")
        target = CameraProcessTarget(options, Path(folder), keys_of(key, CLIENT))
        try:
            yield target
        finally:
            target.stop()
