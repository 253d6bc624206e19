"""A capture as text: one line for each packet or piece of damage, with time and direction."""

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from link.messages import MessageError, message_of
from link.packet import Packet, PacketErrorCause, PacketFlags, PacketType
from link.parser import PacketParser
from link.transport import read_capture

MOST_SHOWN = 160
_ARROWS = {"read": "<-", "written": "->"}


def write_log(capture: Path, log: Path) -> None:
    """Write what the packets of a capture said; `<-` came from the board, `->` went to it. Times in s from its beginning.

    A packet has the time of the piece of bytes that completed it. Raises ValueError for a damaged capture.
    """
    parsers = {heading: PacketParser() for heading in _ARROWS}
    begin_s: float | None = None
    with log.open("w", encoding="utf-8") as out:
        for piece in read_capture(capture):
            begin_s = piece.time_s if begin_s is None else begin_s
            parser = parsers[piece.heading]
            before = parser.errors.copy()
            line = f"{piece.time_s - begin_s:10.6f} {_ARROWS[piece.heading]} "
            for packet in parser.feed(piece.data):
                out.write(f"{line}{described(packet)}\n")
            _write_damage(out, line, parser.errors - before)


def _write_damage(out: TextIO, line: str, errors: Mapping[PacketErrorCause, int]) -> None:
    for cause, times in errors.items():
        out.write(f"{line}damaged: {cause}{f' x{times}' if times > 1 else ''}\n")


def described(packet: Packet) -> str:
    """One line about a packet; what is sealed, or long, is not shown."""
    known = any(packet.type == kind for kind in PacketType)
    name = PacketType(packet.type).name if known else f"type {packet.type:02x}"
    flags = "|".join(flag.name or "" for flag in PacketFlags(packet.flags & 15))
    head = f"{name} seq={packet.seq}" + (f" {flags}" if flags else "")
    if packet.type == PacketType.DATA:
        return f"{head} frame={packet.frame_id} offset={packet.offset} {len(packet.payload)} bytes"
    if packet.frame_id:
        head += f" frame={packet.frame_id}"
    if packet.flags & PacketFlags.ENC or not known:
        return f"{head} {len(packet.payload)} bytes{' sealed' if packet.flags & PacketFlags.ENC else ''}"
    try:
        said = str(message_of(packet))
    except MessageError as error:
        return f"{head} malformed: {error}"
    return f"{head} {said if len(said) <= MOST_SHOWN else said[:MOST_SHOWN] + '…'}"
