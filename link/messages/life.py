"""Signs of life: heartbeats, and events that a device reports by itself."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from link.messages.fields import U32, U64, Code, Text
from link.messages.message import Message
from link.packet import PacketType


class DeviceState(IntEnum):
    """The states of a device."""

    RESET = 0
    BOOT = 1
    IDLE = 2
    CONFIGURED = 3
    STREAMING = 4
    FAULT = 5


class EventCode(IntEnum):
    """What a device reports."""

    BOOTED = 1
    STATE_CHANGED = 2
    NO_KEY = 3
    KEY_SLOT_CORRUPT = 4
    KEY_FALLBACK = 5
    FRAMES_DROPPED = 6
    HEARTBEAT_LOST = 7
    OVER_TEMPERATURE = 8
    SENSOR_LOST = 9
    FLASH_WORN = 10
    WATCHDOG = 11
    EPOCH_USED_UP = 12


@dataclass(frozen=True)
class Heartbeat(Message):
    """Each end says that it lives; the device answers every heartbeat of the host by one of its own."""

    TYPE: ClassVar = PacketType.HEARTBEAT
    boot_id: Annotated[int, U64, "of the device; host: the one that it knows"]
    session: Annotated[int, U32, "the present session, 0 without one"]
    uptime_ns: Annotated[int, U64, "since the sender's start"]
    state: Annotated[DeviceState, Code(DeviceState), "of the device; host: 0"]


@dataclass(frozen=True)
class Event(Message):
    """Something happened on the device. A hint, as nobody vouches for it: registers have the facts."""

    TYPE: ClassVar = PacketType.EVENT
    code: Annotated[EventCode, Code(EventCode, 2), "what"]
    value: Annotated[int, U32, "new state, slot, or how many; 0 where the code needs none"]
    uptime_ns: Annotated[int, U64, "when, since the reset"]
    text: Annotated[str, Text(160), "for people; may be empty"]
