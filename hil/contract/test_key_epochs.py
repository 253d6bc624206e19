"""Key epochs: frames of one epoch are read with its key and no other, and no counter of an epoch is used twice."""

import secrets
import time
from collections.abc import Iterator

import pytest

from hil.board import Board
from hil.board_keys import schedule_of
from inference.receiver import FrameRefused, Receiver
from keycam.link_receiver import LinkReceiver
from link.host import CameraLink, CameraRefused, KeyRefused, LinkKey, provision
from link.status import Status

pytestmark = [pytest.mark.hil_feature("client", "owner", "quiet-line"), pytest.mark.hil_destructive]
CLIENT = "hil-test"
"""The client of the keys that these tests bring: one for all, as a camera remembers every client that it ever had."""


def fresh_key(board: Board, epoch: int | None = None) -> LinkKey:
    """A key that the board never had, in an epoch above all those of earlier runs."""
    chosen = time.time_ns() // 1000 if epoch is None else epoch
    device = board.identity.device
    return LinkKey.of_client(secrets.token_bytes(32), device=device, client=CLIENT, epoch=chosen)


def give(board: Board, key: LinkKey) -> None:
    assert board.keys.owner is not None
    with board.session(board.keys.owner) as owner:
        provision(owner, key)


def counters_of(board: Board, key: LinkKey, count: int) -> list[int]:
    """The counters of so many frames, each verified with the key."""
    with board.session(key) as link:
        link.write("height", 32)
        link.write("width", 32)
        link.write("test_pattern", "ramp")
        receiver = LinkReceiver(schedule_of(key, str(link.read("readout_policy"))), link)
        counters = []
        for raw in link.frames(count):
            receiver.accept(raw).wipe()
            assert (raw.header.client, raw.header.epoch) == (key.client, key.epoch)
            counters.append(raw.header.counter)
    return counters


@pytest.fixture(autouse=True)
def _the_key_is_put_back(board: Board) -> Iterator[None]:
    yield
    board.restore_key()


def test_each_epoch_has_its_own_frames_and_its_own_counters(board: Board) -> None:
    first = fresh_key(board)
    second = fresh_key(board, first.epoch + 1)
    give(board, first)
    begun = counters_of(board, first, 3)
    assert begun == [0, 1, 2]
    again = counters_of(board, first, 2)
    assert again[0] > begun[-1], "a counter came twice under one key"
    give(board, second)
    assert counters_of(board, second, 2)[0] == 0


def test_the_key_of_another_epoch_opens_no_session_and_reads_no_frame(board: Board) -> None:
    old = fresh_key(board)
    new = fresh_key(board, old.epoch + 1)
    give(board, old)
    with board.session(old) as link:
        (kept,) = list(link.frames(1))
        policy = str(link.read("readout_policy"))
    give(board, new)
    with pytest.raises(KeyRefused), CameraLink(board.connect, old, patience=board.patience):
        pass
    for wrong, cause in ((schedule_of(new, policy), "epoch"), (schedule_of(fresh_key(board, old.epoch), policy), "tag")):
        receiver = Receiver(wrong)
        with pytest.raises(FrameRefused) as refused:
            receiver.accept(kept)
        assert refused.value.cause == cause
        assert receiver.last_counter is None, "nothing of it reached the network"


def test_an_epoch_that_is_over_does_not_come_back(board: Board) -> None:
    old = fresh_key(board)
    new = fresh_key(board, old.epoch + 1)
    give(board, old)
    give(board, new)
    assert board.keys.owner is not None
    for late in (old, fresh_key(board, new.epoch), fresh_key(board, 0)):
        with board.session(board.keys.owner) as owner, pytest.raises(CameraRefused) as refused:
            provision(owner, late)
        assert refused.value.status is Status.KEY_EPOCH_OLD
    assert counters_of(board, new, 1) == [0]


def test_the_very_key_of_before_may_come_again_and_its_counters_go_on(board: Board) -> None:
    assert board.keys.client is not None
    before = counters_of(board, board.keys.client, 2)
    key = fresh_key(board)
    give(board, key)
    counters_of(board, key, 1)
    board.restore_key()
    assert counters_of(board, board.keys.client, 1)[0] > before[-1]
