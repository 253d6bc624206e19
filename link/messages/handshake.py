"""HELLO and its answer: who speaks, which version, and the numbers from which the session key is made."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from link.messages.fields import NAME, U8, U16, U32, U64, Code, MessageError, Octets
from link.messages.message import Message
from link.packet import LEAST_PAYLOAD_BYTES, MOST_PAYLOAD_BYTES, PacketType

PROTOCOL_VERSION = 1
NONCE_BYTES, CHECK_BYTES, PROOF_BYTES = 16, 8, 16


class Role(IntEnum):
    """What a session may do."""

    NONE = 0
    CLIENT = 1
    OWNER = 2


class Slot(IntEnum):
    """A key slot of the device."""

    A = 0
    B = 1
    NEITHER = 255


@dataclass(frozen=True)
class Hello(Message):
    """The host asks who is there and, unless its role is NONE, for a session."""

    TYPE: ClassVar = PacketType.HELLO
    lowest_version: Annotated[int, U8, "lowest protocol version that the host speaks"]
    highest_version: Annotated[int, U8, "highest one"]
    role: Annotated[Role, Code(Role), "what the session is for: 0 none, only to identify; 1 client; 2 owner"]
    payload_bytes: Annotated[int, U16, "largest payload that the host takes, 256 to 8192"]
    host_nonce: Annotated[bytes, Octets(NONCE_BYTES), "fresh and random"]
    client: Annotated[str, NAME, "the client's name; empty unless the role is 1"]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.lowest_version <= self.highest_version:
            versions = f"{self.lowest_version} to {self.highest_version}"
            raise MessageError(f"lowest_version = {versions}: allowed is 1 or more, and not above highest_version")
        if bool(self.client) != (self.role is Role.CLIENT):
            raise MessageError(f"client = {self.client!r}: allowed is a name for the role CLIENT, empty for others")
        _check_payload_bytes(self.payload_bytes)


@dataclass(frozen=True)
class HelloAck(Message):
    """The device says who it is. All before the proof goes into the session key."""

    TYPE: ClassVar = PacketType.HELLO_ACK
    version: Annotated[int, U8, "protocol version from now on"]
    role: Annotated[Role, Code(Role), "as asked"]
    slot: Annotated[Slot, Code(Slot), "the active slot; 255 where there is none"]
    payload_bytes: Annotated[int, U16, "largest payload that the device takes, 256 to 8192"]
    boot_id: Annotated[int, U64, "random, another after every reset"]
    boot_counter: Annotated[int, U64, "kept in flash, 1 more after every reset"]
    session: Annotated[int, U32, "the HELLOs with a role since the reset, from 1; 0 for the role 0"]
    first_frame_id: Annotated[int, U32, "random; the session's first frame has it, each further one 1 more modulo 2^32"]
    device_nonce: Annotated[bytes, Octets(NONCE_BYTES), "fresh and random"]
    firmware_hash: Annotated[bytes, Octets(32), "SHA-256 of the firmware's image"]
    device: Annotated[str, NAME, "the device's name, as frames bear it"]
    epoch: Annotated[int, U64, "epoch of the active key, else 0"]
    check: Annotated[bytes, Octets(CHECK_BYTES), "check value of the active key, else zeros"]
    proof: Annotated[bytes, Octets(PROOF_BYTES), "that the device has the session's root; zeros for the role 0"]

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_payload_bytes(self.payload_bytes)
        if (self.session == 0) != (self.role is Role.NONE):
            raise MessageError(f"session = {self.session}: allowed is 0 for the role NONE, 1 or more for others")


def _check_payload_bytes(payload_bytes: int) -> None:
    if not LEAST_PAYLOAD_BYTES <= payload_bytes <= MOST_PAYLOAD_BYTES:
        allowed = f"{LEAST_PAYLOAD_BYTES} to {MOST_PAYLOAD_BYTES}"
        raise MessageError(f"payload_bytes = {payload_bytes}: allowed is {allowed}")
