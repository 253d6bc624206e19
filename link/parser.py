"""Packets out of a stream of bytes in which anything may be lost, added or altered."""

from collections import Counter

from link.packet import MOST_ENCODED_BYTES, Packet, PacketError, PacketErrorCause, decoded


class PacketParser:
    """Takes a stream as it comes, in pieces of any size, and gives the packets in it.

    After damage it goes on at the next zero byte. It keeps at most one packet's worth of bytes, however long no zero comes.

    Attributes
    ----------
    packets
        How many packets came out.
    errors
        How many runs of bytes between zeros were no packet, by cause: crc, cobs, short, length, version, oversized.
    """

    def __init__(self) -> None:
        self.packets = 0
        self.errors: Counter[PacketErrorCause] = Counter()
        self._begun = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that `data` completes, in the order in which they came; never raises for what it is fed."""
        first, *others = data.split(b"\0")
        self._begin(first)
        if not others:
            return []
        found: list[Packet] = []
        if not self._skipping:
            self._finish(self._begun, found)
        self._skipping = False
        self._begun.clear()
        last = others.pop()
        for run in others:
            self._finish(run, found)
        self._begin(last)
        self.packets += len(found)
        return found

    def _begin(self, data: bytes) -> None:
        if self._skipping:
            return
        if len(self._begun) + len(data) > MOST_ENCODED_BYTES:
            self.errors["oversized"] += 1
            self._begun.clear()
            self._skipping = True
        else:
            self._begun += data

    def _finish(self, run: bytes | bytearray, found: list[Packet]) -> None:
        if not run:  # two zeros stand between two packets
            return
        try:
            found.append(decoded(run))
        except PacketError as error:
            self.errors[error.cause] += 1
