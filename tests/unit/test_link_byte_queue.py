"""The queue between two threads holds no more than it may, and loses nothing that it has taken."""

import time

import pytest

from link.transport.byte_queue import ByteQueue
from tests.links import SOON_S, in_thread


def test_it_takes_what_there_is_room_for_and_says_how_much() -> None:
    queue = ByteQueue(10)
    assert queue.put(b"1234567", 0.0) == 7
    assert queue.put(b"abcdefg", 0.0) == 3
    assert queue.put(b"x", 0.01) == 0
    assert queue.waiting_bytes == 10
    assert queue.get(0.0) == b"1234567abc"
    assert queue.get(0.01) == b""


def test_bytes_that_have_no_room_wait_for_it() -> None:
    queue = ByteQueue(10)
    got = b""
    with in_thread(lambda: queue.put(bytes(range(100)))):
        while len(got) < 100:
            assert queue.waiting_bytes <= 10
            got += queue.get(SOON_S)
    assert got == bytes(range(100))


def test_after_its_end_it_gives_what_is_inside_and_takes_nothing() -> None:
    queue = ByteQueue(10)
    queue.put(b"last")
    queue.finish()
    assert queue.finished
    assert queue.put(b"more") == 0
    assert queue.get() == b"last"
    assert queue.get() is None
    assert queue.get() is None


@pytest.mark.parametrize("ends", [ByteQueue.finish, ByteQueue.abandon])
def test_its_end_lets_everybody_go(ends) -> None:
    full, empty = ByteQueue(1), ByteQueue(1)
    full.put(b"x")
    taken: list = []
    with in_thread(lambda: taken.append(full.put(b"y"))), in_thread(lambda: taken.append(empty.get())):
        time.sleep(0.02)
        ends(full)
        ends(empty)
    assert sorted(taken, key=str) == [0, None]


def test_abandoned_bytes_are_forgotten() -> None:
    queue = ByteQueue(10)
    queue.put(b"forgotten")
    queue.abandon()
    assert queue.get() is None
    assert queue.waiting_bytes == 0
