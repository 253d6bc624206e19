"""The reading thread: everything comes through it in order, it waits when nobody takes, and it ends."""

import gc
import threading
import time

import numpy as np
import pytest

from link.transport import LinkClosed, LinkLost, Reader, transport_pair
from tests.links import LINKS, SOON_S, descriptors, in_thread


def collected(reader: Reader, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = reader.get(SOON_S)
        if not more:
            break
        data += more
    return data


@pytest.mark.parametrize("kind", LINKS)
def test_everything_comes_through_in_order(kind: str) -> None:
    sent = np.random.default_rng(4).bytes(500_001)
    with LINKS[kind]() as (host, device):
        device.read(0.0)
        with Reader(host) as reader, in_thread(lambda: device.write(sent)):
            assert collected(reader, len(sent)) == sent
            assert reader.get(0.01) == b""


def test_the_thread_reads_while_the_host_is_busy_until_its_queue_is_full() -> None:
    host, device = transport_pair(capacity_bytes=100)
    with Reader(host, capacity_bytes=1000) as reader, in_thread(lambda: device.write(bytes(5000))):
        until_s = time.monotonic() + SOON_S
        while reader.waiting_bytes < 1000 and time.monotonic() < until_s:
            time.sleep(0.001)
        time.sleep(0.02)
        assert reader.waiting_bytes == 1000
        assert len(collected(reader, 5000)) == 5000
    device.close()


@pytest.mark.parametrize("kind", LINKS)
def test_a_loss_is_told_once_after_the_last_byte(kind: str) -> None:
    with LINKS[kind]() as (host, device):
        device.read(0.0)
        with Reader(host) as reader:
            device.write(b"last words")
            assert collected(reader, 10) == b"last words"
            device.close()
            with pytest.raises(LinkLost) as caught:
                while True:
                    reader.get(SOON_S)
            assert type(caught.value) is LinkLost
            for _ in range(2):
                with pytest.raises(LinkClosed):
                    reader.get(SOON_S)


def test_closing_ends_a_get_at_once() -> None:
    host, device = transport_pair()
    reader = Reader(host)
    with in_thread(lambda: reader.get(60.0)) as raised:
        time.sleep(0.02)
        reader.close()
    assert type(raised[0]) is LinkClosed
    device.close()


def test_what_goes_wrong_in_the_thread_comes_out_of_get() -> None:
    class Broken:
        name = "broken"

        def read(self, timeout_s: float) -> bytes:
            raise ZeroDivisionError("in the thread")

        def write(self, data: bytes) -> None: ...

        def close(self) -> None: ...

    with Reader(Broken()) as reader, pytest.raises(ZeroDivisionError, match="in the thread"):
        reader.get(SOON_S)


@pytest.mark.parametrize("kind", LINKS)
def test_no_thread_and_no_descriptor_is_left_by_readers_that_are_closed_or_lost(kind: str) -> None:
    def use(is_lost: bool) -> None:
        with LINKS[kind]() as (host, device):
            device.read(0.0)
            with Reader(host) as reader:
                if is_lost:
                    device.close()
                    with pytest.raises(LinkLost):
                        reader.get(SOON_S)

    use(False)
    gc.collect()
    before = descriptors(), threading.active_count()
    for is_lost in (False, True) * 3:
        use(is_lost)
    gc.collect()
    assert (descriptors(), threading.active_count()) == before


def test_a_reader_that_is_forgotten_ends_its_thread_and_closes_its_link() -> None:
    before = threading.active_count()
    host, device = transport_pair()
    reader = Reader(host)
    assert threading.active_count() == before + 1
    del reader  # its thread looks up twice a second
    gc.collect()
    until_s = time.monotonic() + SOON_S
    while threading.active_count() != before and time.monotonic() < until_s:
        time.sleep(0.01)
    assert threading.active_count() == before
    with pytest.raises(LinkClosed):
        host.read(0.0)
    device.close()


def test_a_queue_without_room_is_refused() -> None:
    host, device = transport_pair()
    with pytest.raises(ValueError, match="capacity_bytes = 0: allowed is 1 or more"):
        Reader(host, capacity_bytes=0)
    host.close()
    device.close()
