"""`serial`: whatever listens at a port, be it a board or a camera model that somebody else started."""

import shlex
import subprocess

from firmware_model.device_faults import DeviceFault, FaultName
from hil.board_keys import keys_in_file
from hil.infrastructure import InfrastructureError
from hil.options import HilOptions, TargetName
from hil.side_door import SideDoor
from link.transport import Transport, open_transport
from link.transport.opening import DEFAULT_BAUD

RESET_S = 60.0


class WiredBoard:
    """A board at a port.

    Parameters
    ----------
    options
        with the port, and what else is known of it.

    Raises KeyFileError where its key cannot be read.
    """

    name: TargetName = "serial"

    def __init__(self, options: HilOptions) -> None:
        assert options.port is not None
        self.url = options.port
        self.keys = keys_in_file(options)
        self._baud = DEFAULT_BAUD if options.baud is None else options.baud
        self._reset_line = None if options.reset_cmd is None else shlex.split(options.reset_cmd)
        self._door = None if options.side_door is None else SideDoor(options.side_door)

    def connect(self) -> Transport:
        return open_transport(self.url, baud=self._baud)

    def inject(self, fault: DeviceFault) -> None:
        self._opened_door().ask({"fault": fault.name, "after": fault.after})

    def clear_faults(self, name: FaultName | None = None) -> None:
        if self._door is not None:
            self._door.ask({"clear": name or "all"})

    def happened(self, name: FaultName) -> int:
        return self._opened_door().ask({})[name]

    def pull_reset(self) -> bool:
        if self._reset_line is None:
            return False
        try:
            done = subprocess.run(self._reset_line, capture_output=True, text=True, timeout=RESET_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InfrastructureError(f"reset_cmd = {self._reset_line[0]}: {error}; allowed is a command that runs") from error
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            raise InfrastructureError(
                f"reset_cmd = {self._reset_line[0]}: it ended with {done.returncode} ({said[0]}); allowed is an end with 0"
            )
        return True

    def kill(self) -> None:
        raise InfrastructureError("target = serial: it is nobody's process; allowed to be killed is pty or tcp")

    def _opened_door(self) -> SideDoor:
        if self._door is None:
            raise InfrastructureError(f"target = {self.url}: it has no side door; allowed is one with side_door in --hil-env")
        return self._door
