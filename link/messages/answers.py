"""What answers a command that returns nothing: done, or why not."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from link.messages.fields import U32, Code
from link.messages.message import Message
from link.packet import PacketType
from link.status import Status


@dataclass(frozen=True)
class Ack(Message):
    """The command of the same seq was carried out."""

    TYPE: ClassVar = PacketType.ACK


@dataclass(frozen=True)
class Nack(Message):
    """The command of the same seq was not carried out, and changed nothing."""

    TYPE: ClassVar = PacketType.NACK
    status: Annotated[Status, Code(Status, 2), "why"]
    where: Annotated[int, U32, "the address or offset that it is about, else 0"] = 0
