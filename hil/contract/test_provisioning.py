"""Keys into slots: every step and its refusals, and after a power cut at any step the old key or the new one."""

from collections.abc import Iterator

import pytest

from hil.board import Board
from hil.contract.statuses import status_of
from hil.contract.test_key_epochs import counters_of, fresh_key, give
from hil.wire import Wire
from link.host import CommandLost, LinkKey, erase, provision
from link.messages import (
    Ack,
    KeyBegin,
    KeyCheck,
    KeyCheckReply,
    KeyChunk,
    KeyCommit,
    KeyErase,
    KeyState,
    KeyStateReply,
    Nack,
    Slot,
    SlotState,
    WrapForm,
)
from link.status import Status

pytestmark = [pytest.mark.hil_feature("client", "owner", "quiet-line"), pytest.mark.hil_destructive]
STEPS_OF_A_WRITE = 5
"""What the flash does for one record (docs/camera.md): old remains away, new record, to the disk, in its place, folder."""


@pytest.fixture
def owner(board: Board, link: Wire) -> Iterator[Wire]:
    """The link in an owner's session; the client's key is put back afterwards."""
    link.hello(key=board.keys.owner)
    yield link
    link.close()
    board.clear_faults()
    board.restore_key()


def slots(link: Wire) -> dict[Slot, KeyStateReply]:
    replies = [link.command(KeyState(slot)) for slot in (Slot.A, Slot.B)]
    return {reply.slot: reply for reply in replies if isinstance(reply, KeyStateReply)}


def active(link: Wire) -> Slot:
    return next(slot for slot, held in slots(link).items() if held.state is SlotState.ACTIVE)


def other(link: Wire) -> Slot:
    return Slot.B if active(link) is Slot.A else Slot.A


def begun(link: Wire, key: LinkKey, slot: Slot, **said: object) -> bytes:
    """Say KEY_BEGIN; the wrapped key that belongs to it."""
    fields = {
        "slot": slot,
        "form": WrapForm.SESSION,
        "wrapped_bytes": 48,
        "epoch": key.epoch,
        "check": key.check,
        "client": key.client,
    }
    begin = KeyBegin(**{**fields, **said})  # type: ignore[arg-type]
    packet = link.packet(begin)
    answer = link.answer(packet)
    assert answer is not None and link.opened(answer) == Ack()
    assert link.session is not None
    return link.session.wrap_key(key.root, begin, packet.seq)


def test_a_key_goes_in_step_by_step_and_is_in_use(board: Board, owner: Wire) -> None:
    key, slot, before = fresh_key(board), other(owner), active(owner)
    wrapped = begun(owner, key, slot)
    for offset in (32, 0, 16, 0):  # in any sequence, and again
        assert owner.command(KeyChunk(offset, wrapped[offset : offset + 16])) == Ack()
    assert owner.command(KeyCheck()) == KeyCheckReply(key.check)
    assert slots(owner)[slot].check != key.check, "before the commit nothing is written"
    assert owner.command(KeyCommit(slot, key.check)) == Ack()
    owner.hello(key=board.keys.owner)
    held = slots(owner)
    assert (held[slot].state, held[slot].epoch, held[slot].check, held[slot].client) == (
        SlotState.ACTIVE, key.epoch, key.check, key.client,
    )  # fmt: skip
    assert held[before].state is SlotState.VALID
    owner.close()
    assert counters_of(board, key, 1) == [0]


def test_the_slot_in_use_is_neither_written_nor_erased(board: Board, owner: Wire) -> None:
    key, slot = fresh_key(board), active(owner)
    before = slots(owner)
    begin = KeyBegin(slot, WrapForm.SESSION, 48, key.epoch, key.check, key.client)
    assert status_of(owner.command(begin)) is Status.KEY_SLOT_ACTIVE
    assert status_of(owner.command(KeyErase(slot))) is Status.KEY_SLOT_ACTIVE
    assert slots(owner) == before


@pytest.mark.parametrize("message", [KeyChunk(0, bytes(16)), KeyCheck(), KeyCommit(Slot.A, bytes(8))], ids=lambda m: m.TYPE.name)
def test_nothing_comes_before_key_begin(owner: Wire, message: KeyChunk | KeyCheck | KeyCommit) -> None:
    assert status_of(owner.command(message)) is Status.KEY_NOT_BEGUN


def test_what_is_missing_damaged_or_another_key_is_refused_and_writes_nothing(board: Board, owner: Wire) -> None:
    key, slot, before = fresh_key(board), other(owner), slots(owner)
    wrapped = begun(owner, key, slot)
    owner.command(KeyChunk(0, wrapped[:16]))
    for message in (KeyCheck(), KeyCommit(slot, key.check)):
        assert status_of(owner.command(message)) is Status.KEY_INCOMPLETE
    owner.command(KeyChunk(16, wrapped[16:47] + bytes([wrapped[47] ^ 1])))
    for message in (KeyCheck(), KeyCommit(slot, key.check)):
        assert status_of(owner.command(message)) is Status.KEY_DAMAGED
    wrapped = begun(owner, key, slot, check=bytes(8))
    owner.command(KeyChunk(0, wrapped))
    assert status_of(owner.command(KeyCheck())) is Status.KEY_CHECK_WRONG
    assert status_of(owner.command(KeyCommit(slot, key.check))) is Status.KEY_CHECK_WRONG
    assert slots(owner) == before


def test_a_wrapped_key_is_good_for_its_own_session_only(board: Board, owner: Wire) -> None:
    key, slot = fresh_key(board), other(owner)
    wrapped = begun(owner, key, slot)
    owner.hello(key=board.keys.owner)
    begun(owner, key, slot)
    owner.command(KeyChunk(0, wrapped))
    assert status_of(owner.command(KeyCheck())) is Status.KEY_DAMAGED


