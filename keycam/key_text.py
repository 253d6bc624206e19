"""A key file's text: JSON with the card in clear, the guarded secret and a checksum. Older files are 64 hexadecimal digits."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from keycam.key import ClientEpoch, KeyCard, KeyFileError, fingerprint
from keycam.key_guard import Guard, Plain, Sealed, Wrapped

VERSION = 1
MOST_BYTES = 1 << 16
"""More than any key file has: what is longer is not read to its end, which a device may not have."""
ALLOWED = "allowed is a key file that 'keycam keys' made, or one of 64 hexadecimal digits"
_GUARDS: dict[str, Callable[..., Guard]] = {"plain": Plain, "sealed": Sealed, "wrapped": Wrapped}


def form(guard: Guard) -> str:
    """What a guard is called: plain, sealed or wrapped."""
    return type(guard).__name__.lower()


def bound(card: KeyCard) -> bytes:
    """The card in the one form that guards vouch for: JSON in ASCII, keys sorted, no white space."""
    return _canonical(_said(card))


def written(card: KeyCard, guard: Guard) -> bytes:
    """The text of a key file."""
    content: dict[str, Any] = {**_said(card), "guard": {"form": form(guard), **_guarded(guard)}}
    content["checksum"] = _checksum(content)
    return (json.dumps(content, indent=2) + "\n").encode()


def parsed(text: bytes) -> tuple[KeyCard, Guard]:
    """Read the text of a key file. Raises KeyFileError, which says what is wrong, for anything else, and never repeats it."""
    if len(text) > MOST_BYTES:
        raise KeyFileError(f"it is longer than {MOST_BYTES} bytes; {ALLOWED}")
    if not text.lstrip().startswith(b"{"):
        return _bare(text)
    try:
        content = json.loads(text.decode("ascii"))
        checksum = content.pop("checksum", None)
        fits = checksum == _checksum(content)
    except UnicodeDecodeError:
        raise KeyFileError(f"it is damaged: not ASCII; {ALLOWED}") from None  # without a cause, which would quote the file
    except (ValueError, RecursionError):
        raise KeyFileError(f"it is cut short or damaged: not whole JSON; {ALLOWED}") from None
    version = content.get("keycam key")
    if isinstance(version, int) and version > VERSION:
        raise KeyFileError(f"it has version {version}; allowed is version {VERSION}, which this keycam reads")
    if version != VERSION or not fits:
        raise KeyFileError(f"it is damaged or was edited: its checksum does not fit; {ALLOWED}")
    try:
        return _read(content)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyFileError(f"it is not in the form of a key file; {ALLOWED}") from None


def _said(card: KeyCard) -> dict[str, Any]:
    clients = {name: {"epoch": client.epoch, "revoked": client.revoked} for name, client in sorted(card.clients.items())}
    return {
        "keycam key": VERSION,
        "purpose": card.purpose,
        "device": card.device,
        "clients": clients,
        "created": card.created,
        "fingerprint": card.fingerprint,
    }


def _guarded(guard: Guard) -> dict[str, Any]:
    values = {each.name: getattr(guard, each.name) for each in fields(guard)}
    return {name: base64.b64encode(value).decode() if isinstance(value, bytes) else value for name, value in values.items()}


def _read(content: dict[str, Any]) -> tuple[KeyCard, Guard]:
    clients = {name: ClientEpoch(**client) for name, client in content["clients"].items()}
    card = KeyCard(content["purpose"], content["device"], clients, content["created"], content["fingerprint"])
    kind = _GUARDS[content["guard"].pop("form")]
    values = {name: _decoded(value) if isinstance(value, str) else value for name, value in content.pop("guard").items()}
    if content != _said(card):
        raise ValueError("more or less than a card has")
    return card, kind(**values)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _bare(text: bytes) -> tuple[KeyCard, Guard]:
    try:
        digits = text.decode("ascii").strip()
    except UnicodeDecodeError:
        raise KeyFileError(f"it is not a text file; {ALLOWED}") from None  # without a cause, which would quote the file
    if not re.fullmatch("[0-9a-fA-F]*", digits):
        raise KeyFileError(f"it is not hexadecimal; {ALLOWED}")
    if len(digits) != 64:
        raise KeyFileError(f"it has {len(digits)} digits; {ALLOWED}")
    secret = bytes.fromhex(digits)
    return KeyCard("device", "cam0", {"host": ClientEpoch()}, "", fingerprint(secret)), Plain(secret)


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()[:32]
