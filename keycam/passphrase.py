"""Passphrases: asked for without echo, or read from a file; never from the command line, which others can see."""

import getpass
import sys
import unicodedata
from pathlib import Path

from keycam.key import KeyFileError

MOST_BYTES = 1024
_ALLOWED = "allowed is a file whose first line is the passphrase"


def known_passphrase(file: Path | None, what: str) -> str:
    """The passphrase of something that has one: the first line of `file`, or what somebody types. Raises KeyFileError."""
    return _first_line(file) if file is not None else _typed(f"Passphrase of {what}: ")


def new_passphrase(file: Path | None, what: str) -> str:
    """The passphrase for something that is to get one; typed twice. Raises KeyFileError where they differ or it is empty."""
    if file is not None:
        return _first_line(file)
    passphrase = _typed(f"New passphrase for {what}: ")
    if not passphrase:
        raise KeyFileError("passphrase: it is empty; allowed is at least one character")
    if _typed("The same again: ") != passphrase:
        raise KeyFileError("passphrase: the two differ; allowed is the same one twice")
    return passphrase


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as handle:
            line = handle.read(MOST_BYTES + 1).split(b"\n")[0].removesuffix(b"\r")
        if len(line) > MOST_BYTES:
            raise KeyFileError(f"passphrase_file = {file}: its first line is longer than {MOST_BYTES} bytes; {_ALLOWED}")
        passphrase = _composed(line.decode())
    except OSError as error:
        raise KeyFileError(f"passphrase_file = {file}: it cannot be read ({error.strerror}); {_ALLOWED}") from None
    except UnicodeDecodeError:
        raise KeyFileError(f"passphrase_file = {file}: it is not UTF-8; {_ALLOWED}") from None
    if not passphrase:
        raise KeyFileError(f"passphrase_file = {file}: its first line is empty; {_ALLOWED}")
    return passphrase


def _typed(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise KeyFileError("passphrase: there is no terminal to ask at; allowed is --passphrase-file FILE")
    return _composed(getpass.getpass(prompt))


def _composed(text: str) -> str:
    # The same letters may be typed in one form and saved in another.
    return unicodedata.normalize("NFC", text)
