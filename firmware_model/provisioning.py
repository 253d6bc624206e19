"""A key on its way into a slot: announced, collected in pieces, checked, and committed in one step."""

from firmware_model.flash import FlashError
from firmware_model.key_slots import KeySlots
from link.messages import KeyBegin, KeyChunk, KeyCommit, Slot
from link.messages.key_steps import WRAPPED_KEY_BYTES
from link.ranges import ByteRanges
from link.replies import CommandRefused
from link.session import Session, SessionError, check_value
from link.status import Status


class Provisioning:
    """The steps of docs/protocol.md, "Keys", within one session; everything before the commit is in memory only.

    Its methods raise CommandRefused with the status that the device answers.
    """

    def __init__(self, slots: KeySlots, device: str) -> None:
        self._slots, self._device = slots, device
        self.forget()

    def forget(self) -> None:
        """Forget what was begun, as the end of a session does."""
        self._begin: KeyBegin | None = None
        self._begin_seq = 0
        self._wrapped = bytearray(WRAPPED_KEY_BYTES)
        self._there = ByteRanges()

    def begin(self, begin: KeyBegin, seq: int) -> None:
        """KEY_BEGIN in the packet number `seq`."""
        self.refuse_active(begin.slot)
        try:
            self._slots.refuse_old(begin.client, begin.epoch, begin.check)
        except ValueError as error:
            raise CommandRefused(Status.KEY_EPOCH_OLD, str(error)) from None
        self.forget()
        self._begin, self._begin_seq = begin, seq

    def add(self, chunk: KeyChunk) -> None:
        """KEY_CHUNK."""
        self._begun()
        end = chunk.offset + len(chunk.part)
        self._wrapped[chunk.offset : end] = chunk.part
        self._there.add(chunk.offset, end)

    def checked(self, session: Session) -> bytes:
        """KEY_CHECK: the check value of the key that came."""
        self._unwrapped(session)[:] = bytes(32)
        begin = self._begun()
        return begin.check

    def commit(self, commit: KeyCommit, session: Session) -> Slot:
        """KEY_COMMIT: write the key into its slot and use it; the slot."""
        begin = self._begun()
        if (commit.slot, commit.check) != (begin.slot, begin.check):
            raise CommandRefused(Status.KEY_CHECK_WRONG, f"slot = {commit.slot.name}: allowed is slot and check as in KEY_BEGIN")
        self.refuse_active(begin.slot)
        secret = self._unwrapped(session)
        try:
            self._slots.commit(begin.slot, begin.client, begin.epoch, bytes(secret))
        except (OSError, FlashError, ValueError) as error:
            raise CommandRefused(Status.FLASH_FAILED, str(error)) from error
        finally:
            secret[:] = bytes(len(secret))
        self.forget()
        return begin.slot

    def refuse_active(self, slot: Slot) -> None:
        """Raise CommandRefused with KEY_SLOT_ACTIVE for the slot in use."""
        if slot is self._slots.active:
            raise CommandRefused(Status.KEY_SLOT_ACTIVE, f"slot = {slot.name}: it is in use; allowed is the other one")

    def _begun(self) -> KeyBegin:
        if self._begin is None:
            raise CommandRefused(Status.KEY_NOT_BEGUN, "no KEY_BEGIN came in the session; allowed is to begin")
        return self._begin

    def _unwrapped(self, session: Session) -> bytearray:
        begin = self._begun()
        missing = self._there.missing(WRAPPED_KEY_BYTES)
        if missing:
            raise CommandRefused(
                Status.KEY_INCOMPLETE, f"wrapped key: bytes from {missing[0][0]} on are missing; allowed is all 48"
            )
        try:
            secret = session.unwrap_key(bytes(self._wrapped), begin, self._begin_seq)
        except SessionError as error:
            raise CommandRefused(Status.KEY_DAMAGED, str(error)) from None
        if check_value(secret, device=self._device, client=begin.client, epoch=begin.epoch) != begin.check:
            secret[:] = bytes(len(secret))
            raise CommandRefused(Status.KEY_CHECK_WRONG, "check: allowed is the check value of the key, as KEY_BEGIN said it")
        return secret
