"""Who may speak to the device: sessions that begin and end, sealed commands done once, strangers who change nothing."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_model.device import Device
from link.messages import (
    Ack,
    DeviceState,
    Heartbeat,
    Hello,
    HelloAck,
    Nack,
    Read,
    ReadReply,
    Role,
    Slot,
    Write,
    message_of,
)
from link.packet import Packet, PacketFlags, PacketType
from link.registers import BY_NAME
from link.session import Session
from link.status import Status
from tests.scripted_host import DEVICE, PROVISIONING, SECRET, ScriptedHost, body_in


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    body = body_in(tmp_path)
    device = Device(body)
    yield device
    device.close()
    body.flash.close()


@pytest.fixture
def host(device: Device) -> ScriptedHost:
    host = ScriptedHost(device)
    host.give_key()
    return host


def status(answer: object) -> Status:
    assert isinstance(answer, Nack), answer
    return answer.status


def counted(device: Device) -> dict[str, int]:
    return {name: count for name, count in device.boot.statistics.as_dict().items() if count}


def test_a_hello_without_a_role_is_answered_and_begins_nothing(device: Device) -> None:
    host = ScriptedHost(device)
    ack = host.hello(Role.NONE)
    assert isinstance(ack, HelloAck)
    assert (ack.session, ack.device, ack.slot, ack.boot_counter, ack.proof) == (0, DEVICE, Slot.NEITHER, 1, bytes(16))
    assert ack.boot_id == host.read("boot_id")
    assert device.boot.sessions.pending is None


def test_a_camera_without_a_key_gives_its_owner_a_session_and_no_client(device: Device) -> None:
    host = ScriptedHost(device)
    assert status(host.hello()) is Status.NO_KEY
    assert isinstance(host.hello(Role.OWNER, PROVISIONING), HelloAck)
    assert status(host.write("settings_apply", 1)) is Status.NO_KEY


def test_the_answer_names_the_key_in_use_and_proves_it(host: ScriptedHost) -> None:
    ack = host.hello()
    assert (ack.slot, ack.epoch, ack.check) == (Slot.A, 1, host.read("key_a_check"))
    assert status(host.hello(client="lab")) is Status.WRONG_CLIENT
    assert status(host.hello(lowest_version=2, highest_version=9)) is Status.UNSUPPORTED_VERSION
    assert host.hello(highest_version=9).version == 1


def test_writes_need_a_session_and_reads_do_not(host: ScriptedHost) -> None:
    register = BY_NAME["exposure_s"]
    write = Write(register.address, register.encode(0.01))
    assert status(host.command(write, sealed=False)) is Status.NEEDS_SESSION
    host.hello()
    assert isinstance(host.command(write), Ack)
    assert host.read("exposure_s") == host.read("exposure_s", sealed=True) == 0.01


def test_a_client_touches_no_key_slot(host: ScriptedHost) -> None:
    host.hello()
    assert status(host.command(host.key_begin(Slot.B, "host", 2, bytes(32)))) is Status.DENIED
    assert host.read("refused_session") == 1


def test_the_very_command_again_is_answered_again_and_done_once(host: ScriptedHost) -> None:
    host.hello()
    register = BY_NAME["exposure_s"]
    packet = host.packet(Write(register.address, register.encode(0.02)))
    first = host.send(packet)
    host.write("exposure_s", 0.03)
    before = host.device.boot.statistics["commands_done"]
    assert host.send(packet) == first
    assert host.read("exposure_s") == 0.03
    assert host.device.boot.statistics["commands_repeated"] == 1
    assert host.device.boot.statistics["commands_done"] == before + 1  # the read


def test_an_old_seq_with_other_bytes_is_stale_and_a_forged_command_fails(host: ScriptedHost) -> None:
    host.hello()
    before = host.packet(Read(BY_NAME["state"].address, 4))
    host.write("exposure_s", 0.02)
    assert status(host.opened(host.send(before))) is Status.STALE_SEQ
    forged = host.packet(Read(BY_NAME["state"].address, 4))
    forged = replace(forged, payload=bytes(len(forged.payload)))
    assert host.opened(host.send(forged)) == Nack(Status.AUTH_FAILED, 0)
    # The forged seq was not used up.
    assert isinstance(host.write("exposure_s", 0.04), Ack)
    assert (host.read("refused_stale"), host.read("refused_auth")) == (1, 1)


def test_a_sealed_command_without_any_session_says_so(host: ScriptedHost) -> None:
    host.hello()
    host.write("exposure_s", 0.02)
    packet = host.packet(Read(BY_NAME["state"].address, 4))
    host.device.boot.end_session("test")
    assert status(host.opened(host.send(packet))) is Status.NEEDS_SESSION


def test_a_strangers_hello_ends_no_session_and_the_next_session_ends_the_one_before(host: ScriptedHost) -> None:
    host.hello()
    host.write("exposure_s", 0.02)
    mine, kept = host.session, host.device.boot.sessions.current.keys
    stranger = ScriptedHost(host.device)
    stranger.hello()
    host.device.connect(host._take)
    assert isinstance(host.write("exposure_s", 0.03), Ack)
    assert host.session is mine
    host.device.connect(stranger._take)
    assert isinstance(stranger.write("exposure_s", 0.05), Ack)
    with pytest.raises(RuntimeError, match="has ended"):  # its keys are wiped
        kept.open(host.packet(Read(BY_NAME["state"].address, 4)))
    host.device.connect(host._take)
    assert status(host.write("exposure_s", 0.06)) is Status.AUTH_FAILED
    assert host.read("exposure_s") == 0.05
    assert host.read("session") == stranger.ack.session > host.ack.session


def test_the_same_hello_gets_the_same_answer_until_its_session_is_used(host: ScriptedHost) -> None:
    hello = Hello(1, 1, Role.CLIENT, 4096, bytes(16), "host")
    packet = hello.packet(flags=PacketFlags.ACK_REQ)
    first = host.send(packet)
    assert host.send(packet) == first
    session = Session(SECRET, hello, message_of(first), "host")
    sealed = session.seal(Read(BY_NAME["state"].address, 4).packet(seq=1, flags=PacketFlags.ACK_REQ))
    assert isinstance(message_of(session.open(host.send(sealed))), ReadReply)
    assert message_of(host.send(packet)).session == message_of(first).session + 1
    # And that replay ended nothing.
    sealed = session.seal(Read(BY_NAME["state"].address, 4).packet(seq=2, flags=PacketFlags.ACK_REQ))
    assert isinstance(message_of(session.open(host.send(sealed))), ReadReply)


def test_no_two_sessions_have_one_number_nonce_or_frame_id(host: ScriptedHost) -> None:
    acks = [host.hello() for _ in range(20)]
    for field in ("session", "device_nonce", "first_frame_id", "proof"):
        assert len({getattr(ack, field) for ack in acks}) == 20


def test_a_session_ends_by_silence_and_not_before(host: ScriptedHost) -> None:
    host.hello()
    host.write("heartbeat_timeout_ms", 200)
    end_s = time.monotonic() + 0.5
    while time.monotonic() < end_s:
        host.heartbeat()
        host.device.work()
        time.sleep(0.01)
    assert host.read("session") == host.ack.session
    time.sleep(0.25)
    host.device.work()
    assert host.read("session") == 0
    assert host.read("heartbeats_lost") == 1


def test_nothing_of_a_session_outlives_it(host: ScriptedHost) -> None:
    host.hello(Role.OWNER, PROVISIONING)
    host.write_all(test_pattern="ramp", settings_apply=1)
    host.credit(1 << 40)
    host.write_all(stream_enable="on")
    host.run(lambda: host.read("frames_sent") >= 1)
    host.write_all(stream_enable="off")
    host.send(host.packet(host.key_begin(Slot.B, "host", 2, bytes(32))))
    boot = host.device.boot
    frame_id = [each.frame_id for each in host.heard if each.type == PacketType.FRAME_END][-1]
    assert boot.stream.store.sent(frame_id) is not None
    boot.end_session("test")
    assert boot.stream.store.sent(frame_id) is None
    assert boot.commands.provisioning._begin is None
    assert boot.sessions.current is None


def test_a_heartbeat_is_answered_and_a_foreign_one_keeps_no_session_alive(host: ScriptedHost) -> None:
    host.hello()
    host.write("heartbeat_timeout_ms", 100)
    before = len(host.said(Heartbeat))
    end_s = time.monotonic() + 0.2
    while time.monotonic() < end_s:
        host.send(Heartbeat(host.ack.boot_id + 1 & 2**64 - 1, host.ack.session, 0, DeviceState.RESET).packet(seq=9))
        time.sleep(0.01)
    beats = host.said(Heartbeat)[before:]
    assert beats
    assert {beat.boot_id for beat in beats} == {host.ack.boot_id}
    assert {beat.state for beat in beats} == {DeviceState.IDLE}
    host.device.work()
    assert host.read("session") == 0


def test_what_is_no_command_of_a_host_is_refused_or_ignored(host: ScriptedHost) -> None:
    host.hello()
    for kind in (0x7E, PacketType.HELLO_ACK, PacketType.DATA, PacketType.READ_REPLY):
        asked = Packet(kind, b"", flags=PacketFlags.ACK_REQ, seq=77)
        assert status(host.opened(host.send(asked))) is Status.NOT_IMPLEMENTED
        assert host.send(replace(asked, flags=0, seq=78)) is None
    for payload in (b"", bytes(200)):
        broken = Packet(PacketType.READ, payload, flags=PacketFlags.ACK_REQ, seq=79)
        assert status(host.opened(host.send(broken))) is Status.MALFORMED
    assert status(host.opened(host.send(Packet(PacketType.HELLO, b"x", flags=PacketFlags.ACK_REQ)))) is Status.MALFORMED
    for kind in (PacketType.CREDIT, PacketType.RESEND, PacketType.HEARTBEAT):
        assert host.send(Packet(kind, b"\0", seq=80)) is None
    assert host.read("refused_malformed") == 4 + 3 + 3


def test_damage_is_counted_by_cause_and_answered_by_nothing(host: ScriptedHost) -> None:
    host.hello()
    before = len(host.heard)
    host.device.hear(b"\0\2\2\0" + b"\0\3ab\0" + b"\0" + bytes([1] * 30) + b"\0" + b"x" * 9000 + b"\0")
    assert len(host.heard) == before
    counts = counted(host.device)
    assert sum(counts.get(f"received_{cause}", 0) for cause in ("crc", "cobs", "short", "length", "version", "oversized")) == 4
    assert counts["received_oversized"] == 1
    assert isinstance(host.write("exposure_s", 0.02), Ack)


def test_no_secret_is_printed_with_a_session(host: ScriptedHost) -> None:
    host.hello()
    host.write("exposure_s", 0.02)
    shown = repr(host.device.boot.sessions.current) + repr(host.device._body.fuses)
    assert SECRET.hex() not in shown
    assert repr(SECRET)[2:20] not in shown
    assert repr(PROVISIONING)[2:20] not in shown
