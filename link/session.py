"""The session: keys from HELLO and HELLO_ACK, commands and replies sealed under them, keys wrapped for provisioning.

HKDF-Expand with SHA-256 (RFC 5869) and ChaCha20-Poly1305 (RFC 8439), as docs/protocol.md says to the byte.
"""

import hmac
import struct
from dataclasses import replace
from types import TracebackType
from typing import Literal, NoReturn, Self, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from adc.derivation import Secret, check_secret, joined, wipe
from link.messages import Hello, HelloAck, KeyBegin, MessageError, Role
from link.messages.handshake import CHECK_BYTES, PROOF_BYTES, PROTOCOL_VERSION
from link.packet import MOST_PAYLOAD_BYTES, Packet, PacketFlags

Side = Literal["host", "device"]
SessionCause = Literal["auth", "stale", "clear"]
SEAL_BYTES = 16
"""By how much a sealed payload is longer."""
_KEY_BYTES = 32


class SessionError(ValueError):
    """A packet that the session does not let in: auth (not from the other end), stale (seq used up), clear (not sealed)."""

    def __init__(self, cause: SessionCause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class Session:
    """One end of a session. Each direction has a key of its own, and each seq is sealed and opened once.

    The device makes its session from a HELLO_ACK whose proof is zeros, and sends it with `proof` in it; the host checks
    that proof on construction. As a context manager, or by `wipe`, it overwrites its keys.

    Parameters
    ----------
    root
        32 secret bytes that both ends have: for the role CLIENT the active slot's key, which is the epoch secret of that
        client; for the role OWNER the device's provisioning secret.
    hello, ack
        What was said. Every byte of both, but for the proof, goes into the keys.
    side
        Which end this is: "host" or "device".

    Raises
    ------
    SessionError
        (auth) at the host, where the device's proof shows another root, or what was said was altered on its way.
    ValueError
        for a root of another size, a handshake without a role, or an answer that does not fit the question.
    """

    def __init__(self, root: Secret, hello: Hello, ack: HelloAck, side: Side) -> None:
        check_secret("root", root)
        if side not in get_args(Side):
            raise ValueError(f"side = {side!r}: allowed is {' or '.join(get_args(Side))}")
        if hello.role is Role.NONE or ack.role is not hello.role:
            raise ValueError(f"role = {ack.role.name}: allowed is CLIENT or OWNER, as HELLO asked ({hello.role.name})")
        if not hello.lowest_version <= ack.version <= hello.highest_version:
            raise ValueError(f"version = {ack.version}: allowed is {hello.lowest_version} to {hello.highest_version}")
        self.role = ack.role
        self.number = ack.session
        self.proof = bytes(_derived(root, b"proof", hello, ack)[:PROOF_BYTES])
        if side == "host" and not hmac.compare_digest(self.proof, ack.proof):
            raise SessionError("auth", f"proof of device {ack.device!r}: its key is another; allowed is the key of the session")
        keys = [_derived(root, label, hello, ack) for label in (b"to device", b"to host", b"wrap")]
        self._sending, self._receiving = (keys[0], keys[1]) if side == "host" else (keys[1], keys[0])
        self._wrapping = keys[2]
        self._last_sealed = self._last_opened = -1
        self._wiped = False

    def seal(self, packet: Packet) -> Packet:
        """The packet with its payload sealed and the flag ENC; a packet that is sent again is not sealed again.

        Raises ValueError for a seq that is not above the last one sealed, and where the payload grows too long.
        """
        self._refuse_wiped()
        if packet.seq <= self._last_sealed:
            raise ValueError(f"seq = {packet.seq}: allowed is {self._last_sealed + 1} to 2**32 - 1; no seq is sealed twice")
        if len(packet.payload) > MOST_PAYLOAD_BYTES - SEAL_BYTES:
            raise ValueError(f"payload = {len(packet.payload)} bytes: allowed is up to {MOST_PAYLOAD_BYTES - SEAL_BYTES}")
        # The header says how long the sealed payload is, so a stand-in of that length makes the header to be vouched for.
        grown = replace(packet, payload=bytes(len(packet.payload) + SEAL_BYTES), flags=packet.flags | PacketFlags.ENC)
        sealed = ChaCha20Poly1305(self._sending).encrypt(_nonce(packet.seq), packet.payload, grown.header())
        self._last_sealed = packet.seq
        return replace(grown, payload=sealed)

    def open(self, packet: Packet) -> Packet:
        """The packet with its payload open and without the flag ENC. Raises SessionError, after which nothing has changed."""
        self._refuse_wiped()
        if not packet.flags & PacketFlags.ENC:
            raise SessionError("clear", f"packet {packet.seq}: it is not sealed; allowed is a sealed one")
        try:
            # First, so that a cause is told only to who holds the key.
            payload = ChaCha20Poly1305(self._receiving).decrypt(_nonce(packet.seq), packet.payload, packet.header())
        except InvalidTag:
            raise SessionError("auth", f"packet {packet.seq}: allowed is one that the other end sealed") from None
        if packet.seq <= self._last_opened:
            raise SessionError("stale", f"seq = {packet.seq}: allowed is {self._last_opened + 1} or more; each is used once")
        self._last_opened = packet.seq
        return replace(packet, payload=payload, flags=packet.flags & ~PacketFlags.ENC)

    def wrap_key(self, secret: Secret, begin: KeyBegin, seq: int) -> bytes:
        """A slot's key, 32 bytes, wrapped to 48 for the chunks that follow a KEY_BEGIN; `seq` is that of its packet."""
        self._refuse_wiped()
        check_secret("secret", secret)
        return ChaCha20Poly1305(self._wrapping).encrypt(_nonce(seq), bytes(secret), begin.pack())

    def unwrap_key(self, wrapped: bytes, begin: KeyBegin, seq: int) -> bytearray:
        """Undo `wrap_key`. Raises SessionError (auth) for what was not wrapped in the session for this KEY_BEGIN."""
        self._refuse_wiped()
        try:
            return bytearray(ChaCha20Poly1305(self._wrapping).decrypt(_nonce(seq), wrapped, begin.pack()))
        except InvalidTag:
            raise SessionError("auth", f"wrapped key = {len(wrapped)} bytes: allowed is what KEY_BEGIN {seq} announced") from None

    def wipe(self) -> None:
        """Overwrite the keys and refuse further use; docs/key-schedule.md says which copies this cannot reach."""
        for key in (self._sending, self._receiving, self._wrapping):
            wipe(key)
        self._wiped = True

    def _refuse_wiped(self) -> None:
        if self._wiped:
            raise RuntimeError(f"session {self.number} has ended: say HELLO again")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return f"<Session {self.number}, {self.role.name}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Session is never pickled or copied")


def check_value(secret: Secret, *, device: str, client: str, epoch: int) -> bytes:
    """8 bytes that name a slot's key and say nothing about it."""
    check_secret("secret", secret)
    names = (device.encode(), client.encode(), struct.pack(">Q", epoch))
    return bytes(_expanded(secret, b"check", *names)[:CHECK_BYTES])


def with_proof(ack: HelloAck, session: Session) -> HelloAck:
    """The HELLO_ACK that a device sends, from the one of which it made its session."""
    if ack.proof != bytes(PROOF_BYTES):
        raise MessageError(f"proof = {len(ack.proof)} bytes: allowed is zeros, which the session's proof replaces")
    return replace(ack, proof=session.proof)


def _derived(root: Secret, label: bytes, hello: Hello, ack: HelloAck) -> bytearray:
    return _expanded(root, label, hello.pack(), ack.pack()[:-PROOF_BYTES])


def _expanded(root: Secret, *fields: bytes) -> bytearray:
    info = joined(b"keycam link", bytes([PROTOCOL_VERSION]), *fields)
    return bytearray(HKDFExpand(SHA256(), _KEY_BYTES, info=info).derive(root))


def _nonce(seq: int) -> bytes:
    return struct.pack("<I8x", seq)
