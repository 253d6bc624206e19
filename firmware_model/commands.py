"""Commands carried out: what each packet type of a host does to the device, and what answers it."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from firmware_model.device_session import DeviceSession
from firmware_model.device_settings import SETTING_NAMES
from firmware_model.device_state import StateMachine
from firmware_model.device_statistics import DeviceStatistics
from firmware_model.key_slots import KeySlots
from firmware_model.provisioning import Provisioning
from firmware_model.register_values import RegisterValues, Standing, slot_facts, values_to_write
from firmware_model.stream_control import StreamControl
from link.messages import (
    COMMANDS,
    Ack,
    DeviceState,
    EventCode,
    KeyBegin,
    KeyCheck,
    KeyCheckReply,
    KeyChunk,
    KeyCommit,
    KeyErase,
    KeyState,
    KeyStateReply,
    Message,
    MessageError,
    Nack,
    Read,
    ReadReply,
    Role,
    Write,
    message_of,
)
from link.packet import Packet, PacketFlags, PacketType
from link.registers import BY_NAME
from link.replies import CommandRefused
from link.session import SEAL_BYTES
from link.status import Status

_LOG = logging.getLogger(__name__)
_REFUSALS = {
    Status.MALFORMED: "refused_malformed",
    Status.NEEDS_SESSION: "refused_session",
    Status.DENIED: "refused_session",
    Status.AUTH_FAILED: "refused_auth",
    Status.STALE_SEQ: "refused_stale",
}


class Commands:
    """Everything that a host may command but HELLO, for one boot.

    Parameters
    ----------
    registers, stream, slots, states
        what commands read and change.
    device
        the device's name.
    statistics
        counts what was done and refused.
    tell
        takes events.
    later
        is handed what is to happen once the answer is out: device_reset, and the end of a session whose key is no longer used.
    clear_fault
        leaves FAULT where the cause is gone, and raises CommandRefused where it is not.
    """

    def __init__(
        self,
        registers: RegisterValues,
        stream: StreamControl,
        slots: KeySlots,
        states: StateMachine,
        *,
        device: str,
        statistics: DeviceStatistics,
        tell: Callable[[EventCode, str], None],
        later: Callable[[str], None],
        clear_fault: Callable[[], None],
    ) -> None:
        self._registers, self._stream, self._slots, self._states = registers, stream, slots, states
        self._statistics, self._tell, self._later, self._clear_fault = statistics, tell, later, clear_fault
        self.provisioning = Provisioning(slots, device)

    def answer(self, packet: Packet, session: DeviceSession | None, payload_bytes: int) -> Message:
        """Carry out a command, opened where it was sealed, and return its answer; a NACK means that nothing changed.

        `payload_bytes` is the largest payload that its sender takes.
        """
        try:
            needed = COMMANDS[PacketType(packet.type)][1]
            if session is None and needed is not Role.NONE:
                raise CommandRefused(Status.NEEDS_SESSION, f"type = {packet.type:#04x}: allowed is a sealed one")
            if session is not None and session.keys.role < needed:
                raise CommandRefused(Status.DENIED, f"role = {session.keys.role.name}: allowed is {needed.name}")
            message = _understood(packet)
            done = self._carried_out(message, packet.seq, session, payload_bytes)
        except CommandRefused as refusal:
            return self.refused(refusal, packet)
        self._statistics.count("commands_done")
        return done

    def refused(self, refusal: CommandRefused, packet: Packet) -> Nack:
        """The answer to a command that is not carried out."""
        if refusal.status is Status.FLASH_FAILED:
            self._statistics.count("key_writes_failed")
            _LOG.warning("a key slot could not be written: %s", refusal)
            self._tell(EventCode.FLASH_WORN, "a key slot could not be written")
        else:
            self._statistics.count(_REFUSALS.get(refusal.status, "refused_value"))
        has_address = packet.type in (PacketType.READ, PacketType.WRITE) and not packet.flags & PacketFlags.ENC
        return Nack(refusal.status, int.from_bytes(packet.payload[:4], "little") if has_address else 0)

    def _carried_out(self, message: Message, seq: int, session: DeviceSession | None, payload_bytes: int) -> Message:
        if isinstance(message, Read):
            room_bytes = payload_bytes - 4 - (SEAL_BYTES if session is not None else 0)
            if message.length_bytes > room_bytes:
                raise CommandRefused(Status.BAD_VALUE, f"length_bytes = {message.length_bytes}: allowed is up to {room_bytes}")
            return ReadReply(message.address, self._registers.read(message.address, message.length_bytes))
        if isinstance(message, KeyState):
            facts = slot_facts(self._slots, message.slot)
            return KeyStateReply(message.slot, self._slots.state(message.slot), *facts)
        assert session is not None
        if isinstance(message, Write):
            self._write(values_to_write(message.address, message.data), session)
            return Ack()
        if self._states.state is DeviceState.FAULT:
            raise CommandRefused(Status.FAULT, f"the device is in its fault state ({self._states.fault})")
        return self._provision(message, seq, session)

    def _write(self, values: Mapping[str, Any], session: DeviceSession) -> None:
        settings = self._stream.settings
        standing = Standing(
            self._states.state, self._states.fault, settings.trigger_mode == "software", self._slots.active is not None
        )  # fmt: skip
        standing.refuse(values)
        most_bytes = session.hello.payload_bytes
        if values.get("payload_bytes", 0) > most_bytes:
            message = f"payload_bytes = {values['payload_bytes']}: allowed is up to {most_bytes}, as HELLO said"
            raise CommandRefused(Status.BAD_VALUE, message)
        try:
            self._stream.with_values({name: value for name, value in values.items() if name in SETTING_NAMES})
        except ValueError as error:
            raise CommandRefused(Status.BAD_VALUE, str(error)) from None
        for name, value in values.items():
            if name in SETTING_NAMES:
                self._stream.change(self._stream.with_values({name: value}), unready=BY_NAME[name].locked)
            else:
                self._do(name, value, session)

    def _do(self, name: str, value: Any, session: DeviceSession) -> None:
        if name == "settings_apply":
            self._stream.apply()
        elif name == "stream_enable" and value == "off":
            self._stream.stop("stream_enable is off")
        elif name == "stream_enable":
            if self._states.state is DeviceState.CONFIGURED:
                self._stream.start(session)
        elif name == "software_trigger":
            self._stream.trigger()
        elif name == "fault_clear":
            self._clear_fault()
        else:
            self._later(name)

    def _provision(self, message: Message, seq: int, session: DeviceSession) -> Message:
        if isinstance(message, KeyBegin):
            self.provisioning.begin(message, seq)
        elif isinstance(message, KeyChunk):
            self.provisioning.add(message)
        elif isinstance(message, KeyCheck):
            return KeyCheckReply(self.provisioning.checked(session.keys))
        elif isinstance(message, KeyCommit):
            if self._states.state is DeviceState.STREAMING:
                raise CommandRefused(Status.WRONG_STATE, "KEY_COMMIT: allowed is in other states than STREAMING")
            self.provisioning.commit(message, session.keys)
            self._stream.key_changed()
            self._later("end_session")
        elif isinstance(message, KeyErase):
            self._erase(message)
        return Ack()

    def _erase(self, message: KeyErase) -> None:
        self.provisioning.refuse_active(message.slot)
        try:
            self._slots.erase(message.slot)
        except OSError as error:
            raise CommandRefused(Status.FLASH_FAILED, str(error)) from error


def _understood(packet: Packet) -> Message:
    try:
        return message_of(packet)
    except MessageError as error:
        raise CommandRefused(Status.MALFORMED, str(error)) from None
