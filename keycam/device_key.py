"""A device's key file in its camera: which key goes into the flash, and where the frame counters of each key are kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from adc import epoch_secret
from firmware_model.flash import Flash
from firmware_model.fuses import Fuses
from firmware_model.key_slots import SLOTS, KeySlots, SlotKey
from keycam.key import DEVICE_ONLY, ClientEpoch, Key, KeyFileError, fingerprint
from keycam.keyfile import counter_file, open_key
from keycam.passphrase import known_passphrase
from link.messages import Slot, SlotState
from link.owner import provisioning_secret


def open_device_key(file: Path, passphrase_file: Path | None) -> Key:
    """The master of a device. Raises KeyFileError for a client's key, which reads frames and makes none, and as `open_key`."""
    key = open_key(file, lambda: known_passphrase(passphrase_file, str(file)))
    if key.card.purpose == "client":
        key.wipe()
        raise KeyFileError(f"key = {file}: it is a client's, which reads the camera's frames and makes none; {DEVICE_ONLY}")
    return key


def fuses_of(key: Key, seed: int) -> Fuses:
    """What is burnt into the camera of a device's key and die number."""
    return Fuses(key.card.device, provisioning_secret(key.secret, key.card.device), f"SIM-{seed}")


def put_in(key: Key, client: str | None, flash: Flash, fuses: Fuses, file: Path) -> None:
    """Put a client's present key into a camera that never had it or a later one; take out those of revoked clients.

    Without a name the only client is meant, and a key that its owner has put in since over the link stays in use. With a name,
    that client's key is in use afterwards. Slots that went bad are not filled again by switching on, their owner has to.

    Raises ValueError for a client that the key has not, and KeyFileError where the camera had a later key of this client than
    the file has, and where a revoked client's key would stay in use.
    """
    name = key.card.client(client)
    epoch = key.card.clients[name].epoch
    secret = bytes(epoch_secret(key.secret, device=fuses.device, client=name, epoch=epoch))
    slots = KeySlots(flash, fuses.storage_key, fuses.device)
    used = None if slots.active is None else slots.key(slots.active)
    had = slots.newest(name)
    is_new = had is None or had[0] < epoch
    is_asked_for = client is not None and used is not None and used.client != client
    if SlotState.CORRUPT not in (slots.state(Slot.A), slots.state(Slot.B)) and (is_new or is_asked_for):
        try:
            slots.commit(Slot.B if slots.active is Slot.A else Slot.A, name, epoch, secret)
        except ValueError as error:
            raise KeyFileError(f"key = {file}: the camera has had a later key ({error})") from None
    _take_out_revoked(key, slots, file)


def _take_out_revoked(key: Key, slots: KeySlots, file: Path) -> None:
    revoked = {name for name, entry in key.card.clients.items() if entry.revoked}
    for slot in SLOTS:
        held = slots.key(slot)
        if held is None or held.client not in revoked:
            continue
        if slot is slots.active:
            trouble = f"client {held.client!r} is revoked, yet its key is in use in slot {slot.name}"
            raise KeyFileError(f"key = {file}: {trouble}; allowed is to name another client with --client")
        slots.erase(slot)


def counter_path_of(key: Key, file: Path, flash: Flash) -> Callable[[SlotKey], Path]:
    """Where the frame counters of a slot's key are: beside the key file if the key is of its making, else in the flash's folder.

    All cameras and commands that play the camera with that file so share one count.
    """

    def path(held: SlotKey) -> Path:
        own = epoch_secret(key.secret, device=key.card.device, client=held.client, epoch=held.epoch)
        if bytes(own) == held.secret:
            return counter_file(file, replace(key.card, clients={held.client: ClientEpoch(held.epoch)}), held.client)
        return flash.folder / f"{fingerprint(held.secret)}.{held.epoch}.counter"

    return path
