"""Commands and their answers in one session: one under way, the same bytes again until it is answered."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from link.host.connection import Connection
from link.host.failures import CameraRefused, SessionEnded
from link.host.patience import Patience
from link.host.statistics import LinkStatistics
from link.messages import COMMANDS, Message, MessageError, Nack, ReadReply, message_of
from link.packet import Packet, PacketFlags, PacketType
from link.session import SessionError
from link.status import Status
from link.transport import LinkLost

Wait = Callable[[Callable[[], bool], float], bool]
"""Waits until something is so, at most so many seconds, and says whether it is; meanwhile packets are taken."""
Answer = TypeVar("Answer", bound=Message)
UNASKED = frozenset({PacketType.HEARTBEAT, PacketType.EVENT, PacketType.FRAME_START, PacketType.DATA, PacketType.FRAME_END})
MOST_BUSY = 40
BUSY_S = 0.05
MOST_HINTS = 2


class Dialogue:
    """The commands of one session; any thread may ask, one after another.

    Parameters
    ----------
    connection
        with its session begun.
    wait
        how to wait for an answer, in whatever thread asks.
    patience, statistics
        how long and how often; what happened.
    """

    def __init__(self, connection: Connection, wait: Wait, patience: Patience, statistics: LinkStatistics) -> None:
        self.connection = connection
        self._wait, self._patience, self._statistics = wait, patience, statistics
        self._asking = threading.Lock()
        self._awaited: int | None = None
        self._answers: deque[Packet] = deque(maxlen=1)
        self._ending = threading.Event()
        self.is_to_end = False
        """Whether the camera ends the session by what it was asked for, so that it is no fault."""

    def take(self, packet: Packet) -> bool:
        """A packet came that may be the answer; whether it is."""
        if packet.type in UNASKED or self._awaited is None or packet.seq != self._awaited or self._answers:
            return False
        self._answers.append(packet)
        return True

    def end(self) -> None:
        """The session is over: what is asked from now on, or under way, raises SessionEnded."""
        self._ending.set()

    def ask(self, message: Message, kind: type[Answer]) -> Answer:
        """Send a command; its answer, of the type that docs/protocol.md says.

        Raises CameraRefused for a NACK, SessionEnded where no answer comes or the session is over.
        """
        return self.ask_numbered(message, kind)[0]

    def ask_numbered(self, message: Message, kind: type[Answer]) -> tuple[Answer, int]:
        """As `ask`: the answer, and the seq that the command had."""
        with self._asking:
            return self._ask(message, kind)

    def ask_if_idle(self, message: Message, kind: type[Answer]) -> Answer | None:
        """As `ask`; None where another command is under way."""
        if not self._asking.acquire(blocking=False):
            return None
        try:
            return self._ask(message, kind)[0]
        finally:
            self._asking.release()

    def _ask(self, message: Message, kind: type[Answer]) -> tuple[Answer, int]:
        for _ in range(MOST_BUSY):
            if self._ending.is_set():
                raise SessionEnded("the session is over")
            packet = self.connection.packet(message, is_command=True)
            answer = self._answered(packet, message)
            if not isinstance(answer, Nack) or answer.status is not Status.BUSY:
                break
            time.sleep(BUSY_S)
        if isinstance(answer, Nack):
            raise refused(self.connection.name, message, answer)
        self._statistics.count("commands")
        assert isinstance(answer, kind)
        return answer, packet.seq

    def _answered(self, packet: Packet, message: Message) -> Message:
        hints = 0
        self._answers.clear()
        self._awaited = packet.seq
        try:
            for attempt in range(self._patience.command_tries):
                if attempt:
                    self._statistics.count("command_repeated")
                self._send(packet)
                if not self._wait(lambda: self._ending.is_set() or bool(self._answers), self._patience.command_s):
                    continue
                if self._ending.is_set():
                    raise SessionEnded("the session is over")
                reply = self._answers.popleft()
                answer = self._opened(packet, reply, message)
                if answer is not None:
                    return answer
                hints += not reply.flags & PacketFlags.ENC
                if hints == MOST_HINTS:
                    break
            self._statistics.count("command_lost")
            raise SessionEnded(f"{PacketType(packet.type).name} was not answered")
        finally:
            self._awaited = None

    def _send(self, packet: Packet) -> None:
        try:
            self.connection.send(packet)
        except LinkLost as error:
            raise SessionEnded(str(error)) from error

    def _opened(self, command: Packet, answer: Packet, message: Message) -> Message | None:
        """What an answer says; None, counted, where it is none that can be believed."""
        session = self.connection.session
        if command.flags & PacketFlags.ENC:
            if not answer.flags & PacketFlags.ENC:
                self._statistics.count("hint")
                return None
            if session is None:
                raise SessionEnded("the session is over")
            try:
                answer = session.open(answer)
            except SessionError as error:
                self._statistics.count("auth" if error.cause == "auth" else "stray")
                return None
            except RuntimeError as error:  # wiped meanwhile
                raise SessionEnded(str(error)) from error
        try:
            said = message_of(answer)
        except MessageError:
            self._statistics.count("malformed")
            return None
        fits = said.TYPE in (COMMANDS[message.TYPE][0], PacketType.NACK)
        if not fits or (isinstance(said, ReadReply) and said.address != getattr(message, "address", None)):
            self._statistics.count("malformed")
            return None
        return said


def refused(link: str, message: Message, nack: Nack) -> CameraRefused:
    """What a NACK says, in one sentence."""
    text = f"link = {link}: the camera refused {message.TYPE.name} with {nack.status.name}: {nack.status.meaning}"
    return CameraRefused(f"{text}; allowed is what its state and settings take", nack.status, nack.where)
