"""How the secret in a key file is guarded: not at all, by a passphrase, or by a device's RSA key.

A passphrase goes through scrypt (RFC 7914), AES-256-GCM does the rest (NIST SP 800-38D); a device's key is RSA-OAEP with
SHA-256 of at least 3072 bits (RFC 8017). Both bind the card: it is the additional data of the one and the label of the other.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keycam.key import Key, KeyCard, KeyFileError, fingerprint

LOG2_N = 17
"""scrypt's cost where files are written: with r = 8 and p = 1 it takes 128 MiB and some 0.4 s."""
READ_LOG2_N = range(10, 19)
SECRET_BYTES, SALT_BYTES, NONCE_BYTES, CHECK_BYTES = 32, 16, 12, 16
LEAST_RSA_BITS, MOST_RSA_BITS = 3072, 16384
EDITED = "it was edited after it was written; allowed is the file as keycam wrote it"


@dataclass(frozen=True)
class Plain:
    """No guard: the secret as it is."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_size("secret", self.secret, SECRET_BYTES)


@dataclass(frozen=True)
class Sealed:
    """A secret under a passphrase; `check` tells a wrong passphrase from an edited file."""

    scrypt_log2_n: int
    salt: bytes
    check: bytes
    nonce: bytes
    sealed: bytes

    def __post_init__(self) -> None:
        if type(self.scrypt_log2_n) is not int or self.scrypt_log2_n not in READ_LOG2_N:
            raise ValueError(f"scrypt_log2_n = {self.scrypt_log2_n!r}: allowed is {READ_LOG2_N[0]} to {READ_LOG2_N[-1]}")
        for name, size in (("salt", SALT_BYTES), ("check", CHECK_BYTES), ("nonce", NONCE_BYTES), ("sealed", SECRET_BYTES + 16)):
            _check_size(name, getattr(self, name), size)


@dataclass(frozen=True)
class Wrapped:
    """A secret for the holder of an RSA key; `recipient` is the fingerprint of its public half."""

    recipient: bytes
    wrapped: bytes

    def __post_init__(self) -> None:
        _check_size("recipient", self.recipient, 8)
        if not isinstance(self.wrapped, bytes) or not LEAST_RSA_BITS <= 8 * len(self.wrapped) <= MOST_RSA_BITS:
            raise ValueError(f"wrapped: allowed is {LEAST_RSA_BITS // 8} to {MOST_RSA_BITS // 8} bytes")


Guard = Plain | Sealed | Wrapped


def seal(key: Key, bound: bytes, passphrase: str) -> Sealed:
    """Seal a secret under a passphrase, with a fresh salt and nonce; `bound` is the card in bytes."""
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    sealing_key, check = _stretched(passphrase, salt, LOG2_N)
    sealed = AESGCM(sealing_key).encrypt(nonce, key.secret, bound)
    return Sealed(LOG2_N, salt, check, nonce, sealed)


def unseal(guard: Sealed, card: KeyCard, bound: bytes, passphrase: str) -> Key:
    """Undo `seal`. Raises KeyFileError for a wrong passphrase, and another for a card or secret that was edited."""
    sealing_key, check = _stretched(passphrase, guard.salt, guard.scrypt_log2_n)
    if not hmac.compare_digest(check, guard.check):
        raise KeyFileError("the passphrase is wrong; allowed is the one that it was sealed with")
    try:
        return reveal(Plain(AESGCM(sealing_key).decrypt(guard.nonce, guard.sealed, bound)), card)
    except InvalidTag:
        raise KeyFileError(EDITED) from None


def wrap(key: Key, bound: bytes, recipient: RSAPublicKey) -> Wrapped:
    """Wrap a secret so that only the holder of the private key reads it; it is not signed, so compare fingerprints."""
    _refuse_short(recipient.key_size)
    return Wrapped(recipient_print(recipient), recipient.encrypt(bytes(key.secret), _padding(bound)))


def unwrap(guard: Wrapped, card: KeyCard, bound: bytes, private: RSAPrivateKey) -> Key:
    """Undo `wrap`. Raises KeyFileError where it was made for another device, and where card or secret were edited."""
    _refuse_short(private.key_size)
    own = recipient_print(private.public_key())
    if own != guard.recipient:
        made_for = f"it was wrapped for the device whose public key is {guard.recipient.hex()}"
        raise KeyFileError(f"{made_for}, and this private key's is {own.hex()}; allowed is the private key of that device")
    try:
        return reveal(Plain(private.decrypt(guard.wrapped, _padding(bound))), card)
    except ValueError:
        raise KeyFileError(EDITED) from None


def reveal(guard: Plain, card: KeyCard) -> Key:
    """The key of a plain file. Raises KeyFileError where its fingerprint is not that of the card."""
    if fingerprint(guard.secret) != card.fingerprint:
        raise KeyFileError(EDITED)
    return Key(card, bytearray(guard.secret))


def recipient_print(public: RSAPublicKey) -> bytes:
    """A name for a public key: 8 bytes of the SHA-256 of its SubjectPublicKeyInfo."""
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()[:8]


def _stretched(passphrase: str, salt: bytes, log2_n: int) -> tuple[bytes, bytes]:
    stretched = Scrypt(salt, SECRET_BYTES + CHECK_BYTES, n=2**log2_n, r=8, p=1).derive(passphrase.encode())
    return stretched[:SECRET_BYTES], stretched[SECRET_BYTES:]


def _padding(bound: bytes) -> OAEP:
    return OAEP(MGF1(SHA256()), SHA256(), label=bound)


def _refuse_short(bits: int) -> None:
    if not LEAST_RSA_BITS <= bits <= MOST_RSA_BITS:
        raise KeyFileError(f"the RSA key has {bits} bits; allowed is {LEAST_RSA_BITS} to {MOST_RSA_BITS}")


def _check_size(name: str, content: bytes, size: int) -> None:
    if not isinstance(content, bytes) or len(content) != size:
        raise ValueError(f"{name}: allowed is {size} bytes")
