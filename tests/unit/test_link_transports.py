"""Every kind of link keeps the same contract: bytes in order, waiting bounded, ends told apart, nothing left open."""

import gc
import os
import socket
import threading
import time
from contextlib import closing

import numpy as np
import pytest

from link.transport import LinkClosed, LinkLost, LinkTimeout, PtyPort, Transport, open_transport
from link.transport.descriptor import DescriptorTransport
from tests.links import LINKS, SOON_S, descriptors, in_thread, read_exactly


@pytest.fixture(params=LINKS)
def ends(request: pytest.FixtureRequest):
    with LINKS[request.param]() as ends:
        yield ends


def test_all_byte_values_arrive_in_order_both_ways(ends: tuple[Transport, Transport]) -> None:
    # Longer than any buffer on the way (64 KiB of a pair, some 128 KiB of a socket), and with XON, XOFF, 00, 0A, 0D and 1A in it.
    sent = np.random.default_rng(1).bytes(1_000_003)
    for source, sink in (ends, ends[::-1]):
        if source is ends[0]:
            assert sink.read(0.01) == b""  # seats the host at the ports that have hosts
        with in_thread(lambda source=source: source.write(sent)) as raised:
            assert read_exactly(sink, len(sent)) == sent
        assert raised == []


def test_a_read_returns_what_is_there_and_does_not_wait_for_more(ends: tuple[Transport, Transport]) -> None:
    host, device = ends
    host.write(b"abc")
    assert read_exactly(device, 3) == b"abc"
    begin_s = time.monotonic()
    device.write(b"d")
    assert host.read(SOON_S) == b"d"
    assert time.monotonic() - begin_s < SOON_S / 2


def test_a_read_of_silence_returns_nothing_after_its_timeout(ends: tuple[Transport, Transport]) -> None:
    for end in ends:
        begin_s = time.monotonic()
        assert end.read(0.05) == b""
        assert 0.045 <= time.monotonic() - begin_s < SOON_S  # poll counts whole milliseconds
        assert end.read(0.0) == b""
        assert end.read(-1.0) == b""


def test_a_stalled_reader_gives_a_timeout_that_counts_what_was_taken(ends: tuple[Transport, Transport]) -> None:
    host, device = ends
    device.read(0.0)
    sent = np.random.default_rng(2).bytes(8 << 20)  # more than every buffer on the way
    with pytest.raises(LinkTimeout, match=r"link = .*took nothing for 1 s after \d+ bytes; allowed is") as caught:
        device.write(sent)
    taken = caught.value.taken_bytes
    assert 0 < taken < len(sent)
    # Exactly those bytes are on their way, so that whoever writes on from there loses none.
    assert read_exactly(host, taken) == sent[:taken]
    assert host.read(0.05) == b""
    device.write(b"after")
    assert read_exactly(host, 5) == b"after"


def test_a_slow_reader_is_no_stalled_one(ends: tuple[Transport, Transport]) -> None:
    host, device = ends
    device.read(0.0)
    sent = np.random.default_rng(3).bytes(8 << 20)
    received = []
    with in_thread(lambda: device.write(sent)) as raised:
        for _ in range(25):  # of at most 256 KiB, so that the write lasts longer than its timeout of 1 s
            time.sleep(0.05)
            received.append(host.read(SOON_S))
        received.append(read_exactly(host, len(sent) - sum(map(len, received))))
    assert raised == []
    assert b"".join(received) == sent


@pytest.mark.parametrize("side", [0, 1], ids=["host", "device"])
def test_closing_an_end_ends_its_read(ends: tuple[Transport, Transport], side: int) -> None:
    with in_thread(lambda: ends[side].read(60.0)) as raised:
        time.sleep(0.02)
        ends[side].close()
    assert type(raised[0]) is LinkClosed


def test_closing_an_end_ends_its_write(ends: tuple[Transport, Transport]) -> None:
    device = ends[1]
    device.read(0.0)
    with in_thread(lambda: device.write(bytes(8 << 20))) as raised:
        time.sleep(0.02)
        device.close()
    assert type(raised[0]) is LinkClosed


def test_a_closed_end_refuses_everything_but_closing(ends: tuple[Transport, Transport]) -> None:
    for end in ends:
        end.close()
        end.close()
        for work in (lambda: end.read(0.0), lambda: end.write(b"x")):  # noqa: B023
            with pytest.raises(LinkClosed, match="this end has been closed"):
                work()


def test_a_device_that_goes_is_a_lost_link_to_the_host(ends: tuple[Transport, Transport]) -> None:
    host, device = ends
    device.read(0.0)
    device.close()
    for work in (lambda: host.read(SOON_S), lambda: [host.write(b"x") for _ in range(3)]):
        with pytest.raises(LinkLost, match=r"link = .*: .* is gone.*; allowed is") as caught:
            work()
        assert type(caught.value) is LinkLost


@pytest.mark.parametrize("kind", ["tcp", "pair", "in-process port"])
def test_what_was_written_before_the_end_still_arrives(kind: str) -> None:
    with LINKS[kind]() as (host, device):
        device.read(0.0)
        device.write(b"last words")
        device.close()
        assert read_exactly_until_lost(host) == b"last words"


def read_exactly_until_lost(transport: Transport) -> bytes:
    data = b""
    while True:
        try:
            data += transport.read(SOON_S)
        except LinkLost:
            return data


