"""Faults that strike packets whole: what stands between two zeros is lost, doubled, late, cut, forged or sent again."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from link.packet import MOST_ENCODED_BYTES, PacketError, decoded
from link.transport.faults.byte_stage import without_zeros
from link.transport.faults.interruption import Interruption, Note, Passed
from link.transport.faults.plan import Fault
from link.transport.faults.strikes import Strike, Strikes

REMEMBERED_BYTES = 1 << 16
MOST_BEHIND = 4
"""How many later packets a reordered one may be behind."""
Chooses = Callable[[bytes], bool]
"""Says of the bytes between two zeros whether a fault that was asked for strikes them."""


@dataclass
class _Asked:
    fault: Fault
    draws: np.random.Generator
    where: Chooses | None
    times: int


@dataclass
class _Late:
    packet: bytes
    behind: int


class PacketStage:
    """One direction of a link, through which packets pass and are struck. How they are cut into pieces does not matter.

    A packet is held until its last zero is there. Where no fault strikes, the same bytes come out.

    Parameters
    ----------
    strikes
        by numbers of packets.
    note
        is told of each fault.
    remembered_bytes
        of packets that went by, for those that come again.
    """

    def __init__(self, strikes: Strikes, note: Note, *, remembered_bytes: int = REMEMBERED_BYTES) -> None:
        self._strikes, self._note = strikes, note
        self._remembered_bytes = remembered_bytes
        self._asked: list[_Asked] = []
        self._count = 0
        self.restart()

    def restart(self) -> None:
        """The link is over: forget what is held, and go on counting."""
        self._begun = b""
        self._late: list[_Late] = []
        self._gone_by: deque[bytes] = deque()
        self._gone_by_bytes = 0

    @property
    def holds_late(self) -> bool:
        """Whether there are packets that wait for others to overtake them."""
        return bool(self._late)

    def ask(self, fault: Fault, draw: int, where: Chooses | None, times: int) -> None:
        """Let `fault` strike the next packets that `where` chooses, so many of them."""
        self._asked.append(_Asked(fault, np.random.default_rng(draw), where, times))

    def feed(self, data: bytes) -> Passed:
        """What comes out when `data` goes in."""
        *whole, self._begun = (self._begun + data).split(b"\0")
        out: Passed = []
        for between_zeros in whole:
            out.extend(self._passed(between_zeros) if between_zeros else [b"\0"])
        if len(self._begun) > MOST_ENCODED_BYTES:  # no packet any more, and nothing to wait for
            out.append(self._begun)
            self._begun = b""
        return _joined(out)

    def release(self) -> bytes:
        """The packets that wait for others, when no others come."""
        late = b"".join(late.packet for late in self._late)
        self._late.clear()
        return late

    def _passed(self, between_zeros: bytes) -> Passed:
        packet = between_zeros + b"\0"
        strikes = self._strikes.before(self._count + 1)
        out = self._struck_as_asked(between_zeros, packet)
        for strike in strikes:
            if out is None and _is_of_type(between_zeros, strike.fault.packet_type):
                out = self._struck(strike, packet)
        self._count += 1
        self._remember(packet)
        return ([packet] if out is None else out) + self._overtaken()

    def _struck_as_asked(self, between_zeros: bytes, packet: bytes) -> Passed | None:
        for asked in self._asked:
            chosen = _is_of_type(between_zeros, asked.fault.packet_type) and (asked.where is None or asked.where(between_zeros))
            out = self._struck(Strike(self._count, asked.fault, int(asked.draws.integers(1 << 63))), packet) if chosen else None
            if out is not None:
                asked.times -= 1
                self._asked = [each for each in self._asked if each.times > 0]
                return out
        return None

    def _struck(self, strike: Strike, packet: bytes) -> Passed | None:
        """What comes in the place of the packet; None where the fault has no way to strike it."""
        kind = strike.fault.kind
        if kind == "packet-delay":
            self._note(strike, packet, packet, None)
            return [Interruption("pause", strike.fault.duration_s), packet]
        if kind == "packet-reorder":
            self._note(strike, packet, packet, None)
            self._late.append(_Late(packet, 2 + strike.draw % MOST_BEHIND))  # of which one is counted off for itself
            return []
        after = _replaced(strike, packet, self._history(strike.fault.size_bytes) if kind == "packet-replay" else b"")
        if after is None or after == packet:
            return None
        self._note(strike, packet, after, None)
        return [after]

    def _overtaken(self) -> Passed:
        for late in self._late:
            late.behind -= 1
        due = [late.packet for late in self._late if late.behind <= 0]
        self._late = [late for late in self._late if late.behind > 0]
        return list(due)

    def _remember(self, packet: bytes) -> None:
        self._gone_by.append(packet)
        self._gone_by_bytes += len(packet)
        while self._gone_by_bytes > self._remembered_bytes:
            self._gone_by_bytes -= len(self._gone_by.popleft())

    def _history(self, size: int) -> bytes:
        """The last packets, as many as have up to `size` bytes."""
        recent: list[bytes] = []
        for packet in reversed(self._gone_by):
            size -= len(packet)
            if size < 0:
                break
            recent.append(packet)
        return b"".join(reversed(recent))


def _replaced(strike: Strike, packet: bytes, history: bytes) -> bytes | None:
    between_zeros, draw = packet[:-1], strike.draw
    match strike.fault.kind:
        case "packet-loss":
            return b""
        case "packet-duplicate":
            return packet + packet
        case "packet-truncate":
            return between_zeros[: draw % len(between_zeros)] + b"\0"
        case "packet-oversize":
            return between_zeros + without_zeros(draw, strike.fault.size_bytes) + b"\0"
        case "packet-forge":
            return forged(between_zeros, draw)
        case "packet-replay":
            return packet + history
    raise AssertionError(strike.fault.kind)


def forged(between_zeros: bytes, draw: int) -> bytes | None:
    """The packet with a bit of its payload flipped and a CRC that fits, up to its last zero; None where it has no payload."""
    try:
        packet = decoded(between_zeros)
    except PacketError:
        return None
    if not packet.payload:
        return None
    payload = bytearray(packet.payload)
    bit = draw % (8 * len(payload))
    payload[bit // 8] ^= 1 << bit % 8
    return replace(packet, payload=bytes(payload)).encoded()[1:]


def packet_type(between_zeros: bytes) -> int | None:
    """The type of a packet; None where it is none."""
    try:
        return decoded(between_zeros).type
    except PacketError:
        return None


def _is_of_type(between_zeros: bytes, wanted: int | None) -> bool:
    return wanted is None or packet_type(between_zeros) == wanted


def _joined(items: Passed) -> Passed:
    """The same with neighbouring bytes in one piece."""
    joined: Passed = []
    pieces: list[bytes] = []
    for item in items:
        if isinstance(item, bytes):
            pieces.append(item)
            continue
        joined.extend(filter(None, [b"".join(pieces)]))
        joined.append(item)
        pieces.clear()
    joined.extend(filter(None, [b"".join(pieces)]))
    return joined
