"""The file that holds a device's master secret: 64 hexadecimal digits, readable by its owner only."""

import hashlib
import os
import re
import secrets
from pathlib import Path

KEY_BYTES = 32
MOST_BYTES = 1024
"""More than any key file has: what is longer is not read to its end, which a device may not have."""


class KeyFileError(ValueError):
    """A key file that cannot be read, made or used: the message names it and what is allowed, and never the key."""


def make_key(file: Path) -> bytes:
    """Write a fresh key to `file`, which must not exist, with permissions 0600, and return it.

    Raises `KeyFileError` where the file exists or cannot be written; then none is left.
    """
    master = secrets.token_bytes(KEY_BYTES)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"file = {file}: it exists, and a key is never overwritten; allowed is a new file") from None
    except OSError as error:
        raise _not_made(file, error) from error
    try:
        with os.fdopen(descriptor, "w") as handle:
            handle.write(master.hex() + "\n")
            handle.flush()
            os.fsync(handle.fileno())
    except BaseException as error:
        file.unlink(missing_ok=True)  # ours: O_EXCL made it
        if isinstance(error, OSError):
            raise _not_made(file, error) from error
        raise
    return master


def read_key(file: Path) -> bytes:
    """Read a key, 32 bytes. Raises `KeyFileError` for anything but 64 hexadecimal digits; the text is never repeated."""
    allowed = f"allowed is a file of {2 * KEY_BYTES} hexadecimal digits"
    try:
        with file.open("rb") as handle:
            content = handle.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise KeyFileError(f"key = {file}: there is no such file; {allowed}, as 'keycam keys new' makes it") from None
    except OSError as error:
        raise KeyFileError(f"key = {file}: it cannot be read ({error.strerror}); {allowed}") from error
    if len(content) > MOST_BYTES:
        raise KeyFileError(f"key = {file}: it is longer than {MOST_BYTES} bytes; {allowed}")
    try:
        text = content.decode("ascii").strip()
    except UnicodeDecodeError:
        # Without a cause: the error would quote the file's bytes.
        raise KeyFileError(f"key = {file}: it is not a text file; {allowed}") from None
    if not re.fullmatch("[0-9a-fA-F]*", text):
        raise KeyFileError(f"key = {file}: it is not hexadecimal; {allowed}")
    if len(text) != 2 * KEY_BYTES:
        raise KeyFileError(f"key = {file}: it has {len(text)} digits; {allowed}")
    return bytes.fromhex(text)


def fingerprint(master: bytes) -> str:
    """A name for a key that says nothing about it: 16 hexadecimal digits of a hash under its own label."""
    return hashlib.blake2b(master, digest_size=8, person=b"keycam print").hexdigest()


def _not_made(file: Path, error: OSError) -> KeyFileError:
    return KeyFileError(f"file = {file}: it cannot be made ({error.strerror}); allowed is a new file in a folder that exists")
