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
from link.messages.handshake import CHECK_BYTES
from link.session import check_value

SLOTS = (Slot.A, Slot.B)
SECRET_BYTES, NONCE_BYTES, NAME_PRINT_BYTES = 32, 12, 8
MOST_CLIENTS = 256
"""How many clients a camera remembers."""
_TITLE = b"kcamslt1"
_GENERATIONS = struct.Struct("<QQQ")  # three times, so that some of a rotten record still says which key it had
_BEGIN = len(_TITLE) + _GENERATIONS.size
_NUMBERS = struct.Struct("<QB")  # epoch, bytes of the client's name
_KNOWN = struct.Struct("<8sQ8s")  # print of a client's name, its highest epoch, the check value of that key


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
    known
        The highest epoch of each client that had a key in this device, and that key's check value, by a print of the
        client's name; this key included. Written with the key, so that no power cut comes between the two.
    """

    client: str
    epoch: int
    secret: bytes = field(repr=False)
    generation: int = 1
    known: Mapping[bytes, tuple[int, bytes]] = field(default_factory=dict)

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
    device
        the camera's name, to which keys belong.
    """

    def __init__(self, flash: Flash, storage_key: bytes, device: str) -> None:
        self._flash, self._device = flash, device
        self._cipher = AESGCM(storage_key)
        self._keys: dict[Slot, SlotKey | None] = {}
        self._states: dict[Slot, SlotState] = {}
        self._records: dict[Slot, bytes | None] = {}
        self.load()

    def load(self) -> None:
        """Read both slots from flash, as a boot does."""
        for slot in SLOTS:
            record = self._flash.read(_name(slot))
            key = None if record is None else self._unsealed(slot, record)
            self._keys[slot] = key
            self._records[slot] = record
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
        """Whether the slot in use stands in for a newer one that is corrupt, as far as can be told; where not, it is said so."""
        active = self.active
        key = None if active is None else self._keys[active]
        corrupt = [record for slot, record in self._records.items() if record is not None and self._keys[slot] is None]
        # The key after the one in use has the next generation; one before it has a lower one.
        return key is not None and any(key.generation + 1 in _claimed(record, key.generation + 1) for record in corrupt)

    def state(self, slot: Slot) -> SlotState:
        """What a slot is: EMPTY, VALID, CORRUPT or ACTIVE."""
        return self._states[slot]

    def key(self, slot: Slot) -> SlotKey | None:
        """The key in a slot, or None where it is empty or corrupt."""
        return self._keys[slot]

    def check(self, slot: Slot) -> bytes:
        """The check value of the key in a slot, 8 bytes; zeros where it is empty or corrupt."""
        key = self._keys[slot]
        return bytes(CHECK_BYTES) if key is None else self._check_value(key.client, key.epoch, key.secret)

    def newest(self, client: str) -> tuple[int, bytes] | None:
        """Epoch and check value of the newest key that a client had here, as far as slots can be read; None where it had none."""
        return self._known().get(_print(client))

    def refuse_old(self, client: str, epoch: int, check: bytes) -> None:
        """Raise ValueError for an epoch below one that the client had here, and for another key of the same epoch.

        The very key that it had last is no old one: a provisioning that was cut may be repeated, and its counters go on.
        """
        had = self.newest(client)
        if had is not None and epoch <= had[0] and (epoch, check) != had:
            raise ValueError(
                f"epoch = {epoch}: client {client!r} had {had[0]}; allowed is {had[0] + 1} or more, or that key again"
            )

    def commit(self, slot: Slot, client: str, epoch: int, secret: bytes) -> SlotKey:
        """Write a key into a slot that is not in use, and use it from now on.

        Raises ValueError for the slot in use, for an old key (see `refuse_old`), and for a client beyond the 256th; and what
        the flash raises: then both slots are as they were.
        """
        if slot is self.active:
            raise ValueError(f"slot = {slot.name}: it is in use; allowed is the other one")
        check = self._check_value(client, epoch, secret)
        self.refuse_old(client, epoch, check)
        known = {**self._known(), _print(client): (epoch, check)}
        if len(known) > MOST_CLIENTS:
            raise ValueError(f"client = {client!r}: allowed is up to {MOST_CLIENTS} clients in the life of a camera")
        newest = max((key.generation for key in self._keys.values() if key is not None), default=0)
        key = SlotKey(client, epoch, secret, newest + 1, known)
        self._flash.write(_name(slot), self._sealed(slot, key))
        self.load()
        return key

    def _known(self) -> dict[bytes, tuple[int, bytes]]:
        held = sorted((key for key in self._keys.values() if key is not None), key=lambda key: key.generation)
        return {client: newest for key in held for client, newest in key.known.items()}

    def _check_value(self, client: str, epoch: int, secret: bytes) -> bytes:
        return check_value(secret, device=self._device, client=client, epoch=epoch)

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
        plain += b"".join(_KNOWN.pack(name, *newest) for name, newest in key.known.items())
        begin = _TITLE + _GENERATIONS.pack(*[key.generation] * 3)
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
        known = {name: (newest, check) for name, newest, check in _KNOWN.iter_unpack(rest[SECRET_BYTES:])}
        return SlotKey(client.decode(), epoch, rest[:SECRET_BYTES], _GENERATIONS.unpack_from(begin, len(_TITLE))[0], known)


def _claimed(record: bytes, unless_told: int) -> tuple[int, ...]:
    """The generations that a record bears in clear, or `unless_told` where it is too short to say."""
    if len(record) < _BEGIN:
        return (unless_told,)
    return _GENERATIONS.unpack_from(record, len(_TITLE))


def _name(slot: Slot) -> str:
    return f"key-{slot.name.lower()}"


def _print(client: str) -> bytes:
    return hashlib.blake2b(client.encode(), digest_size=NAME_PRINT_BYTES).digest()
