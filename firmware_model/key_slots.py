"""Two key slots in flash: while one is in use the other takes the next key, and at any moment one of them is whole."""

import hashlib
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adc.names import check_client, check_epoch
from firmware_model.flash import Flash
from link.messages import Slot, SlotState

SLOTS = (Slot.A, Slot.B)
SECRET_BYTES, NONCE_BYTES, NAME_PRINT_BYTES = 32, 12, 8
MOST_CLIENTS = 256
"""How many clients a camera remembers."""
_TITLE = b"kcamslt1"
_GENERATION = struct.Struct("<Q")
_BEGIN = len(_TITLE) + _GENERATION.size
_NUMBERS = struct.Struct("<QB")  # epoch, bytes of the client's name
_REMEMBERED = struct.Struct("<8sQ")  # print of a client's name, its highest epoch


@dataclass(frozen=True)
class SlotKey:
    """What a slot holds of a client: the secret of one epoch.

    Attributes
    ----------
    client, epoch
        Whose it is.
    secret
        32 bytes.
    generation
        Which key of this device it is, from 1: the highest one that is whole is in use.
    epochs
        The highest epoch that each client has had in this device, this one included, by a print of the client's name: it
        is written with the key, so that no power cut comes between the two.
    """

    client: str
    epoch: int
    secret: bytes = field(repr=False)
    generation: int = 1
    epochs: Mapping[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_client(self.client)
        check_epoch(self.epoch)
        if len(self.secret) != SECRET_BYTES:
            raise ValueError(f"secret = {len(self.secret)} bytes: allowed is {SECRET_BYTES} bytes")
        if not 1 <= self.generation < 2**64:
            raise ValueError(f"generation = {self.generation}: allowed is 1 to 2**64 - 1")


class KeySlots:
    """The slots A and B of one camera, each a sealed record in flash.

    A commit writes the slot that is not in use; as the flash replaces a record whole or not at all and the highest generation
    counts, a power cut at any step leaves the old key in use or the new one. A slot that does not unseal is CORRUPT and never
    used. Under AES-256-GCM (NIST SP 800-38D), bound to the slot, so that neither can stand in for the other.

    Parameters
    ----------
    flash
        where the records are.
    storage_key
        32 bytes that are in no record: the camera's fuses.
    """

    def __init__(self, flash: Flash, storage_key: bytes) -> None:
        self._flash = flash
        self._cipher = AESGCM(storage_key)
        self._keys: dict[Slot, SlotKey | None] = {}
        self._states: dict[Slot, SlotState] = {}
        self._claimed: dict[Slot, int] = {}
        self.load()

    def load(self) -> None:
        """Read both slots from flash, as a boot does."""
        for slot in SLOTS:
            record = self._flash.read(_name(slot))
            key = None if record is None else self._unsealed(slot, record)
            self._keys[slot] = key
            self._claimed[slot] = _claimed_generation(record)
            self._states[slot] = SlotState.EMPTY if record is None else SlotState.CORRUPT if key is None else SlotState.VALID
        active = self.active
        if active is not None:
            self._states[active] = SlotState.ACTIVE

    @property
    def active(self) -> Slot | None:
        """The slot in use, or None where neither has a key."""
        held = {slot: key.generation for slot, key in self._keys.items() if key is not None}
        return max(held, key=lambda slot: held[slot]) if held else None

    @property
    def fell_back(self) -> bool:
        """Whether the slot in use is the older one because the newer is corrupt, as far as that one can still be read."""
        corrupt = [slot for slot in SLOTS if self._states[slot] is SlotState.CORRUPT]
        active = self.active
        return active is not None and any(self._claimed[slot] > self._claimed[active] for slot in corrupt)

    def state(self, slot: Slot) -> SlotState:
        """What a slot is: EMPTY, VALID, CORRUPT or ACTIVE."""
        return self._states[slot]

    def key(self, slot: Slot) -> SlotKey | None:
        """The key in a slot, or None where it is empty or corrupt."""
        return self._keys[slot]

    def highest_epoch(self, client: str) -> int | None:
        """The highest epoch that a client ever had here, as far as slots can be read; None for one that never had any."""
        return self._remembered().get(_print(client))

    def commit(self, slot: Slot, client: str, epoch: int, secret: bytes) -> SlotKey:
        """Write a key into a slot that is not in use, and use it from now on.

        Raises ValueError for the slot in use, for an epoch that is not above every one that the client had here, and for a
        client beyond the 256th; and what the flash raises: then both slots are as they were.
        """
        if slot is self.active:
            raise ValueError(f"slot = {slot.name}: it is in use; allowed is the other one")
        epochs = self._remembered()
        had = epochs.get(_print(client), -1)
        if epoch <= had:
            raise ValueError(f"epoch = {epoch}: allowed is {had + 1} or more, as client {client!r} had {had}")
        epochs[_print(client)] = epoch
        if len(epochs) > MOST_CLIENTS:
            raise ValueError(f"client = {client!r}: allowed is up to {MOST_CLIENTS} clients in the life of a camera")
        newest = max((key.generation for key in self._keys.values() if key is not None), default=0)
        key = SlotKey(client, epoch, secret, newest + 1, epochs)
        self._flash.write(_name(slot), self._sealed(slot, key))
        self.load()
        return key

    def _remembered(self) -> dict[bytes, int]:
        epochs: dict[bytes, int] = {}
        for key in self._keys.values():
            for client, epoch in () if key is None else key.epochs.items():
                epochs[client] = max(epoch, epochs.get(client, 0))
        return epochs

    def erase(self, slot: Slot) -> None:
        """Empty a slot that is not in use. Raises ValueError for the one that is, and what the flash raises."""
        if slot is self.active:
            raise ValueError(f"slot = {slot.name}: it is in use; allowed is the other one")
        self._flash.erase(_name(slot))
        self.load()

    def rot(self, slot: Slot) -> None:
        """Flip bits of a slot where it lies; the next boot finds out."""
        self._flash.rot(_name(slot))

    def _sealed(self, slot: Slot, key: SlotKey) -> bytes:
        client = key.client.encode()
        nonce = os.urandom(NONCE_BYTES)
        plain = _NUMBERS.pack(key.epoch, len(client)) + client + key.secret
        plain += b"".join(_REMEMBERED.pack(*each) for each in key.epochs.items())
        begin = _TITLE + _GENERATION.pack(key.generation)
        return begin + nonce + self._cipher.encrypt(nonce, plain, begin + bytes([slot]))

    def _unsealed(self, slot: Slot, record: bytes) -> SlotKey | None:
        begin, nonce, sealed = record[:_BEGIN], record[_BEGIN : _BEGIN + NONCE_BYTES], record[_BEGIN + NONCE_BYTES :]
        if len(nonce) < NONCE_BYTES or not begin.startswith(_TITLE):
            return None
        try:
            plain = self._cipher.decrypt(nonce, sealed, begin + bytes([slot]))
        except InvalidTag:
            return None
        epoch, name_bytes = _NUMBERS.unpack_from(plain)
        client, rest = plain[_NUMBERS.size :][:name_bytes], plain[_NUMBERS.size + name_bytes :]
        epochs = dict(_REMEMBERED.iter_unpack(rest[SECRET_BYTES:]))
        return SlotKey(client.decode(), epoch, rest[:SECRET_BYTES], _claimed_generation(record), epochs)


def _claimed_generation(record: bytes | None) -> int:
    """The generation that a record bears in clear: 0 without a record, the highest of all where it is too short."""
    if record is None:
        return 0
    if len(record) < _BEGIN:
        return 2**64 - 1
    generation: int = _GENERATION.unpack_from(record, len(_TITLE))[0]
    return generation


def _name(slot: Slot) -> str:
    return f"key-{slot.name.lower()}"


def _print(client: str) -> bytes:
    return hashlib.blake2b(client.encode(), digest_size=NAME_PRINT_BYTES).digest()
