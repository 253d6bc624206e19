"""One life of the firmware: everything from a reset to the next."""

import logging
import secrets
import time
from collections.abc import Callable

from firmware_model.body import Body
from firmware_model.boot_record import BootRecordLost, count_boot
from firmware_model.commands import Commands
from firmware_model.device_session import DeviceSessions, Introduction
from firmware_model.device_state import DeviceReset, ResetCause, StateMachine
from firmware_model.device_statistics import DeviceStatistics
from firmware_model.firmware_image import firmware_hash
from firmware_model.flash import FlashError
from firmware_model.key_in_use import KeyInUse
from firmware_model.key_slots import SLOTS, KeySlots
from firmware_model.register_readers import readers_of
from firmware_model.register_values import RegisterValues, slot_facts
from firmware_model.sender import Sender
from firmware_model.stream_control import StreamControl
from link.messages import DeviceState, Event, EventCode, Slot, SlotState
from link.messages.handshake import CHECK_BYTES
from link.replies import CommandRefused
from link.status import Status

_LOG = logging.getLogger(__name__)
WATCHDOG_S = 1.0
"""How long the processor may hang before its watchdog resets it."""
SLEPT_S = 2.0
"""A loop that comes round so late was held up by the machine that the model runs on, which no board has."""
DROPS_TOLD_S = 1.0
"""Dropped frames are told by one event in so long."""


