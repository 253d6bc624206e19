"""The camera as a device: it hears bytes, looks after itself, sends bytes, and comes back from every reset."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from firmware_model.body import Body
from firmware_model.boot import Boot
from firmware_model.device_faults import PowerCut
from firmware_model.device_state import DeviceReset, ResetCause
from firmware_model.host_dialogue import HostDialogue
from link.messages import DeviceState, Event
from link.packet import PACKET_ERROR_CAUSES
from link.parser import PacketParser
from link.transport import InProcessPort, LinkClosed, LinkLost, Reader, TcpPort, Transport

WAIT_S = 0.05
"""How long an idle device waits for bytes before it looks after itself again."""
STREAMING_WAIT_S = 0.002
"""The same while a stream runs, as the capture thread cannot wake it."""
MOST_EVENTS = 16
"""Events that wait for a host: with more, the oldest are forgotten, as registers have the facts."""
PORTS_THAT_OUTLIVE_HOSTS = (TcpPort, InProcessPort)


class Device:
    """One camera, switched on.

    `serve` is the whole firmware on a port. `hear` and `work` are its two halves, for whoever brings the bytes himself; one
    thread calls them.

    Parameters
    ----------
    body
        what it is built of.
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._send: Callable[[bytes], None] | None = None
        self._parser = PacketParser()
        self._host_is_there = False
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self.boot = self._booted("power_on")
        self._dialogue = HostDialogue(self.boot)

    def connect(self, send: Callable[[bytes], None]) -> None:
        """Send bytes to the host by this function from now on; it may raise LinkTimeout and LinkLost."""
        self._send = send

    def hear(self, data: bytes) -> None:
        """Bytes from the host, in pieces of any size; what they ask for is done and answered before this returns."""
        before = dict(self._parser.errors)
        packets = self._parser.feed(data)
        for cause in PACKET_ERROR_CAUSES:
            self.boot.statistics.count(f"received_{cause}", self._parser.errors[cause] - before.get(cause, 0))
        for packet in packets:
            self._host_is_there = True
            boot = self.boot
            with self._resets():
                self._dialogue.hear(packet)
            if self.boot is not boot:
                return  # the rest was meant for a device that is no more
            self._tell_events()

    def work(self) -> None:
        """Look after the camera and send what waits; call it often."""
        with self._resets():
            self.boot.work(time.monotonic())
            self._tell_events()

    def serve(self, port: Transport, stopping: threading.Event) -> None:
        """Serve hosts on a port until `stopping` is set or the port is closed. Raises LinkLost where the port itself is gone."""
        self.connect(port.write)
        reader = Reader(port)
        try:
            while not stopping.is_set():
                boot = self.boot
                try:
                    data = reader.get(self._wait_s())
                except LinkClosed:
                    return
                except LinkLost:
                    if not isinstance(port, PORTS_THAT_OUTLIVE_HOSTS):
                        raise
                    self._host_is_there = False
                    reader = Reader(port)
                    continue
                self.hear(data)
                self.work()
                if self.boot is not boot and reader.waiting_bytes:
                    reader.get(0)  # what came while the device was down; a loss of the link is for the next turn
        finally:
            reader.close()
            self._send = None

    def close(self) -> None:
        """Switch it off."""
        self.boot.end()
        self._body.surroundings.close()

    def _wait_s(self) -> float:
        if self.boot.sender.is_busy or self.boot.stream.store.waiting:
            return 0.0
        return STREAMING_WAIT_S if self.boot.states.state is DeviceState.STREAMING else WAIT_S

    def _write(self, data: bytes) -> None:
        if self._send is None:
            raise LinkLost("link: nothing is connected; allowed is a port")
        self._send(data)

    def _booted(self, cause: ResetCause) -> Boot:
        while True:
            try:
                return Boot(self._body, cause, self._write, self._events.append)
            except PowerCut:
                cause = "brown_out"

    @contextmanager
    def _resets(self) -> Iterator[None]:
        try:
            yield
        except PowerCut:
            self._reset("brown_out")
        except DeviceReset as reset:
            self._reset(reset.cause)

    def _reset(self, cause: ResetCause) -> None:
        self.boot.end()
        self._events.clear()
        self._parser = PacketParser()
        self.boot = self._booted(cause)
        self._dialogue = HostDialogue(self.boot)

    def _tell_events(self) -> None:
        # What the link did not take is told again: a host that comes back is to know what happened meanwhile.
        while self._host_is_there and self._events and self.boot.sender.tell(self._events[0]):
            self._events.popleft()
