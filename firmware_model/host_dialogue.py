"""What the host says, packet by packet, and what the device answers."""

import time

from firmware_model.boot import Boot
from firmware_model.device_session import DeviceSession
from link.messages import COMMANDS, Credit, DeviceState, Heartbeat, Hello, Message, MessageError, Nack, Resend, Role, message_of
from link.packet import DEFAULT_PAYLOAD_BYTES, Packet, PacketFlags, PacketType
from link.replies import CommandRefused
from link.status import Status


class HostDialogue:
    """Hears one host in one life of the firmware. Its methods raise DeviceReset and PowerCut where these come."""

    def __init__(self, boot: Boot) -> None:
        self._boot = boot

    def hear(self, packet: Packet) -> None:
        """Take one packet and answer it where it is to be answered."""
        self._boot.statistics.count("packets_received")
        if packet.type == PacketType.HELLO:
            self._hello(packet)
        elif packet.type in COMMANDS:
            self._sealed_command(packet) if packet.flags & PacketFlags.ENC else self._open_command(packet)
        elif packet.type not in (PacketType.HEARTBEAT, PacketType.CREDIT, PacketType.RESEND):
            if packet.flags & PacketFlags.ACK_REQ:
                self._boot.statistics.count("refused_malformed")
                self._reply(Nack(Status.NOT_IMPLEMENTED), packet)
        else:
            self._notice(packet)

    def _hello(self, packet: Packet) -> None:
        boot = self._boot
        try:
            hello = message_of(packet)
            assert isinstance(hello, Hello)
            root = self._root(hello)
            answer: Message = boot.sessions.answer(hello, boot.introduction(), root, time.monotonic())
        except MessageError as error:
            answer = boot.commands.refused(CommandRefused(Status.MALFORMED, str(error)), packet)
        except CommandRefused as refusal:
            answer = boot.commands.refused(refusal, packet)
        self._reply(answer, packet)

    def _root(self, hello: Hello) -> bytes | None:
        """The secret behind a session, or None where none is asked for. Raises CommandRefused."""
        boot = self._boot
        if hello.role is Role.NONE:
            return None
        if boot.boot_counter == 0:
            # Without a boot counter that rose, the keys of a session could be those of one before.
            raise CommandRefused(Status.FAULT, "boot_counter: it could not be raised, so there are no sessions")
        if hello.role is Role.OWNER:
            return boot.body.fuses.provisioning_secret
        active = boot.slots.active
        key = None if active is None else boot.slots.key(active)
        if key is None:
            raise CommandRefused(Status.NO_KEY, "key: neither slot has one; allowed is the role OWNER")
        if key.client != hello.client:
            raise CommandRefused(Status.WRONG_CLIENT, f"client = {hello.client!r}: the key in use is another client's")
        return key.secret

    def _open_command(self, packet: Packet) -> None:
        self._reply(self._boot.commands.answer(packet, None, self._payload_bytes(self._boot.sessions.current)), packet)
        self._boot.after_answer()

    def _sealed_command(self, packet: Packet) -> None:
        boot, sessions = self._boot, self._boot.sessions
        cached = sessions.repeated(packet)
        if cached is not None:
            boot.statistics.count("commands_repeated")
            sessions.current.heard_s = time.monotonic()  # type: ignore[union-attr]  # who has a cache is there
            boot.sender.send(cached)
            return
        try:
            opened = sessions.opened(packet, time.monotonic())
        except CommandRefused as refusal:
            self._reply(boot.commands.refused(refusal, packet), packet)
            return
        session = opened.session
        if opened.begins_session:
            boot.session_changed()
        message = boot.commands.answer(opened.packet, session, self._payload_bytes(session))
        reply = session.keys.seal(message.packet(seq=packet.seq))
        session.replies.keep(packet, reply)
        boot.sender.send(reply)
        boot.after_answer()

    def _notice(self, packet: Packet) -> None:
        """HEARTBEAT, CREDIT and RESEND, which are no commands: what does not fit is not answered."""
        try:
            message = message_of(packet)
        except MessageError:
            self._boot.statistics.count("refused_malformed")
            return
        if isinstance(message, Heartbeat):
            self._heartbeat(message)
        elif isinstance(message, Credit):
            session = self._boot.sessions.numbered(message.session)
            if session is not None:
                session.heard_s = time.monotonic()
                session.credit.raise_to(message.limit_bytes)
        elif isinstance(message, Resend):
            self._resend(message, packet)

    def _heartbeat(self, heartbeat: Heartbeat) -> None:
        boot = self._boot
        session = boot.sessions.numbered(heartbeat.session)
        if session is not None and heartbeat.boot_id == boot.boot_id:
            session.heard_s = time.monotonic()
        current = boot.sessions.current
        number = 0 if current is None else current.number
        boot.sender.tell(Heartbeat(boot.boot_id, number, boot.uptime_ns(), boot.states.state))

    def _resend(self, wanted: Resend, packet: Packet) -> None:
        boot = self._boot
        frame = boot.stream.store.sent(packet.frame_id)
        session = boot.sessions.current
        if frame is None or session is None or boot.states.state is DeviceState.FAULT:
            boot.statistics.count("resends_refused")
            self._reply(Nack(Status.NO_FRAME), packet)
            return
        session.heard_s = time.monotonic()
        payload_bytes = min(boot.stream.settings.payload_bytes, session.hello.payload_bytes)
        try:
            taken = boot.sender.resend(frame, wanted, payload_bytes)
        except ValueError:
            taken = False  # nobody answers for a range beyond the frame
        if not taken:
            boot.statistics.count("resends_refused")

    def _reply(self, message: Message, packet: Packet) -> None:
        self._boot.sender.send(
            message.packet(seq=packet.seq, frame_id=packet.frame_id if packet.type == PacketType.RESEND else 0)
        )

    @staticmethod
    def _payload_bytes(session: DeviceSession | None) -> int:
        return DEFAULT_PAYLOAD_BYTES if session is None else session.hello.payload_bytes