class Boot:
    """The firmware while it runs, without its ear: `HostDialogue` hears the host.

    Parameters
    ----------
    body
        the camera.
    cause
        what the reset came from.
    write
        hands bytes to the link.
    tell
        takes events as they happen.

    Raises
    ------
    PowerCut
        where the power goes while it starts.
    """

    def __init__(self, body: Body, cause: ResetCause, write: Callable[[bytes], None], tell: Callable[[Event], None]) -> None:
        self.body, self.cause, self._tell_event = body, cause, tell
        self._began_ns = time.monotonic_ns()
        self.boot_id = secrets.randbits(64)
        self.boot_counter = 0
        self.statistics = DeviceStatistics()
        self.states = StateMachine(self._state_changed)
        self.states.go(DeviceState.BOOT)
        self.sessions = DeviceSessions()
        self.slots = KeySlots(body.flash, body.fuses.storage_key, body.device)
        self.sender = Sender(write, baud=body.hardware.baud, faults=body.faults, statistics=self.statistics)
        key = KeyInUse(self.slots, body.device, body.hardware.readout_policy, body.counter_path)
        self.stream = StreamControl(
            body.hardware, body.surroundings, body.faults, key=key, states=self.states, statistics=self.statistics,
            uptime_ns=self.uptime_ns,
        )  # fmt: skip
        self.registers = RegisterValues(readers_of(self))
        self.commands = Commands(
            self.registers, self.stream, self.slots, self.states, device=body.device, statistics=self.statistics,
            tell=self.tell, later=self._later, clear_fault=self.clear_fault,
        )  # fmt: skip
        self._waiting: list[str] = []
        self._drops_told, self._drops_told_s = 0, 0.0
        self._looked_s = time.monotonic()
        self._start()

    def uptime_ns(self) -> int:
        """Since the reset, ns."""
        return time.monotonic_ns() - self._began_ns

    def introduction(self) -> Introduction:
        """What the device says of itself to a host."""
        active = self.slots.active
        epoch, check, _ = (0, bytes(CHECK_BYTES), "") if active is None else slot_facts(self.slots, active)
        slot = Slot.NEITHER if active is None else active
        return Introduction(slot, self.boot_id, self.boot_counter, firmware_hash(), self.body.device, epoch, check)

    def tell(self, code: EventCode, text: str, value: int = 0) -> None:
        """An event happened."""
        # An event has room for 160 bytes; what is longer is cut where a letter ends.
        shown = "".join(letter for letter in text if letter.isprintable()).encode()[:160].decode(errors="ignore")
        self._tell_event(Event(code, value, self.uptime_ns(), shown))

    def work(self, now_s: float) -> None:
        """Look after the camera and send the next burst. Raises DeviceReset and PowerCut."""
        self._look_at_faults()
        self.stream.look(self.tell)
        self._look_at_sessions(now_s)
        self._tell_drops(now_s)
        self._begin_frame()
        self.sender.burst()

    def after_answer(self) -> None:
        """Do what waited for an answer to be out. Raises DeviceReset."""
        waiting, self._waiting = self._waiting, []
        for what in waiting:
            if what == "device_reset":
                raise DeviceReset("command")
            self.end_session("its key is no longer used")
            self.sessions.drop_pending()  # which may have been begun with that key

    def end_session(self, why: str) -> None:
        """End the session in use, with its stream and what it was sent."""
        self.stream.stop(why)
        self.statistics.count("frames_dropped_link", self.sender.drop_all())
        self.stream.store.forget_all()
        self.commands.provisioning.forget()
        self.sessions.end_current()

    def session_changed(self) -> None:
        """The first command of another session opened: what belonged to the one before is over."""
        self.stream.stop("another session began")
        self.statistics.count("frames_dropped_link", self.sender.drop_all())
        self.stream.store.forget_all()
        self.commands.provisioning.forget()

    def clear_fault(self) -> None:
        """Leave FAULT. Raises CommandRefused where its cause is still there."""
        cause = self.states.fault
        if not self.stream.is_well(cause):
            raise CommandRefused(Status.FAULT, f"fault = {cause}: its cause is still there")
        self.states.go(DeviceState.IDLE, "the fault was cleared")

    def end(self) -> None:
        """The reset comes: nothing of this life goes on."""
        self.stream.close()
        self.sessions.end_all()

    def _start(self) -> None:
        if not self._boot_is_counted():
            self.tell(EventCode.FLASH_WORN, "the boot counter could not be raised")
            self.states.fail("flash_failed", "the boot counter could not be raised")
        else:
            self.states.go(DeviceState.IDLE)
        self.tell(EventCode.BOOTED, f"boot {self.boot_counter}, after {self.cause}", self.boot_counter & 0xFFFFFFFF)
        if self.cause == "watchdog":
            self.tell(EventCode.WATCHDOG, "the processor hung, and its watchdog reset it")
        for slot in SLOTS:
            if self.slots.state(slot) is SlotState.CORRUPT:
                self.tell(EventCode.KEY_SLOT_CORRUPT, f"key slot {slot.name} is corrupt", slot)
        active = self.slots.active
        if active is None:
            self.tell(EventCode.NO_KEY, "neither key slot has a key")
        elif self.slots.fell_back:
            self.statistics.count("key_fallbacks")
            self.tell(EventCode.KEY_FALLBACK, f"key slot {active.name} is used in the place of the other", active)

    def _boot_is_counted(self) -> bool:
        try:
            self.boot_counter = count_boot(self.body.flash)
        except (BootRecordLost, FlashError, OSError) as error:
            _LOG.warning("the boot counter could not be raised: %s", error)
            return False
        return True

    def _begin_frame(self) -> None:
        owner = self.stream.owner
        if owner is None or self.sender.has_frame or not self.stream.store.waiting:
            return
        frame = self.stream.store.next(owner.take_frame_id())
        self.sender.begin_frame(frame, min(self.stream.settings.payload_bytes, owner.hello.payload_bytes))

    def _look_at_faults(self) -> None:
        faults = self.body.faults
        if faults.due_now("corrupt_slot_a"):
            self.slots.rot(Slot.A)
        if faults.due_now("corrupt_slot_b"):
            self.slots.rot(Slot.B)
        if faults.due_now("reset"):
            raise DeviceReset("power_on")
        if faults.due("stuck"):
            time.sleep(WATCHDOG_S)
            raise DeviceReset("watchdog")

    def _look_at_sessions(self, now_s: float) -> None:
        silence_s = self.stream.settings.heartbeat_timeout_ms / 1000
        current, pending = self.sessions.current, self.sessions.pending
        slept_s, self._looked_s = now_s - self._looked_s, now_s
        if current is not None and slept_s > SLEPT_S:
            current.heard_s += slept_s  # what the camera slept through is not the host's silence
        if current is not None and now_s - current.heard_s > silence_s:
            self.statistics.count("heartbeats_lost")
            self.tell(EventCode.HEARTBEAT_LOST, f"session {current.number}: the host was silent for {silence_s:g} s")
            self.end_session("the host is silent")
        if pending is not None and now_s - pending.heard_s > silence_s:
            self.sessions.drop_pending()

    def _tell_drops(self, now_s: float) -> None:
        dropped = self.statistics["frames_dropped_credit"] + self.statistics["frames_dropped_link"]
        if dropped > self._drops_told and now_s - self._drops_told_s >= DROPS_TOLD_S:
            self.tell(EventCode.FRAMES_DROPPED, "frames were dropped whole", dropped - self._drops_told)
            self._drops_told, self._drops_told_s = dropped, now_s

    def _state_changed(self, state: DeviceState, why: str) -> None:
        if state not in (DeviceState.RESET, DeviceState.BOOT):
            self.tell(EventCode.STATE_CHANGED, why, state)

    def _later(self, what: str) -> None:
        self._waiting.append(what)
