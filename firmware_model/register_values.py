"""Registers backed by the device's real state: what each reads as, and what writing one does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from firmware_model.device_statistics import DeviceStatistics
from firmware_model.key_slots import KeySlots
from link.messages import DeviceState, Slot
from link.register import Value
from link.registers import BY_NAME, COUNTERS, REGISTERS, RegisterError, read_span, written_values
from link.replies import CommandRefused
from link.status import Status

Reader = Callable[[], Value]
IN_FAULT = ("fault_clear", "device_reset")
"""What may be written in the state FAULT."""


class RegisterValues:
    """What the registers hold. Raises KeyError at once where one of the map has no reader."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        missing = [register.name for register in REGISTERS if register.is_readable and register.name not in readers]
        if missing:
            raise KeyError(f"no reader for {', '.join(missing)}")
        self._readers = readers

    def value(self, name: str) -> Value:
        """The value of a register by name."""
        return self._readers[name]()

    def read(self, address: int, length_bytes: int) -> bytes:
        """The bytes of a span. Raises CommandRefused as the device answers."""
        try:
            return read_span(address, length_bytes, self.value)
        except RegisterError as error:
            raise CommandRefused(error.status, str(error)) from None


def slot_readers(slots: KeySlots) -> dict[str, Reader]:
    """The readers of the key slots' registers."""
    readers: dict[str, Reader] = {"active_slot": lambda: "none" if slots.active is None else slots.active.name.lower()}
    for slot in (Slot.A, Slot.B):
        about = f"key_{slot.name.lower()}"
        readers[f"{about}_state"] = partial(_slot_state, slots, slot)
        for place, what in enumerate(("epoch", "check", "client")):
            readers[f"{about}_{what}"] = partial(_slot_fact, slots, slot, place)
    return readers


def _slot_state(slots: KeySlots, slot: Slot) -> str:
    return slots.state(slot).name.lower()


def _slot_fact(slots: KeySlots, slot: Slot, place: int) -> Value:
    return slot_facts(slots, slot)[place]


def slot_facts(slots: KeySlots, slot: Slot) -> tuple[int, bytes, str]:
    """Epoch, check value and client of the key in a slot; 0, zeros and no name where it is empty or corrupt."""
    key = slots.key(slot)
    return (0, slots.check(slot), "") if key is None else (key.epoch, slots.check(slot), key.client)


def counter_readers(statistics: DeviceStatistics) -> dict[str, Reader]:
    """The readers of the statistics."""
    return {name: partial(statistics.__getitem__, name) for name in COUNTERS}


def values_to_write(address: int, data: bytes) -> dict[str, Any]:
    """What a WRITE says, by name in rising address. Raises CommandRefused as the device answers."""
    try:
        return written_values(address, data)
    except RegisterError as error:
        raise CommandRefused(error.status, str(error)) from None


@dataclass(frozen=True)
class Standing:
    """What it depends on which registers may be written.

    Attributes
    ----------
    state, fault
        Of the device.
    is_triggered
        Whether a software trigger begins a frame.
    has_key
        Whether a key slot is active.
    """

    state: DeviceState
    fault: str
    is_triggered: bool
    has_key: bool

    def refuse(self, values: Mapping[str, Any]) -> None:
        """See that each register of a WRITE may be written when its turn comes, as those before it change the state.

        Raises CommandRefused as the device answers.
        """
        standing = self
        for name, value in values.items():
            standing = replace(standing, state=standing._after(name, value))

    def _after(self, name: str, value: Any) -> DeviceState:
        state = self.state
        if state is DeviceState.FAULT:
            if name not in IN_FAULT:
                raise CommandRefused(Status.FAULT, f"{name}: the device is in its fault state ({self.fault})")
            return DeviceState.IDLE if name == "fault_clear" else state
        if BY_NAME[name].locked:
            if state is DeviceState.STREAMING:
                raise CommandRefused(Status.WRITE_PROTECTED, f"{name}: it is locked while frames are streaming")
            return DeviceState.IDLE
        if name == "settings_apply":
            if not self.has_key:
                raise CommandRefused(Status.NO_KEY, f"{name}: there is no key; allowed is to provision one")
            return self._leaving(state in (DeviceState.IDLE, DeviceState.CONFIGURED), DeviceState.CONFIGURED, name)
        if name == "stream_enable" and value == "on":
            return self._leaving(state in (DeviceState.CONFIGURED, DeviceState.STREAMING), DeviceState.STREAMING, name)
        if name == "stream_enable":
            return DeviceState.CONFIGURED if state is DeviceState.STREAMING else state
        if name == "software_trigger":
            return self._leaving(state is DeviceState.STREAMING and self.is_triggered, state, name)
        return self._leaving(name != "fault_clear", state, name)

    def _leaving(self, is_allowed: bool, state: DeviceState, name: str) -> DeviceState:
        if not is_allowed:
            raise CommandRefused(Status.WRONG_STATE, f"{name}: the state {self.state.name} does not allow it")
        return state
