"""A key file in its camera: put in once for each epoch, taken out when revoked, and one count of frames for each key."""

import hmac
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adc import epoch_secret
from firmware_model.flash import Flash
from firmware_model.key_slots import KeySlots
from keycam.device_key import counter_path_of, fuses_of, open_device_key, put_in
from keycam.key import ClientEpoch, Key, KeyFileError, new_key
from keycam.keyfile import counter_file, write_plain
from link.messages import Slot, SlotState
from link.owner import provisioning_secret


@pytest.fixture
def key() -> Iterator[Key]:
    with new_key("door", ["host", "lab"]) as made:
        yield made


@pytest.fixture
def flash(tmp_path: Path) -> Iterator[Flash]:
    with Flash(tmp_path / "state") as opened:
        yield opened


FILE = Path("door.key")


def put(key: Key, flash: Flash, client: str | None = "host") -> KeySlots:
    fuses = fuses_of(key, 3)
    put_in(key, client, flash, fuses, FILE)
    return KeySlots(flash, fuses.storage_key, "door")


def used(slots: KeySlots) -> tuple[Slot, str, int]:
    held = slots.key(slots.active)
    return slots.active, held.client, held.epoch


def test_a_clients_key_is_put_in_once_and_again_with_its_next_epoch(key: Key, flash: Flash) -> None:
    slots = put(key, flash)
    assert used(slots) == (Slot.A, "host", 0)
    assert slots.key(Slot.A).secret == epoch_secret(key.secret, device="door", client="host", epoch=0)
    before = flash.read("key-a")
    assert used(put(key, flash)) == (Slot.A, "host", 0)
    assert (flash.read("key-a"), flash.read("key-b")) == (before, None)
    assert used(put(key.with_card(key.card.rotated("host")), flash)) == (Slot.B, "host", 1)
    # An older copy of the key file changes nothing.
    assert used(put(key, flash)) == (Slot.B, "host", 1)


def test_the_client_that_is_named_is_the_one_in_use(key: Key, flash: Flash) -> None:
    put(key, flash)
    assert used(put(key, flash, "lab")) == (Slot.B, "lab", 0)
    assert used(put(key, flash, "host")) == (Slot.A, "host", 0)
    put(key.with_card(key.card.rotated("lab")), flash, "lab")
    put(key, flash, "host")
    with pytest.raises(KeyFileError, match=r"key = door.key: the camera has had a later key \(epoch = 0: client 'lab' had 1; "):
        put(key, flash, "lab")


def test_a_key_that_its_owner_put_in_stays_when_no_client_is_named(flash: Flash) -> None:
    with new_key("door", ["host"]) as key:
        slots = put(key, flash, None)
        slots.commit(Slot.B, "visitor", 0, bytes([5] * 32))
        assert used(put(key, flash, None)) == (Slot.B, "visitor", 0)
        # Until there is something newer.
        assert used(put(key.with_card(key.card.rotated("host")), flash, None)) == (Slot.A, "host", 1)


def test_slots_that_went_bad_are_not_filled_again_by_switching_on(key: Key, flash: Flash) -> None:
    slots = put(key, flash)
    slots.rot(Slot.A)
    slots = put(key.with_card(key.card.rotated("host")), flash)
    assert slots.active is None
    assert (slots.state(Slot.A), slots.state(Slot.B)) == (SlotState.CORRUPT, SlotState.EMPTY)


def test_a_revoked_clients_key_is_erased_and_never_in_use(key: Key, flash: Flash) -> None:
    put(key, flash, "host")
    slots = put(key.with_card(key.card.without("host")), flash, "lab")
    assert (used(slots), slots.state(Slot.A)) == ((Slot.B, "lab", 0), SlotState.EMPTY)
    # What is in use is revoked, and the only client left has nothing newer for the camera.
    put(key.with_card(key.card.rotated("host")), flash, "host")
    revoked = key.with_card(key.card.rotated("host").without("host"))
    with pytest.raises(KeyFileError, match=r"key = door.key: client 'host' is revoked, yet its key is in use in slot A; "):
        put(revoked, flash, None)
    assert used(put(revoked, flash, "lab")) == (Slot.B, "lab", 0)


def test_a_clients_key_makes_no_camera(key: Key, tmp_path: Path) -> None:
    with key.of_client("host") as of_client:
        write_plain(of_client, tmp_path / "host.key")
    with pytest.raises(
        KeyFileError, match=r"host.key: it is a client's, which reads the camera's frames and makes none; allowed"
    ):
        open_device_key(tmp_path / "host.key", None)
    write_plain(key, tmp_path / "door.key")
    with open_device_key(tmp_path / "door.key", None) as opened:
        assert opened.card == key.card


def test_one_key_has_one_count_of_frames_wherever_it_comes_from(key: Key, flash: Flash, tmp_path: Path) -> None:
    file = tmp_path / "door.key"
    write_plain(key, file)
    path = counter_path_of(key, file, flash)
    slots = put(key, flash)
    assert path(slots.key(Slot.A)) == counter_file(file, key.card, "host")
    # A key of the same file that came over the link, of an epoch that the file does not have yet.
    later = bytes(epoch_secret(key.secret, device="door", client="lab", epoch=7))
    slots.commit(Slot.B, "lab", 7, later)
    assert path(slots.key(Slot.B)) == counter_file(file, replace(key.card, clients={"lab": ClientEpoch(7)}), "lab")
    # Another's key under the same name: its own count, in the camera.
    slots.commit(Slot.A, "host", 1, bytes([5] * 32))
    foreign = path(slots.key(Slot.A))
    assert foreign.parent == flash.folder
    assert foreign != path(slots.key(Slot.B))


def test_what_is_burnt_in_follows_from_the_device_and_its_master_alone(key: Key) -> None:
    assert fuses_of(key, 3) == fuses_of(key, 3)
    assert fuses_of(key, 3).provisioning_secret == provisioning_secret(key.secret, "door")
    assert provisioning_secret(key.secret, "door") != provisioning_secret(key.secret, "gate")
    assert fuses_of(key, 4).serial_number == "SIM-4"
    # docs/protocol.md, "Before the first key", by HMAC alone: one block of HKDF-Expand (RFC 5869).
    info = b"".join(len(each).to_bytes(4, "big") + each for each in (b"keycam link", b"\1", b"provisioning", b"door"))
    assert provisioning_secret(bytes(32), "door") == hmac.digest(bytes(32), info + b"\1", "sha256")
