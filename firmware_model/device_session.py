"""Sessions at the device: one in use, and one that a HELLO has begun and no command has proved yet."""

import secrets
from dataclasses import dataclass, field

from firmware_model.credit_line import CreditLine
from link.messages import Hello, HelloAck, Role, Slot
from link.messages.handshake import NONCE_BYTES, PROOF_BYTES, PROTOCOL_VERSION
from link.packet import MOST_PAYLOAD_BYTES, Packet
from link.replies import CommandRefused, ReplyCache
from link.session import Session, SessionError, with_proof
from link.status import Status


@dataclass(frozen=True)
class Introduction:
    """What a device says of itself in every HELLO_ACK; the fields are those of `link.messages.HelloAck`."""

    slot: Slot
    boot_id: int
    boot_counter: int
    firmware_hash: bytes
    device: str
    epoch: int
    check: bytes

    def ack(self, version: int, role: Role, session: int, first_frame_id: int) -> HelloAck:
        """The answer to a HELLO, with a fresh nonce and without a proof."""
        return HelloAck(
            version=version,
            role=role,
            payload_bytes=MOST_PAYLOAD_BYTES,
            session=session,
            first_frame_id=first_frame_id,
            device_nonce=secrets.token_bytes(NONCE_BYTES),
            proof=bytes(PROOF_BYTES),
            **vars(self),
        )


@dataclass(eq=False)
class DeviceSession:
    """One session and what belongs to it.

    Attributes
    ----------
    keys
        seals and opens.
    hello, ack
        what was said.
    replies
        the last ones, for commands that are repeated.
    credit
        how much the host has room for.
    next_frame_id
        the number of its next frame.
    heard_s
        when the host was heard last.
    """

    keys: Session
    hello: Hello
    ack: HelloAck
    heard_s: float
    next_frame_id: int
    replies: ReplyCache = field(default_factory=ReplyCache)
    credit: CreditLine = field(default_factory=CreditLine)

    @property
    def number(self) -> int:
        """Its number within the boot."""
        return self.ack.session

    def take_frame_id(self) -> int:
        """The number of the next frame that is sent."""
        frame_id, self.next_frame_id = self.next_frame_id, self.next_frame_id + 1 & 0xFFFFFFFF
        return frame_id


@dataclass(frozen=True)
class OpenedCommand:
    """A sealed command, open; and the session that it came in."""

    session: DeviceSession
    packet: Packet
    begins_session: bool


class DeviceSessions:
    """The sessions of one boot.

    A HELLO begins a session without ending the one in use: that ends when the first command of the new one opens, so that a
    stranger who says HELLO ends nothing.
    """

    def __init__(self) -> None:
        self._begun = 0
        self.current: DeviceSession | None = None
        self.pending: DeviceSession | None = None

    def answer(self, hello: Hello, introduction: Introduction, root: bytes | None, now_s: float) -> HelloAck:
        """The answer to a HELLO; with a root it begins a session, whose commands are still to come.

        The same HELLO again gets the same answer as long as its session is not in use. Raises CommandRefused with
        UNSUPPORTED_VERSION.
        """
        version = _chosen_version(hello)
        if root is None:
            return introduction.ack(version, Role.NONE, session=0, first_frame_id=0)
        if self.pending is not None and self.pending.hello == hello:
            return self.pending.ack
        self._begun += 1
        unproved = introduction.ack(version, hello.role, self._begun, secrets.randbits(32))
        keys = Session(root, hello, unproved, "device")
        ack = with_proof(unproved, keys)
        self.drop_pending()
        self.pending = DeviceSession(keys, hello, ack, now_s, ack.first_frame_id)
        return ack

    def repeated(self, command: Packet) -> Packet | None:
        """The reply to a sealed command that the session in use has answered before."""
        if self.current is None:
            return None
        try:
            return self.current.replies.before(command)
        except CommandRefused:
            return None  # a session that is about to begin counts from 0 again

    def opened(self, command: Packet, now_s: float) -> OpenedCommand:
        """Open a sealed command that is not repeated; one that opens in the begun session puts that one in use.

        Raises CommandRefused with NEEDS_SESSION, AUTH_FAILED or STALE_SEQ.
        """
        if self.current is None and self.pending is None:
            raise CommandRefused(Status.NEEDS_SESSION, f"seq = {command.seq}: allowed is a command in a session; say HELLO")
        if self.pending is not None:
            try:
                packet = self.pending.keys.open(command)
            except SessionError:
                if self.current is None:
                    raise CommandRefused(
                        Status.AUTH_FAILED, f"seq = {command.seq}: allowed is one that the host sealed"
                    ) from None
            else:
                self.end_current()
                self.current, self.pending = self.pending, None
                self.current.heard_s = now_s
                return OpenedCommand(self.current, packet, begins_session=True)
        assert self.current is not None
        try:
            packet = self.current.keys.open(command)
        except SessionError as error:
            status = Status.STALE_SEQ if error.cause == "stale" else Status.AUTH_FAILED
            raise CommandRefused(status, str(error)) from None
        self.current.heard_s = now_s
        return OpenedCommand(self.current, packet, begins_session=False)

    def numbered(self, number: int) -> DeviceSession | None:
        """The session in use or the begun one, by its number."""
        return next((each for each in (self.current, self.pending) if each is not None and each.number == number), None)

    def end_current(self) -> None:
        """End the session in use and wipe its keys."""
        ended, self.current = self.current, None
        if ended is not None:
            ended.keys.wipe()

    def end_all(self) -> None:
        """End both and wipe their keys."""
        self.end_current()
        self.drop_pending()

    def drop_pending(self) -> None:
        """Forget a session that no command has proved."""
        dropped, self.pending = self.pending, None
        if dropped is not None:
            dropped.keys.wipe()


def _chosen_version(hello: Hello) -> int:
    if not hello.lowest_version <= PROTOCOL_VERSION <= hello.highest_version:
        spoken = f"{hello.lowest_version} to {hello.highest_version}"
        raise CommandRefused(Status.UNSUPPORTED_VERSION, f"version = {spoken}: allowed is {PROTOCOL_VERSION}")
    return min(hello.highest_version, PROTOCOL_VERSION)
