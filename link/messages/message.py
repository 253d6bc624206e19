"""What all payloads have in common: fields in a row, checked when a message is made and when one is read."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, get_args, get_type_hints

from link.messages.fields import Field, MessageError, Unread
from link.packet import MOST_PAYLOAD_BYTES, Packet, PacketType


@dataclass(frozen=True)
class Message:
    """The payload of one packet type.

    A subclass names its fields in the sequence in which they are written, each `Annotated[type, Field, "what it says"]`.
    Raises MessageError, which names the field, the value and what is allowed.
    """

    TYPE: ClassVar[PacketType]

    def __post_init__(self) -> None:
        for name, field, _ in fields_of(type(self)):
            value = getattr(self, name)
            allowed = field.trouble(value)
            if allowed is not None:
                shown = f"{len(value)} bytes" if isinstance(value, bytes) else repr(value) if isinstance(value, str) else value
                raise MessageError(f"{name} = {shown}: allowed is {allowed}")

    def pack(self) -> bytes:
        """The payload; equal messages give equal bytes. Raises MessageError where it is longer than a packet's."""
        payload = b"".join(field.pack(getattr(self, name)) for name, field, _ in fields_of(type(self)))
        if len(payload) > MOST_PAYLOAD_BYTES:
            raise MessageError(f"payload = {len(payload)} bytes: allowed is up to {MOST_PAYLOAD_BYTES} bytes")
        return payload

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """The message in a payload. Raises MessageError for one that pack does not write."""
        unread = Unread(payload)
        values = {name: field.unpack(unread) for name, field, _ in fields_of(cls)}
        if unread.at != len(payload):
            raise MessageError(f"payload = {len(payload)} bytes: allowed is {unread.at} bytes for {cls.TYPE.name}")
        return cls(**values)

    def packet(self, *, seq: int = 0, flags: int = 0, frame_id: int = 0, channel: int = 0, key_epoch: int = 0) -> Packet:
        """The message in a packet; seq, flags, frame_id, channel and key_epoch are those of its header."""
        return Packet(
            self.TYPE, self.pack(), flags=flags, seq=seq, frame_id=frame_id, channel=channel, key_epoch=key_epoch
        )  # fmt: skip


def fields_of(kind: type[Message]) -> tuple[tuple[str, Field, str], ...]:
    """Name, form and meaning of each field of a kind of message, in the sequence of the payload."""
    if kind not in _FIELDS:
        hints: dict[str, Any] = get_type_hints(kind, include_extras=True)
        _FIELDS[kind] = tuple((each.name, *get_args(hints[each.name])[1:]) for each in fields(kind))
    return _FIELDS[kind]


_FIELDS: dict[type, tuple[tuple[str, Field, str], ...]] = {}
