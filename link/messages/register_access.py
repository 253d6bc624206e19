"""Reading and writing registers by address; `link.registers` says which there are and how values are written."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from link.messages.fields import U16, U32, Tail
from link.messages.message import Message
from link.packet import PacketType


@dataclass(frozen=True)
class Read(Message):
    """Read whole registers that follow one another without a gap."""

    TYPE: ClassVar = PacketType.READ
    address: Annotated[int, U32, "of the first register"]
    length_bytes: Annotated[int, U16, "of all of them"]


@dataclass(frozen=True)
class ReadReply(Message):
    """What the registers hold."""

    TYPE: ClassVar = PacketType.READ_REPLY
    address: Annotated[int, U32, "as asked"]
    data: Annotated[bytes, Tail(), "the registers' bytes, each value big-endian"]


@dataclass(frozen=True)
class Write(Message):
    """Write whole registers that follow one another without a gap: all of them, or none."""

    TYPE: ClassVar = PacketType.WRITE
    address: Annotated[int, U32, "of the first register"]
    data: Annotated[bytes, Tail(), "the registers' bytes, each value big-endian"]