@pytest.mark.parametrize("kind", LINKS)
def test_nothing_stays_open_and_no_thread_runs_on(kind: str) -> None:
    def use() -> None:
        with LINKS[kind]() as (host, device):
            host.write(b"abc")
            assert read_exactly(device, 3) == b"abc"
            device.close()
            with pytest.raises(LinkLost):
                host.read(SOON_S)

    use()  # whatever is opened once for all
    gc.collect()
    before = descriptors(), threading.active_count()
    for _ in range(20):
        use()
    assert (descriptors(), threading.active_count()) == before


def test_a_host_opens_a_pty_again_after_the_device_went_and_came() -> None:
    with LINKS["pty"]() as (host, device):
        name = device.name
        device.close()
        with pytest.raises(LinkLost):
            host.read(SOON_S)
        with pytest.raises(OSError, match=f"link = {name}: "):
            open_transport(name)


def test_a_pty_outlives_its_hosts_and_keeps_no_bytes_of_the_last_one() -> None:
    with LINKS["pty"]() as (first, device):
        device.write(b"for the first")
        first.close()
        with_second = open_transport(device.name)
        assert with_second.read(0.05) == b""  # pyserial flushes the port on opening it
        device.write(b"for the second")
        assert read_exactly(with_second, 14) == b"for the second"
        with_second.close()


def test_a_device_does_not_hear_itself_while_no_host_has_opened_its_pty() -> None:
    with closing(PtyPort()) as device:
        device.write(b"a terminal that is not raw gives this back\n")
        assert device.read(0.05) == b""


def test_a_terminal_whose_vmin_somebody_set_to_zero_is_silent_and_not_lost() -> None:
    import termios

    with LINKS["pty"]() as (host, device):
        other = os.open(device.name, os.O_RDWR | os.O_NOCTTY)
        attributes = termios.tcgetattr(other)
        attributes[6][termios.VMIN] = 0
        termios.tcsetattr(other, termios.TCSANOW, attributes)
        os.close(other)
        assert host.read(0.05) == b""
        device.write(b"still here")
        assert read_exactly(host, 10) == b"still here"


def test_a_port_that_takes_bytes_without_saying_so_is_not_stalled(monkeypatch: pytest.MonkeyPatch) -> None:
    # Linux calls a serial port writable again when less than 256 bytes are left of its 4096; until then it has room all the same.
    waits_s = []

    def never_ready(poll: object, timeout_s: float) -> bool:
        waits_s.append(timeout_s)
        time.sleep(max(0.0, timeout_s))
        return False

    monkeypatch.setattr("link.transport.descriptor.wait", never_ready)
    device, wire = socket.socketpair()
    device.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    sent = bytes(range(256)) * 200

    def read_slowly() -> None:
        received = b""
        while len(received) < len(sent):
            time.sleep(0.001)
            received += wire.recv(1 << 16)
        assert received == sent

    with wire, closing(DescriptorTransport(device.fileno(), "port", device.close)) as transport:
        with in_thread(read_slowly) as raised:
            transport.write(sent)
        assert raised == []
    assert max(waits_s) <= 0.05  # or the line would be idle meanwhile


def test_a_port_that_says_that_it_has_room_and_takes_nothing_keeps_no_core_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("link.transport.descriptor.wait", lambda poll, timeout_s: True)
    device, wire = socket.socketpair()
    with wire, closing(DescriptorTransport(device.fileno(), "port", device.close)) as transport:
        tries = []
        monkeypatch.setattr(transport, "_write_now", lambda view: tries.append(0) or 0)
        with pytest.raises(LinkTimeout):
            transport.write(b"x")
    assert len(tries) < 2100  # naps of half a millisecond, for a second


@pytest.mark.parametrize("kind", ["tcp", "in-process port"])
def test_a_port_takes_the_next_host_after_a_loss(kind: str) -> None:
    with LINKS[kind]() as (first, device):
        again = device.connect if kind == "in-process port" else lambda: open_transport(device.name)
        first.write(b"one")
        assert read_exactly(device, 3) == b"one"
        first.close()
        with pytest.raises(LinkLost, match="the host is gone") as caught:
            device.read(SOON_S)
        assert type(caught.value) is LinkLost
        assert device.read(0.0) == b""
        with pytest.raises(LinkLost, match="no host is connected"):
            device.write(b"to nobody")
        for number in (b"two", b"six"):
            host = again()
            host.write(number)
            assert read_exactly(device, 3) == number
            device.write(number)
            assert read_exactly(host, 3) == number
            host.close()
            with pytest.raises(LinkLost):
                device.read(SOON_S)


@pytest.mark.parametrize("kind", ["tcp", "in-process port"])
def test_a_second_host_is_turned_away_while_the_first_is_there(kind: str) -> None:
    with LINKS[kind]() as (first, device):
        again = device.connect if kind == "in-process port" else lambda: open_transport(device.name)
        first.write(b"one")
        assert read_exactly(device, 3) == b"one"
        second = again()
        assert device.read(0.0) == b""
        with pytest.raises(LinkLost):
            second.read(SOON_S)
        second.close()
        device.write(b"still yours")
        assert read_exactly(first, 11) == b"still yours"


@pytest.mark.parametrize("kind", ["tcp", "in-process port"])
def test_a_writer_and_a_reader_both_hear_that_the_host_is_gone(kind: str) -> None:
    with LINKS[kind]() as (host, device):
        device.read(0.0)
        with in_thread(lambda: device.read(60.0)) as by_reader, in_thread(lambda: device.write(bytes(8 << 20))) as by_writer:
            time.sleep(0.02)
            host.close()
        assert type(by_reader[0]) is LinkLost
        assert type(by_writer[0]) is LinkLost
