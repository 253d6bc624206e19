"""A small camera served in a thread of this process, for tests of the host."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adc import KeySchedule
from firmware_model.device import Device
from firmware_model.device_faults import DeviceFaults
from link.host import CameraLink, LinkKey, Patience, provision
from link.transport import InProcessPort, Transport
from tests.scripted_host import DEVICE, PROVISIONING, SECRET, body_in

OWNER = LinkKey.of_owner(PROVISIONING, device=DEVICE)
CLIENT = LinkKey.of_client(SECRET, device=DEVICE, client="host", epoch=1)
QUICK = Patience(hello_s=0.1, hunt_s=10.0, command_s=0.2, heartbeat_s=0.1, silence_s=1.0, reconnect_s=10.0)
"""For a camera in the same process, which answers in milliseconds, unless the machine is so busy that its thread has to wait."""


@dataclass(frozen=True)
class ServedCamera:
    """Where it is, and what can go wrong with it."""

    connect: Callable[[], Transport]
    faults: DeviceFaults

    def link(self, key: LinkKey | None = CLIENT, **said: Any) -> CameraLink:
        return CameraLink(self.connect, key, **{"patience": QUICK, **said})

    def give_key(self, key: LinkKey = CLIENT) -> None:
        with self.link(OWNER) as owner:
            provision(owner, key)


@contextmanager
def served_camera(folder: Path, **hardware: Any) -> Iterator[ServedCamera]:
    """A camera without a key, on a wire in this process."""
    faults, port, stopping = DeviceFaults(seed=5), InProcessPort(), threading.Event()
    device = Device(body_in(folder, faults=faults, **hardware))
    thread = threading.Thread(target=device.serve, args=(port, stopping), name="camera under test")
    thread.start()
    try:
        yield ServedCamera(port.connect, faults)
    finally:
        stopping.set()
        port.close()
        thread.join(10)
        device.close()
        assert not thread.is_alive(), "the camera hangs"


def faults_of(link: CameraLink) -> dict[str, int]:
    """What went wrong on a link, but for answers that a busy machine gave too late."""
    return {cause: times for cause, times in link.statistics.faults.items() if cause not in ("command_repeated", "stray")}


def schedule() -> KeySchedule:
    return KeySchedule.from_epoch_secret(SECRET, device=DEVICE, client="host", epoch=1)
