"""The board under test, as `board` gives it to tests: how to reach it, reset it and break it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from firmware_model.device_faults import DeviceFault, FaultName
from hil.awake import AwakeClock
from hil.board_keys import BoardKeys
from hil.infrastructure import InfrastructureError
from hil.options import HilOptions
from hil.targets import Target
from hil.wire import Wire
from link.host import CameraLink, CommandLost, LinkFailure, LinkKey, Patience, provision
from link.messages import Event, EventCode, HelloAck, Role
from link.transport import LinkLost, PortError, Transport

RESET_S, EVENTS_S = 10.0, 2.0
_LOOK_S = 0.05


class Board:
    """One board or camera model for a whole run.

    Parameters
    ----------
    target
        what it is.
    options, features
        of the run; what `hil_feature` may ask for.

    Attributes
    ----------
    options, features
        as above.
    patience
        how long hosts wait for it, with the run's scale.
    identity
        what it said of itself when it was found: name, firmware hash, boot.
    boot_events
        what it told of after the last reset by `reset`.

    Raises LinkFailure where it does not answer or has another key, PortError and LinkLost.
    """

    def __init__(self, target: Target, options: HilOptions, features: frozenset[str]) -> None:
        self._target = target
        self.options, self.features = options, features
        quick = options.target == "sim"
        self.patience = patience_of(options.timeout_scale, hello_s=0.2 if quick else 0.5, reconnect_s=30.0 if quick else 120.0)
        self.identity = self.introduction()
        key = self.keys.owner or self.keys.client
        if key is not None:  # a key that the board does not have is refused once, here, and not by every test
            with self.session(key):
                pass
        self.boot_events: tuple[Event, ...] = ()

    @property
    def name(self) -> str:
        """Which kind of target: sim, pty, tcp or serial."""
        return self._target.name

    @property
    def url(self) -> str:
        """Where it is."""
        return self._target.url

    @property
    def keys(self) -> BoardKeys:
        """What opens its sessions."""
        return self._target.keys

    def scaled_s(self, time_s: float) -> float:
        """How long something may take that takes `time_s` on a quick machine."""
        return time_s * self.options.timeout_scale

    def connect(self) -> Transport:
        """The host's end of its bare link. Raises PortError and LinkLost."""
        return self._target.connect()

    def introduction(self) -> HelloAck:
        """What it says to a host without a key. Raises LinkFailure, PortError and LinkLost."""
        with CameraLink(self.connect, None, patience=self.patience) as link:
            return link.camera

    @contextmanager
    def session(self, key: LinkKey | None) -> Iterator[CameraLink]:
        """A session beside the test's own link, for setting things up; the board serves one host at a time."""
        with CameraLink(self.connect, key, patience=self.patience) as link:
            yield link

    def reset(self) -> bool:
        """Reset it and see that it came back as another boot; False where nothing here can do that.

        The port is opened first, so that nothing that it says meanwhile is lost. Raises InfrastructureError where it was
        reset and is still the same boot.
        """
        with CameraLink(self.connect, None, patience=self.patience) as link:
            before = link.camera.boot_id
            pulled = self._target.pull_reset()
        if not pulled:
            key = self.keys.client or self.keys.owner
            if key is None:
                return False
            with self.session(key) as link:
                link.write("device_reset", 1)
        clock = AwakeClock()
        while clock.now_s() < self.scaled_s(RESET_S):
            try:
                if self._is_another_boot(before):
                    return True
            except (LinkFailure, LinkLost, PortError):
                pass  # a board that starts answers nothing yet
            time.sleep(_LOOK_S)
        raise InfrastructureError(
            f"link = {self.url}: the board was not reset; allowed is a reset line, or a session that resets it"
        )

    def _is_another_boot(self, before: int) -> bool:
        """Whether it answers as another boot; then what the first host after a reset is told, and no other, is kept."""
        with Wire(self.connect(), None, self.patience.hello_s) as wire:
            ack = wire.hello(Role.NONE)
            if not isinstance(ack, HelloAck) or ack.boot_id == before:
                return False
            wire.wait(lambda: bool(wire.events(EventCode.BOOTED)), self.scaled_s(EVENTS_S))
            wire.drain(_LOOK_S)
            self.boot_events = tuple(wire.said(Event))
            return True

    def inject(self, name: FaultName, after: int = 0) -> None:
        """Let one of the device's own faults happen (docs/camera.md). Raises InfrastructureError without a side door."""
        self._target.inject(DeviceFault(name, after))

    def clear_faults(self, name: FaultName | None = None) -> None:
        """End a lasting fault of the device, or all of them."""
        self._target.clear_faults(name)

    def happened(self, name: FaultName) -> int:
        """How often a fault of the device took effect so far."""
        return self._target.happened(name)

    def kill(self) -> None:
        """Kill the camera's process at once, and start it again."""
        self._target.kill()

    def restore_key(self) -> None:
        """Have the client's key in use again, as it was before a test replaced it. Raises LinkFailure."""
        keys = self.keys
        if keys.owner is None or keys.client is None:
            return
        for _ in range(2):  # a reset that a test left armed may come in between
            try:
                with self.session(keys.owner) as link:
                    provision(link, keys.client)
                return
            except CommandLost:
                continue


def patience_of(scale: float, hello_s: float = 0.5, reconnect_s: float = 30.0) -> Patience:
    """How long a host waits for a board, all times multiplied by the run's scale."""
    return Patience(
        hello_s=hello_s * scale, hunt_s=5 * scale, command_s=0.5 * scale, heartbeat_s=0.5 * scale, silence_s=3 * scale,
        reconnect_s=reconnect_s * scale, resend_s=0.1 * scale,
    )  # fmt: skip
