"""Key files on disk: their owner's alone, never overwritten by a new one, whole or not there."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from keycam.atomic_file import whole_file
from keycam.key import Key, KeyCard, KeyFileError
from keycam.key_guard import Guard, Plain, Wrapped, reveal, seal, unseal, unwrap, wrap
from keycam.key_text import ALLOWED, MOST_BYTES, bound, parsed, written

Ask = Callable[[], str]
"""Where a passphrase comes from, once one is needed."""
_UNWRAP = "it is wrapped for a device; allowed is one that 'keycam keys open --private-key' opened"


def read_card(file: Path) -> tuple[KeyCard, Guard]:
    """What a key file says in clear, and how its secret is guarded. Raises KeyFileError for what is no key file."""
    with _named(file):
        card, guard = parsed(_content(file))
        if isinstance(guard, Plain):
            reveal(guard, card).wipe()
        return card, guard


def open_key(file: Path, ask: Ask) -> Key:
    """The key in a plain or sealed file; for a sealed one `ask` gives the passphrase. Raises KeyFileError."""
    with _named(file):
        card, guard = parsed(_content(file))
        if isinstance(guard, Wrapped):
            raise KeyFileError(_UNWRAP)
        if isinstance(guard, Plain):
            return reveal(guard, card)
    passphrase = ask()  # its own troubles are not the key's
    with _named(file):
        return unseal(guard, card, bound(card), passphrase)


def unwrap_key(file: Path, private: Path, ask: Ask) -> Key:
    """The key in a wrapped file, by a device's RSA private key in a PEM file. Raises KeyFileError."""
    own = _private_key(private, ask)
    with _named(file):
        card, guard = parsed(_content(file))
        if not isinstance(guard, Wrapped):
            raise KeyFileError("it is not wrapped; allowed is what 'keycam keys wrap' made")
        return unwrap(guard, card, bound(card), own)


def write_plain(key: Key, file: Path) -> None:
    """Write a key to a new file as it is."""
    _write_new(file, written(key.card, Plain(bytes(key.secret))))


def write_sealed(key: Key, file: Path, passphrase: str) -> None:
    """Write a key to a new file, under a passphrase."""
    _write_new(file, written(key.card, seal(key, bound(key.card), passphrase)))


def write_wrapped(key: Key, file: Path, recipient: Path) -> None:
    """Write a key to a new file, for the device whose RSA public key is in the PEM file `recipient`."""
    public = _public_key(recipient)
    with _named(recipient, "public_key"):
        guard = wrap(key, bound(key.card), public)
    _write_new(file, written(key.card, guard))


def change_card(file: Path, change: Callable[[KeyCard], KeyCard], ask: Ask) -> KeyCard:
    """Put another card on the key in a file and guard it as it was; one process at a time. Raises KeyFileError."""
    passphrases: list[str] = []

    def ask_once() -> str:
        passphrases.append(ask())
        return passphrases[0]

    real = file.resolve()  # a link stays a link
    with _folder_held(real, file), open_key(file, ask_once) as key:
        with _named(file):
            changed = key.with_card(change(key.card))
        guard = seal(changed, bound(changed.card), passphrases[0]) if passphrases else Plain(bytes(key.secret))
        with whole_file(real, "key", private=True) as unfinished, unfinished.open("wb") as handle:
            handle.write(written(changed.card, guard))
            handle.flush()
            os.fsync(handle.fileno())
        return changed.card


def counter_file(file: Path, card: KeyCard, client: str) -> Path:
    """Where the frame counters of a client's epoch are kept: beside the key, under the key's name and not the file's.

    A copy, a link and a sealed twin in the same folder so share their counters, and each epoch has counters of its own.
    """
    name = f"{card.fingerprint}.{quote(client, safe='')}.{card.clients[client].epoch}.counter"
    return file.resolve().with_name(name)


@contextmanager
def _named(file: Path, field: str = "key") -> Iterator[None]:
    """Put the name of the file before the sentence of what is wrong with it."""
    try:
        yield
    except KeyFileError as error:
        raise KeyFileError(f"{field} = {file}: {error}") from None


def _content(file: Path, allowed: str = ALLOWED) -> bytes:
    try:
        with file.open("rb") as handle:
            return handle.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise KeyFileError(f"there is no such file; {allowed}") from None
    except OSError as error:
        raise KeyFileError(f"it cannot be read ({error.strerror}); {allowed}") from None


def _public_key(file: Path) -> RSAPublicKey:
    allowed = "allowed is an RSA public key of at least 3072 bits as PEM"
    with _named(file, "public_key"):
        content = _content(file, allowed)
        try:
            public = load_pem_public_key(content)
        except (ValueError, UnsupportedAlgorithm):
            raise KeyFileError(f"it is no public key; {allowed}") from None
        if not isinstance(public, RSAPublicKey):
            raise KeyFileError(f"it is not an RSA key; {allowed}")
        return public


def _private_key(file: Path, ask: Ask) -> RSAPrivateKey:
    allowed = "allowed is an RSA private key of at least 3072 bits as PEM, with its passphrase where it has one"
    with _named(file, "private_key"):
        content = _content(file, allowed)
    passphrase = ask().encode() if b"ENCRYPTED" in content else None
    with _named(file, "private_key"):
        try:
            private = load_pem_private_key(content, passphrase)
        except (ValueError, UnsupportedAlgorithm):
            raise KeyFileError(f"it is no private key, or its passphrase is wrong; {allowed}") from None
        if not isinstance(private, RSAPrivateKey):
            raise KeyFileError(f"it is not an RSA key; {allowed}")
        return private


def _write_new(file: Path, content: bytes) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"file = {file}: it exists, and a key is never overwritten; allowed is a new file") from None
    except OSError as error:
        raise _not_made(file, error) from error
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
    except BaseException as error:
        file.unlink(missing_ok=True)  # ours: O_EXCL made it
        if isinstance(error, OSError):
            raise _not_made(file, error) from error
        raise


def _not_made(file: Path, error: OSError) -> KeyFileError:
    return KeyFileError(f"file = {file}: it cannot be made ({error.strerror}); allowed is a new file in a folder that exists")


@contextmanager
def _folder_held(real: Path, file: Path) -> Iterator[None]:
    # Two changes at once could lose one of them, and that one may be a revocation.
    try:
        folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        with _named(file):
            raise KeyFileError(f"there is no such file; {ALLOWED}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
        os.fsync(folder)
    finally:
        os.close(folder)
