"""One message for each packet type: what its payload says."""

from link.messages.answers import Ack, Nack
from link.messages.fields import MessageError
from link.messages.frames import Credit, FrameData, FrameEnd, FrameStart, Resend
from link.messages.handshake import PROTOCOL_VERSION, Hello, HelloAck, Role, Slot
from link.messages.key_steps import (
    KeyBegin,
    KeyCheck,
    KeyCheckReply,
    KeyChunk,
    KeyCommit,
    KeyErase,
    KeyState,
    KeyStateReply,
    SlotState,
    WrapForm,
)
from link.messages.life import DeviceState, Event, EventCode, Heartbeat
from link.messages.message import Message, fields_of
from link.messages.register_access import Read, ReadReply, Write
from link.packet import Packet, PacketType

__all__ = [
    "COMMANDS",
    "MESSAGES",
    "PROTOCOL_VERSION",
    "Ack",
    "Credit",
    "DeviceState",
    "Event",
    "EventCode",
    "FrameData",
    "FrameEnd",
    "FrameStart",
    "Heartbeat",
    "Hello",
    "HelloAck",
    "KeyBegin",
    "KeyCheck",
    "KeyCheckReply",
    "KeyChunk",
    "KeyCommit",
    "KeyErase",
    "KeyState",
    "KeyStateReply",
    "Message",
    "MessageError",
    "Nack",
    "Read",
    "ReadReply",
    "Resend",
    "Role",
    "Slot",
    "SlotState",
    "WrapForm",
    "Write",
    "fields_of",
    "message_of",
]

MESSAGES: dict[PacketType, type[Message]] = {
    kind.TYPE: kind
    for kind in (
        Hello, HelloAck, Heartbeat, Event, Ack, Nack, Read, ReadReply, Write, KeyBegin, KeyChunk, KeyCheck, KeyCheckReply,
        KeyCommit, KeyState, KeyStateReply, KeyErase, FrameStart, FrameData, FrameEnd, Resend, Credit,
    )
}  # fmt: skip
COMMANDS: dict[PacketType, tuple[PacketType, Role]] = {
    PacketType.HELLO: (PacketType.HELLO_ACK, Role.NONE),
    PacketType.READ: (PacketType.READ_REPLY, Role.NONE),
    PacketType.WRITE: (PacketType.ACK, Role.CLIENT),
    PacketType.KEY_BEGIN: (PacketType.ACK, Role.OWNER),
    PacketType.KEY_CHUNK: (PacketType.ACK, Role.OWNER),
    PacketType.KEY_CHECK: (PacketType.KEY_CHECK_REPLY, Role.OWNER),
    PacketType.KEY_COMMIT: (PacketType.ACK, Role.OWNER),
    PacketType.KEY_ERASE: (PacketType.ACK, Role.OWNER),
    PacketType.KEY_STATE: (PacketType.KEY_STATE_REPLY, Role.NONE),
}
"""Of each command, what answers it unless a NACK does, and the least role of the session that it needs."""


def message_of(packet: Packet) -> Message:
    """What a packet says, once its payload is open. Raises MessageError for a type or payload that is not of this version."""
    try:
        kind = MESSAGES[PacketType(packet.type)]
    except ValueError:
        raise MessageError(f"type = {packet.type:#04x}: allowed is one of {', '.join(each.name for each in MESSAGES)}") from None
    return kind.unpack(packet.payload)
