"""`sim`: a camera model in this process, on a wire without a limit."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware_model.body import Body
from firmware_model.device import Device
from firmware_model.device_faults import DeviceFault, DeviceFaults, FaultName
from firmware_model.flash import Flash
from firmware_model.hardware import Hardware
from firmware_model.scenes import EndlessScenes
from firmware_model.warm_up import warm_up
from hil.board_keys import CLIENT, DEVICE, BoardKeys, keys_of
from hil.infrastructure import InfrastructureError
from hil.options import HilOptions, TargetName
from keycam.device_key import counter_path_of, fuses_of, put_in
from keycam.key import new_key
from keycam.keyfile import write_plain
from link.transport import InProcessPort, Transport
from sensor_sim import DEMO_PROFILE
from sensor_sim.scene import uniform_field

END_S = 10.0


class InProcessTarget:
    """A camera that is served by a thread of this process.

    Parameters
    ----------
    port
        on which it is served.
    keys, faults
        what opens its sessions, and what may break in it.
    """

    name: TargetName = "sim"
    url = "in this process"

    def __init__(self, port: InProcessPort, keys: BoardKeys, faults: DeviceFaults) -> None:
        self._port, self.keys, self._faults = port, keys, faults

    def connect(self) -> Transport:
        return self._port.connect()

    def inject(self, fault: DeviceFault) -> None:
        self._faults.inject(fault)

    def clear_faults(self, name: FaultName | None = None) -> None:
        self._faults.clear(name)

    def happened(self, name: FaultName) -> int:
        return self._faults.happened[name]

    def pull_reset(self) -> bool:
        self._faults.inject(DeviceFault("reset"))
        return True

    def kill(self) -> None:
        raise InfrastructureError("target = sim: it is no process of its own; allowed to be killed is pty or tcp")


@contextmanager
def in_process_target(options: HilOptions) -> Iterator[InProcessTarget]:
    """A camera with a throw-away key, as long as the block runs."""
    faults, port, stopping = DeviceFaults(options.seed), InProcessPort(), threading.Event()
    with tempfile.TemporaryDirectory(prefix="keycam-hil-") as folder, new_key(DEVICE, [CLIENT]) as key:
        file = Path(folder) / "hil.key"
        write_plain(key, file)
        with Flash(Path(folder) / "flash", faults) as flash:
            fuses = fuses_of(key, options.seed)
            fuses.claim(flash)
            put_in(key, CLIENT, flash, fuses, file)
            hardware = Hardware(DEMO_PROFILE, options.seed)
            scene = uniform_field(DEMO_PROFILE.height, DEMO_PROFILE.width)
            warm_up(hardware, scene)
            device = Device(Body(hardware, fuses, flash, EndlessScenes([scene]), counter_path_of(key, file, flash), faults))
            camera = threading.Thread(target=device.serve, args=(port, stopping), name="hil-camera", daemon=True)
            camera.start()
            try:
                yield InProcessTarget(port, keys_of(key, CLIENT), faults)
            finally:
                stopping.set()
                port.close()
                camera.join(END_S)
                if camera.is_alive():
                    raise InfrastructureError(f"target = sim: the camera hangs; allowed is one that ends within {END_S:g} s")
                device.close()
