"""The file that holds a device's master secret: 64 hexadecimal digits, readable by its owner only."""

import hashlib
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def make_key(file: Path) -> bytes:
    """Write a fresh key to `file`, which must not exist, with permissions 0600, and return it."""
    master = secrets.token_bytes(KEY_BYTES)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ValueError(f"file = {file}: it exists, and a key is never overwritten; allowed is a new file") from None
    with os.fdopen(descriptor, "w") as handle:
        handle.write(master.hex() + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    return master


def read_key(file: Path) -> bytes:
    """Read a key, 32 bytes. Raises `ValueError` for anything but 64 hexadecimal digits; the text is never repeated."""
    try:
        text = file.read_text("ascii").strip()
        master = bytes.fromhex(text)
    except UnicodeDecodeError:
        raise ValueError(f"key = {file}: not a text file; allowed is a file of {2 * KEY_BYTES} hexadecimal digits") from None
    except ValueError:
        raise ValueError(f"key = {file}: not hexadecimal; allowed is a file of {2 * KEY_BYTES} hexadecimal digits") from None
    if len(master) != KEY_BYTES:
        raise ValueError(f"key = {file} with {len(text)} digits: allowed is a file of {2 * KEY_BYTES} hexadecimal digits")
    return master


def fingerprint(master: bytes) -> str:
    """A name for a key that says nothing about it: 16 hexadecimal digits of a hash under its own label."""
    return hashlib.blake2b(master, digest_size=8, person=b"keycam print").hexdigest()