@pytest.mark.parametrize("chunk", [KeyChunk(47, bytes(1)), KeyChunk(0, bytes(48))], ids=["last", "all"])
def test_a_chunk_may_have_any_size(board: Board, owner: Wire, chunk: KeyChunk) -> None:
    begun(owner, fresh_key(board), other(owner))
    assert owner.command(chunk) == Ack()


def test_a_commit_that_is_sent_again_is_done_once(board: Board, owner: Wire) -> None:
    key, slot = fresh_key(board), other(owner)
    owner.command(KeyChunk(0, begun(owner, key, slot)))
    packet = owner.packet(KeyCommit(slot, key.check))
    first = owner.answer(packet)
    assert first is not None and owner.opened(first) == Ack()
    again = owner.answer(packet, tries=1)  # the session is over by then: a repeated answer, or a refusal in clear
    assert again is None or again == first or isinstance(owner.opened(again), Nack)
    owner.hello(key=board.keys.owner)
    assert active(owner) is slot


def test_no_key_is_committed_while_frames_are_streaming(board: Board, owner: Wire) -> None:
    key, slot = fresh_key(board), other(owner)
    owner.command(KeyChunk(0, begun(owner, key, slot)))
    owner.set(settings_apply=1, stream_enable="on")
    assert status_of(owner.command(KeyCommit(slot, key.check))) is Status.WRONG_STATE
    owner.set(stream_enable="off")
    assert owner.command(KeyCommit(slot, key.check)) == Ack()


def test_another_key_leads_to_idle(board: Board, owner: Wire) -> None:
    key, slot = fresh_key(board), other(owner)
    owner.set(settings_apply=1)
    assert owner.read("state") == "configured"
    owner.command(KeyChunk(0, begun(owner, key, slot)))
    assert owner.command(KeyCommit(slot, key.check)) == Ack()
    assert (owner.read("state"), owner.read("session")) == ("idle", 0)


def test_an_erased_slot_is_empty(board: Board, owner: Wire) -> None:
    owner.close()
    give(board, fresh_key(board))
    assert board.keys.owner is not None
    with board.session(board.keys.owner) as link:
        held = {reply.slot: reply.state for reply in link.slots()}
        left = next(slot for slot, state in held.items() if state is not SlotState.ACTIVE)
        erase(link, left)
        (reply,) = (each for each in link.slots() if each.slot is left)
    assert reply == KeyStateReply(left, SlotState.EMPTY, 0, bytes(8), "")


@pytest.mark.hil_feature("power")
@pytest.mark.parametrize("step", range(STEPS_OF_A_WRITE + 1))
def test_a_brown_out_at_a_step_of_the_commit_leaves_the_old_key_or_the_new_one(board: Board, owner: Wire, step: int) -> None:
    key, slot = fresh_key(board), other(owner)
    old = slots(owner)[active(owner)]
    happened = board.happened("brown_out")
    owner.command(KeyChunk(0, begun(owner, key, slot)))
    assert owner.command(KeyCheck()) == KeyCheckReply(key.check)
    board.inject("brown_out", step)
    packet = owner.packet(KeyCommit(slot, key.check))
    answer = owner.answer(packet, tries=2)
    owner.hello(key=board.keys.owner)
    held = slots(owner)
    cut = board.happened("brown_out") - happened
    board.clear_faults()
    now = next(each for each in held.values() if each.state is SlotState.ACTIVE)
    is_old, is_new = (now.epoch, now.check) == (old.epoch, old.check), (now.epoch, now.check) == (key.epoch, key.check)
    assert is_old or is_new
    assert SlotState.CORRUPT not in {each.state for each in held.values()}
    if step < STEPS_OF_A_WRITE:
        assert cut == 1, "the power went in the middle of the commit"
        assert owner.read("reset_cause") == "brown_out"
        # The record is in its place once the fourth step is done: it is there or it is not.
        assert is_new == (step == STEPS_OF_A_WRITE - 1)
    else:
        assert answer is not None and is_new
    owner.close()
    given = LinkKey.of_client(key.root, device=key.device, client=key.client, epoch=key.epoch)
    give(board, given)  # whichever it was, the same key can be given again
    assert counters_of(board, given, 1) == [0]


@pytest.mark.hil_feature("power")
@pytest.mark.parametrize("after", [0, 2, 4, 7, 9])
def test_the_host_provisions_through_power_cuts_by_itself(board: Board, after: int) -> None:
    key = fresh_key(board)
    assert board.keys.owner is not None
    try:
        board.inject("brown_out", after)
        with board.session(board.keys.owner) as owner:
            for _ in range(3):
                try:
                    slot = provision(owner, key)
                    break
                except CommandLost:
                    continue
            assert {reply.slot: reply.state for reply in owner.slots()}[slot] is SlotState.ACTIVE
        board.clear_faults()
        assert counters_of(board, key, 1) == [0]
    finally:
        board.clear_faults()
        board.restore_key()


def test_check_values_say_nothing_but_which_key_it_is(board: Board) -> None:
    """The same secret for another client, epoch or device has another check value."""
    key = fresh_key(board)
    values = {key.check}
    for device, client, epoch in (
        (key.device, key.client, key.epoch + 1),
        (key.device, "b", key.epoch),
        ("b", key.client, key.epoch),
    ):
        values.add(LinkKey.of_client(key.root, device=device, client=client, epoch=epoch).check)
    assert len(values) == 4
