"""Keys come into the device by steps, and whatever breaks at any of them leaves the old key in use or the new one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adc import CounterStore
from firmware_model.device import Device
from firmware_model.device_faults import DeviceFault
from link.messages import (
    Ack,
    EventCode,
    Hello,
    HelloAck,
    KeyCheck,
    KeyCheckReply,
    KeyChunk,
    KeyCommit,
    KeyErase,
    Nack,
    Role,
    Slot,
)
from link.status import Status
from tests.scripted_host import DEVICE, PROVISIONING, SECRET, ScriptedHost, body_in

NEW = bytes([9] * 32)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[ScriptedHost]:
    body = body_in(tmp_path)
    device = Device(body)
    host = ScriptedHost(device)
    host.give_key()
    host.hello(Role.OWNER, PROVISIONING)
    yield host
    device.close()
    body.flash.close()


def status(answer: object) -> Status:
    assert isinstance(answer, Nack), answer
    return answer.status


def test_a_key_goes_into_the_free_slot_and_is_in_use_then(owner: ScriptedHost) -> None:
    assert isinstance(owner.provision(Slot.B, epoch=2, secret=NEW), Ack)
    assert (owner.read("active_slot"), owner.read("key_a_state"), owner.read("key_b_state")) == ("b", "valid", "active")
    assert owner.read("key_b_epoch") == 2
    # The session ended after its ACK, and the new key is the root of the client's next one.
    assert owner.read("session") == 0
    assert isinstance(owner.hello(root=NEW), HelloAck)


def test_the_check_value_is_computed_by_the_device_before_anything_is_written(owner: ScriptedHost) -> None:
    begin = owner.key_begin(Slot.B, "host", 2, NEW)
    packet = owner.packet(begin)
    owner.send(packet)
    wrapped = owner.session.wrap_key(NEW, begin, packet.seq)
    assert status(owner.command(KeyCheck())) is Status.KEY_INCOMPLETE
    owner.command(KeyChunk(0, wrapped[:47]))
    assert status(owner.command(KeyCommit(Slot.B, begin.check))) is Status.KEY_INCOMPLETE
    owner.command(KeyChunk(10, wrapped[10:]))
    assert owner.command(KeyCheck()) == KeyCheckReply(begin.check)
    assert owner.read("key_b_state") == "empty"
    assert status(owner.command(KeyCommit(Slot.A, begin.check))) is Status.KEY_CHECK_WRONG
    assert status(owner.command(KeyCommit(Slot.B, bytes(8)))) is Status.KEY_CHECK_WRONG
    assert isinstance(owner.command(KeyCommit(Slot.B, begin.check)), Ack)
    assert owner.read("key_b_state") == "active"


def test_a_key_that_was_damaged_or_is_another_than_announced_is_not_written(owner: ScriptedHost) -> None:
    begin = owner.key_begin(Slot.B, "host", 2, NEW)
    packet = owner.packet(begin)
    owner.send(packet)
    wrapped = bytearray(owner.session.wrap_key(NEW, begin, packet.seq))
    wrapped[5] ^= 1
    owner.command(KeyChunk(0, bytes(wrapped)))
    assert status(owner.command(KeyCheck())) is Status.KEY_DAMAGED
    packet = owner.packet(begin)
    owner.send(packet)
    owner.command(KeyChunk(0, owner.session.wrap_key(bytes(32), begin, packet.seq)))
    assert status(owner.command(KeyCheck())) is Status.KEY_CHECK_WRONG
    assert status(owner.command(KeyCommit(Slot.B, begin.check))) is Status.KEY_CHECK_WRONG
    assert owner.read("key_b_state") == "empty"


def test_steps_out_of_turn_are_refused(owner: ScriptedHost) -> None:
    assert status(owner.command(KeyChunk(0, b"x"))) is Status.KEY_NOT_BEGUN
    assert status(owner.command(KeyCheck())) is Status.KEY_NOT_BEGUN
    assert status(owner.command(KeyCommit(Slot.B, bytes(8)))) is Status.KEY_NOT_BEGUN
    assert status(owner.provision(Slot.A, epoch=2)) is Status.KEY_SLOT_ACTIVE
    assert status(owner.command(KeyErase(Slot.A))) is Status.KEY_SLOT_ACTIVE
    assert status(owner.provision(Slot.B, epoch=0)) is Status.KEY_EPOCH_OLD
    assert status(owner.provision(Slot.B, epoch=1, secret=NEW)) is Status.KEY_EPOCH_OLD
    # What one session began is nothing to the next.
    owner.send(owner.packet(owner.key_begin(Slot.B, "host", 2, NEW)))
    owner.hello(Role.OWNER, PROVISIONING)
    assert status(owner.command(KeyCheck())) is Status.KEY_NOT_BEGUN


def test_a_session_that_was_begun_with_the_key_before_comes_to_nothing(owner: ScriptedHost) -> None:
    owner.read("state", sealed=True)  # the owner's session is in use before the client begins one
    client = ScriptedHost(owner.device)
    client.hello()
    owner.device.connect(owner._take)
    assert isinstance(owner.provision(Slot.B, epoch=2, secret=NEW), Ack)
    owner.device.connect(client._take)
    assert status(client.write("exposure_s", 0.01)) is Status.NEEDS_SESSION
    assert isinstance(client.hello(root=NEW), HelloAck)


def test_another_client_takes_over_and_the_first_is_erased(owner: ScriptedHost) -> None:
    assert isinstance(owner.provision(Slot.B, client="lab", epoch=0, secret=NEW), Ack)
    assert status(owner.hello()) is Status.WRONG_CLIENT
    owner.hello(Role.OWNER, PROVISIONING)
    assert isinstance(owner.command(KeyErase(Slot.A)), Ack)
    assert owner.read("key_a_state") == "empty"
    assert isinstance(owner.hello(root=NEW, client="lab"), HelloAck)


def test_the_same_key_again_is_taken_and_its_counters_go_on(owner: ScriptedHost) -> None:
    owner.provision(Slot.B, client="lab", epoch=0, secret=NEW)
    owner.hello(Role.OWNER, PROVISIONING)
    assert isinstance(owner.provision(Slot.A, epoch=1, secret=SECRET), Ack)
    owner.hello()
    first = {frame.header.counter for frame in owner.stream(2, test_pattern="ramp")}
    owner.hello(Role.OWNER, PROVISIONING)
    owner.provision(Slot.B, client="lab", epoch=0, secret=NEW)
    owner.hello(Role.OWNER, PROVISIONING)
    owner.provision(Slot.A, epoch=1, secret=SECRET)
    owner.hello()
    again = {frame.header.counter for frame in owner.stream(2, test_pattern="ramp")}
    assert max(first) < min(again)


def test_a_commit_waits_until_no_frames_stream(owner: ScriptedHost) -> None:
    owner.write_all(settings_apply=1, stream_enable="on")
    assert status(owner.provision(Slot.B, epoch=2, secret=NEW)) is Status.WRONG_STATE
    owner.write_all(stream_enable="off")
    assert isinstance(owner.provision(Slot.B, epoch=2, secret=NEW), Ack)
    assert owner.read("state") == "idle"


def test_worn_flash_is_answered_told_and_harmless(owner: ScriptedHost) -> None:
    faults = owner.device._body.faults
    faults.inject(DeviceFault("worn_flash"))
    assert status(owner.provision(Slot.B, epoch=2, secret=NEW)) is Status.FLASH_FAILED
    assert (owner.read("key_writes_failed"), owner.read("active_slot"), owner.read("key_b_state")) == (1, "a", "empty")
    assert owner.events(EventCode.FLASH_WORN)
    faults.clear()
    assert isinstance(owner.provision(Slot.B, epoch=2, secret=NEW), Ack)


def test_a_brown_out_at_any_step_of_a_commit_leaves_one_key_and_can_be_repeated(tmp_path: Path) -> None:
    survivors = []
    for step in range(40):
        folder = tmp_path / str(step)
        folder.mkdir()
        body = body_in(folder)
        device = Device(body)
        host = ScriptedHost(device)
        host.give_key()
        host.hello(Role.OWNER, PROVISIONING)
        # Everything up to the commit is in memory only: the flash has its steps in KEY_COMMIT alone.
        body.faults.inject(DeviceFault("brown_out", after=step))
        begin = host.key_begin(Slot.B, "host", 2, NEW)
        packet = host.packet(begin)
        host.send(packet)
        host.command(KeyChunk(0, host.session.wrap_key(NEW, begin, packet.seq)))
        answer = host.send(host.packet(KeyCommit(Slot.B, begin.check)))
        cut = bool(body.faults.happened["brown_out"])
        assert (answer is None) is cut
        body.faults.clear()
        ack = host.hello(Role.NONE)
        assert (ack.slot, ack.check) in ((Slot.A, host.key_begin(Slot.A, "host", 1, SECRET).check), (Slot.B, begin.check))
        assert "corrupt" not in (host.read("key_a_state"), host.read("key_b_state"))
        assert ack.boot_counter == 1 + cut
        survivors.append(ack.epoch)
        if cut:
            assert host.read("reset_cause") == "brown_out"
            if ack.epoch == 1:
                host.give_key(slot=Slot.B, epoch=2, secret=NEW)
                assert host.read("key_b_state") == "active"
        device.close()
        body.flash.close()
        if not cut:
            break
    assert len(survivors) == 6
    assert set(survivors) == {1, 2}


def test_a_power_cut_between_any_two_steps_forgets_what_was_not_committed(owner: ScriptedHost) -> None:
    begin = owner.key_begin(Slot.B, "host", 2, NEW)
    for chunks in range(3):
        owner.hello(Role.OWNER, PROVISIONING)
        packet = owner.packet(begin)
        owner.send(packet)
        wrapped = owner.session.wrap_key(NEW, begin, packet.seq)
        for number in range(chunks):
            owner.command(KeyChunk(24 * number, wrapped[24 * number : 24 * number + 24]))
        owner.device._body.faults.inject(DeviceFault("reset"))
        owner.device.work()
        assert status(owner.command(KeyCommit(Slot.B, begin.check))) is Status.NEEDS_SESSION
        assert (owner.read("active_slot"), owner.read("key_b_state")) == ("a", "empty")


def test_a_corrupt_slot_in_use_gives_way_to_the_other_and_two_to_none(owner: ScriptedHost) -> None:
    owner.provision(Slot.B, epoch=2, secret=NEW)
    faults = owner.device._body.faults
    faults.inject(DeviceFault("corrupt_slot_b"))
    owner.device.work()
    owner.heard.clear()
    faults.inject(DeviceFault("reset"))
    owner.device.work()
    assert (owner.read("active_slot"), owner.read("key_b_state"), owner.read("key_fallbacks")) == ("a", "corrupt", 1)
    assert [event.value for event in owner.events(EventCode.KEY_SLOT_CORRUPT)] == [Slot.B]
    assert [event.value for event in owner.events(EventCode.KEY_FALLBACK)] == [Slot.A]
    assert isinstance(owner.hello(), HelloAck)
    faults.inject(DeviceFault("corrupt_slot_a"))
    owner.device.work()
    faults.inject(DeviceFault("reset"))
    owner.device.work()
    assert owner.read("active_slot") == "none"
    assert owner.events(EventCode.NO_KEY)
    assert status(owner.hello()) is Status.NO_KEY
    owner.hello(Role.OWNER, PROVISIONING)
    assert status(owner.write("settings_apply", 1)) is Status.NO_KEY
    # The owner can repair it.
    assert isinstance(owner.provision(Slot.A, epoch=3, secret=NEW), Ack)
    assert owner.read("active_slot") == "a"


def test_an_older_slot_that_is_corrupt_is_told_and_replaces_nothing(owner: ScriptedHost) -> None:
    owner.provision(Slot.B, epoch=2, secret=NEW)
    faults = owner.device._body.faults
    faults.inject(DeviceFault("corrupt_slot_a"))
    owner.device.work()
    owner.heard.clear()
    faults.inject(DeviceFault("reset"))
    owner.device.work()
    assert (owner.read("active_slot"), owner.read("key_fallbacks")) == ("b", 0)
    assert owner.events(EventCode.KEY_SLOT_CORRUPT)
    assert not owner.events(EventCode.KEY_FALLBACK)


def test_a_wrong_root_gets_no_command_through(owner: ScriptedHost) -> None:
    from link.session import Session

    hello = Hello(1, 1, Role.OWNER, 8192, bytes(16), "")
    ack = owner.hello(Role.OWNER, PROVISIONING, host_nonce=hello.host_nonce)
    with pytest.raises(ValueError, match="its key is another"):
        Session(bytes(32), hello, ack, "host")
    forger = Session(bytes(32), hello, replace(ack, proof=_proof(hello, ack)), "host")
    packet = forger.seal(KeyErase(Slot.B).packet(seq=1, flags=1))
    assert status(owner.opened(owner.send(packet))) is Status.AUTH_FAILED


def _proof(hello: Hello, ack: HelloAck) -> bytes:
    from link.session import Session

    return Session(bytes(32), hello, ack, "device").proof


def test_counters_that_another_holds_put_the_camera_into_fault_until_they_are_free(owner: ScriptedHost) -> None:
    body = owner.device._body
    with CounterStore(body.counter_path(owner.device.boot.slots.key(Slot.A))):
        assert status(owner.write("settings_apply", 1)) is Status.FAULT
        assert (owner.read("state"), owner.read("fault")) == ("fault", "counters_lost")
        assert status(owner.provision(Slot.B, epoch=2, secret=NEW)) is Status.FAULT
    owner.write_all(fault_clear=1, settings_apply=1)
    assert owner.read("state") == "configured"
    assert DEVICE in repr(owner.ack)
