"""What every target can do; `hil.features` says what only some can."""

from typing import Protocol

from firmware_model.device_faults import DeviceFault, FaultName
from hil.board_keys import BoardKeys
from hil.options import TargetName
from link.transport import Transport


class Target(Protocol):
    """One camera or board, switched on."""

    @property
    def name(self) -> TargetName:
        """Which kind of target it is."""
        ...

    @property
    def url(self) -> str:
        """Where it is, for people."""
        ...

    @property
    def keys(self) -> BoardKeys:
        """What opens its sessions."""
        ...

    def connect(self) -> Transport:
        """The host's end of its link. Raises PortError and LinkLost."""
        ...

    def inject(self, fault: DeviceFault) -> None:
        """Let one of the device's own faults happen. Raises InfrastructureError where it has no side door."""
        ...

    def clear_faults(self, name: FaultName | None = None) -> None:
        """End a lasting fault, or all; harmless without a side door."""
        ...

    def happened(self, name: FaultName) -> int:
        """How often a fault took effect so far."""
        ...

    def pull_reset(self) -> bool:
        """Reset it from outside, by its reset line; False where only its link can do that."""
        ...

    def kill(self) -> None:
        """Kill its process, and start it again. Raises InfrastructureError where it has none."""
        ...
