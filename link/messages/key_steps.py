"""The steps by which a key gets into a slot: begin, chunks, check, commit; at any moment the device has the old or the new."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from link.messages.fields import NAME, U16, U64, Code, MessageError, Octets, Tail
from link.messages.handshake import CHECK_BYTES, Slot
from link.messages.message import Message
from link.packet import PacketType

WRAPPED_KEY_BYTES = 48
"""A secret of 32 bytes and the tag of its wrapping."""


class SlotState(IntEnum):
    """What a key slot holds."""

    EMPTY = 0
    VALID = 1
    CORRUPT = 2
    ACTIVE = 3


class WrapForm(IntEnum):
    """How a key is wrapped on its way."""

    SESSION = 1


@dataclass(frozen=True)
class KeyBegin(Message):
    """A key for a slot that is not active is about to come; what was begun before is forgotten, the slot stays as it is."""

    TYPE: ClassVar = PacketType.KEY_BEGIN
    slot: Annotated[Slot, Code(Slot), "which slot: 0 A, 1 B"]
    form: Annotated[WrapForm, Code(WrapForm), "1: under the session's wrapping key"]
    wrapped_bytes: Annotated[int, U16, "of the whole wrapped key, 48"]
    epoch: Annotated[int, U64, "epoch of the key"]
    check: Annotated[bytes, Octets(CHECK_BYTES), "check value of the key"]
    client: Annotated[str, NAME, "client of the key"]

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_neither(self.slot)
        if self.wrapped_bytes != WRAPPED_KEY_BYTES:
            raise MessageError(f"wrapped_bytes = {self.wrapped_bytes}: allowed is {WRAPPED_KEY_BYTES}")
        if not self.client:
            raise MessageError("client = '': allowed is a name of 1 to 64 bytes")


@dataclass(frozen=True)
class KeyChunk(Message):
    """A part of the wrapped key; parts may come in any sequence, and twice."""

    TYPE: ClassVar = PacketType.KEY_CHUNK
    offset: Annotated[int, U16, "of its first byte in the wrapped key"]
    part: Annotated[bytes, Tail(), "its bytes, 1 to 48"]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.part or self.offset + len(self.part) > WRAPPED_KEY_BYTES:
            end = self.offset + len(self.part)
            raise MessageError(f"part = bytes {self.offset} to {end}: allowed is 1 byte or more, up to {WRAPPED_KEY_BYTES}")


@dataclass(frozen=True)
class KeyCheck(Message):
    """Unwrap what came, and say its check value; nothing is stored yet."""

    TYPE: ClassVar = PacketType.KEY_CHECK


@dataclass(frozen=True)
class KeyCheckReply(Message):
    """The check value of the key that came."""

    TYPE: ClassVar = PacketType.KEY_CHECK_REPLY
    check: Annotated[bytes, Octets(CHECK_BYTES), "computed by the device from the unwrapped key"]


@dataclass(frozen=True)
class KeyCommit(Message):
    """Write the key into its slot and make that slot the active one, in one step that a power cut cannot halve."""

    TYPE: ClassVar = PacketType.KEY_COMMIT
    slot: Annotated[Slot, Code(Slot), "as in KEY_BEGIN"]
    check: Annotated[bytes, Octets(CHECK_BYTES), "as in KEY_BEGIN"]

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_neither(self.slot)


@dataclass(frozen=True)
class KeyErase(Message):
    """Overwrite a slot that is not active."""

    TYPE: ClassVar = PacketType.KEY_ERASE
    slot: Annotated[Slot, Code(Slot), "which slot: 0 A, 1 B"]

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_neither(self.slot)


@dataclass(frozen=True)
class KeyState(Message):
    """Ask what a slot holds; needs no session."""

    TYPE: ClassVar = PacketType.KEY_STATE
    slot: Annotated[Slot, Code(Slot), "which slot: 0 A, 1 B"]

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_neither(self.slot)


@dataclass(frozen=True)
class KeyStateReply(Message):
    """What a slot holds, and never the key."""

    TYPE: ClassVar = PacketType.KEY_STATE_REPLY
    slot: Annotated[Slot, Code(Slot), "as asked"]
    state: Annotated[SlotState, Code(SlotState), "0 empty, 1 valid, 2 corrupt, 3 active"]
    epoch: Annotated[int, U64, "epoch of the key; 0 where empty or corrupt"]
    check: Annotated[bytes, Octets(CHECK_BYTES), "check value of the key; zeros where empty or corrupt"]
    client: Annotated[str, NAME, "client of the key; empty where empty or corrupt"]


def _refuse_neither(slot: Slot) -> None:
    if slot is Slot.NEITHER:
        raise MessageError("slot = NEITHER: allowed is A or B")
