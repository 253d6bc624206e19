"""The last replies, so that a command that is repeated is carried out once."""

from collections import OrderedDict
from hashlib import sha256

from link.packet import Packet
from link.status import Status


class CommandRefused(ValueError):
    """A command that must not be carried out; `status` is what the device answers."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


class ReplyCache:
    """What a device answered to the last sealed commands; a new one for each session. Commands in clear change nothing.

    `before` a command, still sealed, says whether to answer again or to carry it out; `keep` takes what was answered. The
    command is opened between the two, so that no forged seq is ever kept.

    Parameters
    ----------
    kept
        How many replies, 1 or more; hosts wait for each reply, so that one would do.
    """

    def __init__(self, kept: int = 8) -> None:
        if kept < 1:
            raise ValueError(f"kept = {kept}: allowed is 1 or more")
        self._kept = kept
        self._last_seq = -1
        self._replies: OrderedDict[int, tuple[bytes, Packet]] = OrderedDict()

    def before(self, command: Packet) -> Packet | None:
        """The reply to send again, or None for a command to carry out.

        Raises CommandRefused with STALE_SEQ for a seq that is not above the last, unless it is that very command again.
        """
        if command.seq > self._last_seq:
            return None
        digest, reply = self._replies.get(command.seq, (b"", None))
        if reply is not None and digest == _digest(command):
            return reply
        raise CommandRefused(Status.STALE_SEQ, f"seq = {command.seq}: allowed is {self._last_seq + 1} or more")

    def keep(self, command: Packet, reply: Packet) -> None:
        """Remember the reply to a command that was carried out. Raises ValueError for a seq that is not above the last."""
        if command.seq <= self._last_seq:
            raise ValueError(f"seq = {command.seq}: allowed is {self._last_seq + 1} or more")
        self._last_seq = command.seq
        self._replies[command.seq] = (_digest(command), reply)
        if len(self._replies) > self._kept:
            self._replies.popitem(last=False)


def _digest(command: Packet) -> bytes:
    return sha256(command.header() + command.payload).digest()
