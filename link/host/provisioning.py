"""A key into a camera's slot, over a link and through power cuts: at the end it is the one in use, or an error says why not."""

from link.host.camera_link import CameraLink
from link.host.dialogue import Dialogue
from link.host.failures import CommandLost, KeyRefused
from link.host.link_key import LinkKey
from link.messages import (
    Ack,
    KeyBegin,
    KeyCheck,
    KeyCheckReply,
    KeyChunk,
    KeyCommit,
    KeyErase,
    KeyStateReply,
    Role,
    Slot,
    SlotState,
    WrapForm,
)
from link.messages.key_steps import WRAPPED_KEY_BYTES

MOST_ATTEMPTS = 8
CHUNK_BYTES = 16


def provision(link: CameraLink, key: LinkKey) -> Slot:
    """Put a client's key into the slot that is not in use, and have it used; the slot.

    Whenever the session ends, the camera is asked which key it has now, and all is done again unless it is the new one. A key
    that is in use already is left as it is.

    Parameters
    ----------
    link
        opened with the owner's key.
    key
        of a client.

    Raises
    ------
    CameraRefused
        where the camera refuses a step, as KEY_EPOCH_OLD or FLASH_FAILED; the key in use is as it was.
    KeyRefused
        where the key is for another camera.
    CommandLost
        where the camera never stays long enough.
    """
    if key.role is not Role.CLIENT:
        raise ValueError("key = the owner's: allowed is a client's key, as only those lie in slots")
    if key.device != link.camera.device:
        text = f"device = {key.device!r}: camera {link.camera.device!r} is at {link.name}"
        raise KeyRefused(f"{text}; allowed is a key for that camera")
    for _ in range(MOST_ATTEMPTS):
        slots = link.slots()
        for each in slots:
            if _is_in_use(each, key):
                return each.slot
        target = Slot.B if slots[0].state is SlotState.ACTIVE else Slot.A
        try:
            link.once(lambda dialogue, slot=target: _give(dialogue, key, slot))  # type: ignore[misc]
        except CommandLost:
            continue
        link.renew_session()  # the camera ends it with the key that it used before
    raise CommandLost(
        f"link = {link.name}: the key could not be given in {MOST_ATTEMPTS} attempts; allowed is a camera that stays on"
    )


def erase(link: CameraLink, slot: Slot) -> None:
    """Overwrite a slot that is not in use, as revoking a client asks for. Raises CameraRefused, and CommandLost."""
    link.once(lambda dialogue: dialogue.ask(KeyErase(slot), Ack))


def _is_in_use(slot: KeyStateReply, key: LinkKey) -> bool:
    same = (slot.epoch, slot.check, slot.client) == (key.epoch, key.check, key.client)
    return slot.state is SlotState.ACTIVE and same


def _give(dialogue: Dialogue, key: LinkKey, slot: Slot) -> None:
    session = dialogue.connection.session
    begin = KeyBegin(slot, WrapForm.SESSION, WRAPPED_KEY_BYTES, key.epoch, key.check, key.client)
    _, seq = dialogue.ask_numbered(begin, Ack)
    if session is None:
        raise ValueError("link: it has no session; allowed is a link that is opened with the owner's key")
    wrapped = session.wrap_key(key.root, begin, seq)
    for offset in range(0, WRAPPED_KEY_BYTES, CHUNK_BYTES):
        dialogue.ask(KeyChunk(offset, wrapped[offset : offset + CHUNK_BYTES]), Ack)
    reply = dialogue.ask(KeyCheck(), KeyCheckReply)
    if reply.check != key.check:
        text = f"key = epoch {key.epoch} of {key.client!r}: the camera found another check value"
        raise KeyRefused(f"{text}; allowed is a camera that unwraps it")
    dialogue.is_to_end = True
    dialogue.ask(KeyCommit(slot, begin.check), Ack)
