"""The states of a device, and what leads from one to another (docs/protocol.md, "States of the device")."""

from collections.abc import Callable
from typing import Literal, get_args

from link.messages import DeviceState

FaultCause = Literal["none", "over_temperature", "sensor_lost", "flash_failed", "watchdog", "counters_lost", "internal"]
FAULT_CAUSES: tuple[FaultCause, ...] = get_args(FaultCause)
ResetCause = Literal["power_on", "command", "watchdog", "brown_out"]
NEXT: dict[DeviceState, tuple[DeviceState, ...]] = {
    DeviceState.RESET: (DeviceState.BOOT,),
    DeviceState.BOOT: (DeviceState.IDLE, DeviceState.FAULT),
    DeviceState.IDLE: (DeviceState.CONFIGURED, DeviceState.FAULT),
    DeviceState.CONFIGURED: (DeviceState.STREAMING, DeviceState.IDLE, DeviceState.FAULT),
    DeviceState.STREAMING: (DeviceState.CONFIGURED, DeviceState.FAULT),
    DeviceState.FAULT: (DeviceState.IDLE,),
}
"""Where each state may lead; RESET comes from any."""


class DeviceReset(Exception):
    """The device resets, now: whatever was under way is over. `cause` says what the reset came from."""

    def __init__(self, cause: ResetCause) -> None:
        super().__init__(cause)
        self.cause = cause


class StateMachine:
    """The state of one device.

    Parameters
    ----------
    tell
        is called after every change with the new state and why.

    Attributes
    ----------
    state
        the present one, RESET at first.
    fault
        why it is FAULT; "none" in every other state.
    """

    def __init__(self, tell: Callable[[DeviceState, str], None]) -> None:
        self._tell = tell
        self.state = DeviceState.RESET
        self.fault: FaultCause = "none"

    def go(self, state: DeviceState, why: str = "") -> None:
        """Change to a state; to the present one is no change. Raises ValueError where the present one does not lead there."""
        if state is self.state:
            return
        if state is not DeviceState.RESET and state not in NEXT[self.state]:
            allowed = ", ".join(each.name for each in (*NEXT[self.state], DeviceState.RESET))
            raise ValueError(f"state = {state.name}: allowed is {allowed} after {self.state.name}")
        if state is not DeviceState.FAULT:
            self.fault = "none"
        self.state = state
        self._tell(state, why)

    def fail(self, cause: FaultCause, why: str) -> None:
        """Change to FAULT; the first cause stays where it is FAULT already."""
        if self.state is DeviceState.FAULT:
            return
        self.fault = cause
        self.go(DeviceState.FAULT, why)
