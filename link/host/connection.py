"""One open link as packets: the bytes are read by a thread of their own, and everything that is sent has its seq."""

import threading

from link.host.failures import SessionEnded
from link.host.statistics import LinkStatistics
from link.messages import HelloAck, Message
from link.packet import Packet, PacketFlags
from link.parser import PacketParser
from link.session import Session
from link.transport import LinkTimeout, Reader, Transport

_LAST_SEQ = 2**32 - 1


class Connection:
    """A transport, its reader, and the session that was begun on it.

    One thread takes packets; any thread may send.

    Parameters
    ----------
    transport
        open; it is closed with the connection.
    statistics
        bytes, packets and damage are counted.

    Attributes
    ----------
    ack
        what the camera said of itself in the session, or None before.
    session
        seals and opens, or None where HELLO asked for none.
    """

    def __init__(self, transport: Transport, statistics: LinkStatistics) -> None:
        self.name = transport.name
        self.ack: HelloAck | None = None
        self.session: Session | None = None
        self._transport, self._statistics = transport, statistics
        self._reader = Reader(transport)
        self._parser = PacketParser()
        self._seq = 0
        self._writing = threading.RLock()

    def packets(self, timeout_s: float) -> list[Packet]:
        """The packets that came, none where nothing whole came for `timeout_s`. Raises LinkLost."""
        data = self._reader.get(timeout_s)
        if not data:
            return []
        found = self._parser.feed(data)
        self._statistics.count("bytes", len(data))
        self._statistics.count("packets", len(found))
        for cause, times in self._parser.errors.items():
            self._statistics.count(cause, times)
        self._parser.errors.clear()
        return found

    def begin(self, ack: HelloAck, session: Session | None) -> None:
        """HELLO was answered: from now on packets belong to the new session."""
        with self._writing:
            self._end_session()
            self.ack, self.session, self._seq = ack, session, 0

    def packet(self, message: Message, *, is_command: bool = False, frame_id: int = 0) -> Packet:
        """The next packet: of a command, sealed where there is a session. Raises SessionEnded where the seqs are used up."""
        with self._writing:
            if self._seq == _LAST_SEQ:
                raise SessionEnded("every seq of the session has been used")
            self._seq += 1
            flags = PacketFlags.ACK_REQ if is_command else PacketFlags.NONE
            packet = message.packet(seq=self._seq, flags=flags, frame_id=frame_id)
            return self.session.seal(packet) if is_command and self.session is not None else packet

    def send(self, packet: Packet) -> None:
        """Send a packet; that the other end takes it not in time is counted and no error. Raises LinkLost."""
        with self._writing:
            try:
                self._transport.write(packet.encoded())
            except LinkTimeout:
                self._statistics.count("write_timeout")

    def tell(self, message: Message, *, frame_id: int = 0) -> int:
        """Send what is no command; its seq."""
        packet = self.packet(message, frame_id=frame_id)
        self.send(packet)
        return packet.seq

    def close(self) -> None:
        """Close the link and wipe the session; harmless when repeated."""
        self._reader.close()
        with self._writing:
            self._end_session()

    def _end_session(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.wipe()
