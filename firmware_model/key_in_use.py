"""The key in use while a camera is ready: its schedule and its frame counters, which nobody else may count meanwhile."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from adc import CounterStore, KeySchedule, ReadoutPolicy
from firmware_model.key_slots import KeySlots, SlotKey
from link.replies import CommandRefused
from link.status import Status

CounterPath = Callable[[SlotKey], Path]
"""Where the frame counters of a slot's key are kept."""


class KeyInUse:
    """Opens schedule and counters of the active slot's key, and keeps them open for that key: a stream that is set up anew
    goes on counting where it was.

    Parameters
    ----------
    slots, device
        the slots, and the name that their keys belong to.
    policy
        what the readout keeps secret.
    counter_path
        where counters are.
    """

    def __init__(self, slots: KeySlots, device: str, policy: ReadoutPolicy, counter_path: CounterPath) -> None:
        self._slots, self._device, self._policy, self._counter_path = slots, device, policy, counter_path
        self._held = ExitStack()
        self._generation = 0
        self._opened: tuple[KeySchedule, CounterStore] | None = None

    def open(self) -> tuple[KeySchedule, CounterStore]:
        """Schedule and counters of the key in the active slot.

        Raises CommandRefused (NO_KEY) where there is none, and CounterStoreError and OSError where its frames cannot be counted.
        """
        active = self._slots.active
        key = None if active is None else self._slots.key(active)
        if key is None:
            raise CommandRefused(Status.NO_KEY, "key: neither slot has one; allowed is to provision one")
        if self._opened is None or self._generation != key.generation:
            self.close()
            with ExitStack() as opening:
                counters = opening.enter_context(CounterStore(self._counter_path(key)))
                names = {"device": self._device, "client": key.client}
                schedule = KeySchedule.from_epoch_secret(key.secret, **names, epoch=key.epoch, policy=self._policy)
                opening.enter_context(schedule)
                self._held = opening.pop_all()
            self._opened, self._generation = (schedule, counters), key.generation
        return self._opened

    def close(self) -> None:
        """Wipe the schedule and let others count."""
        self._opened = None
        self._held.close()
