"""HUNT: say HELLO until the camera answers and proves its key, or say what is wrong."""

import secrets
import time
from collections import Counter
from collections.abc import Callable

from link.assembly import FRAME_TYPES
from link.host.connection import Connection
from link.host.failures import CameraRefused, CameraSilent, KeyRefused, LinkFailure
from link.host.link_key import LinkKey
from link.host.patience import Patience
from link.host.statistics import LinkStatistics
from link.messages import PROTOCOL_VERSION, Hello, HelloAck, MessageError, Nack, Role, message_of
from link.messages.handshake import NONCE_BYTES
from link.packet import MOST_PAYLOAD_BYTES, PACKET_ERROR_CAUSES, Packet, PacketFlags, PacketType
from link.session import Session, SessionError
from link.status import Status

MOST_REFUSALS = 3
"""Nobody vouches for an answer to HELLO, and one may be left over from before; that many in a row are meant."""
_SLICE_S = 0.05


class Hunt:
    """One search for the camera on an open link.

    Parameters
    ----------
    connection
        where it is looked for; its session begins with the answer.
    key
        what opens the session; None only asks who is there.
    patience
        how long.
    statistics
        what comes meanwhile is counted.
    """

    def __init__(self, connection: Connection, key: LinkKey | None, patience: Patience, statistics: LinkStatistics) -> None:
        self._connection, self._key, self._patience, self._statistics = connection, key, patience, statistics
        self._heard: Counter[str] = Counter()
        self._refusals: list[LinkFailure] = []
        self._unfit: list[LinkFailure] = []

    def run(self, is_over: Callable[[], bool]) -> None:
        """Begin the session. Raises LinkFailure, and LinkLost; returns early where `is_over` says so."""
        before = self._statistics.outcomes | self._statistics.faults
        deadline_s = time.monotonic() + self._patience.hunt_s
        while not is_over():
            if self._ask_once(deadline_s, is_over):
                return
            if len(self._refusals) == MOST_REFUSALS or (self._refusals and time.monotonic() >= deadline_s):
                raise self._refusals[-1]
            if time.monotonic() >= deadline_s:
                raise self._silent(before)

    def _ask_once(self, deadline_s: float, is_over: Callable[[], bool]) -> bool:
        """Say one HELLO, again and again, until it is answered; whether by a session.

        What does not fit may answer a HELLO of before, which a camera that was busy found in its buffer many times over: the
        one that does may be right behind it, and only where none comes has the camera another key.
        """
        self._unfit.clear()
        key = self._key
        role = Role.NONE if key is None else key.role
        nonce = secrets.token_bytes(NONCE_BYTES)
        name = "" if key is None else key.client
        hello = Hello(PROTOCOL_VERSION, PROTOCOL_VERSION, role, MOST_PAYLOAD_BYTES, nonce, name)
        packet = hello.packet(seq=0, flags=PacketFlags.ACK_REQ)
        said_s = -self._patience.hello_s
        while time.monotonic() < deadline_s and not is_over():
            if time.monotonic() >= said_s + self._patience.hello_s:
                if self._unfit:
                    break
                said_s = time.monotonic()
                self._connection.send(packet)
            for answer in self._connection.packets(_SLICE_S):
                verdict = self._heard_one(answer, hello)
                if verdict is not None:
                    return verdict
        self._refusals += self._unfit[-1:]
        return False

    def _heard_one(self, packet: Packet, hello: Hello) -> bool | None:
        """Whether a packet begins the session (True) or refuses it (False); None where it is neither."""
        if packet.type in FRAME_TYPES:
            self._statistics.count("stale_session")
            return None
        if packet.type in (PacketType.HEARTBEAT, PacketType.EVENT):
            return None
        if packet.seq != 0 or packet.type not in (PacketType.HELLO_ACK, PacketType.NACK):
            self._statistics.count("stray")
            return None
        try:
            message = message_of(packet)
        except MessageError:
            self._statistics.count("malformed")
            return None
        if isinstance(message, HelloAck):
            return self._acknowledged(hello, message)
        assert isinstance(message, Nack)
        self._refusals.append(self._nacked(message))
        return False

    def _acknowledged(self, hello: Hello, ack: HelloAck) -> bool | None:
        key = self._key
        if key is None:
            self._connection.begin(ack, None)
            return True
        try:
            session = Session(key.root, hello, ack, "host")
        except SessionError:
            self._statistics.count("auth")
            self._unfit.append(KeyRefused(self._key_trouble(key, ack)))
            return None
        except ValueError as error:
            self._statistics.count("malformed")
            self._refusals.append(KeyRefused(f"link = {self._connection.name}: {error}"))
            return False
        if (key.device and ack.device != key.device) or (key.role is Role.CLIENT and ack.epoch != key.epoch):
            session.wipe()
            self._refusals.append(KeyRefused(self._key_trouble(key, ack)))
            return False
        self._connection.begin(ack, session)
        self._statistics.count("sessions")
        return True

    def _key_trouble(self, key: LinkKey, ack: HelloAck) -> str:
        link = f"link = {self._connection.name}"
        if key.device and ack.device != key.device:
            return f"{link}: the camera is {ack.device!r}; allowed is {key.device!r}, whose key this is"
        if key.role is Role.OWNER:
            return f"{link}: camera {ack.device!r} has another provisioning secret; allowed is the one that it was made with"
        if ack.epoch != key.epoch:
            return f"epoch = {key.epoch}: camera {ack.device!r} is in epoch {ack.epoch}; allowed is that epoch's key"
        return f"{link}: camera {ack.device!r} has another key of epoch {ack.epoch}; allowed is the client's key of that epoch"

    def _nacked(self, nack: Nack) -> LinkFailure:
        link, client = f"link = {self._connection.name}", "" if self._key is None else self._key.client
        if nack.status is Status.NO_KEY:
            return KeyRefused(f"{link}: the camera has no key; allowed is to provision one as its owner first")
        if nack.status is Status.WRONG_CLIENT:
            return KeyRefused(f"client = {client!r}: the camera's key is another client's; allowed is the client that it is for")
        text = f"{link}: the camera refused HELLO with {nack.status.name} ({nack.status.meaning})"
        return CameraRefused(f"{text}; allowed is protocol version {PROTOCOL_VERSION}", nack.status, nack.where)

    def _silent(self, before: dict[str, int]) -> CameraSilent:
        now = self._statistics.outcomes | self._statistics.faults
        came = {cause: now.get(cause, 0) - before.get(cause, 0) for cause in ("bytes", "packets", *PACKET_ERROR_CAUSES)}
        link = f"link = {self._connection.name}: no camera answered for {self._patience.hunt_s:g} s"
        if not came["bytes"]:
            return CameraSilent(f"{link}, and nothing came; allowed is a camera that is switched on and connected")
        damaged = ", ".join(f"{cause} {times}" for cause, times in came.items() if times and cause in PACKET_ERROR_CAUSES)
        if came["packets"] > sum(came[cause] for cause in PACKET_ERROR_CAUSES):
            return CameraSilent(f"{link}, though {came['packets']} packets came; allowed is a camera that serves this host")
        shown = f"{came['bytes']} bytes, {came['packets']} packets" + (f", damaged: {damaged}" if damaged else "")
        return CameraSilent(f"{link}; what came was no packets ({shown}); allowed is a camera at the same baud: check it")
