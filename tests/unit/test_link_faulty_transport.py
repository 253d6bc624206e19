"""Faults around real links: pauses that the other end feels, ports that vanish and return, nothing lost but what is planned."""

import threading
import time
from contextlib import closing

import numpy as np
import pytest

from link.packet import Packet, PacketType, decoded
from link.transport import InProcessPort, LinkClosed, LinkLost, LinkTimeout, PortError, Reader, open_transport, transport_pair
from link.transport.faults import Fault, FaultPlan, LinkFaults, fault_plan
from link.transport.faults.faulty_transport import OVERTAKING_S
from tests.links import LINKS, SOON_S, descriptors, in_thread, read_exactly

NONE = fault_plan("none")


def data_packets(count: int) -> list[bytes]:
    rng = np.random.default_rng(1)
    return [Packet(PacketType.DATA, rng.bytes(500), seq=seq).encoded() for seq in range(count)]


@pytest.mark.parametrize("kind", LINKS)
def test_bytes_arrive_as_the_plan_and_the_seed_say_over_every_link(kind: str) -> None:
    sent = b"".join(data_packets(400))
    plan = FaultPlan("bytes", (Fault("bit-flip", 1e-4), Fault("byte-drop", 1e-4), Fault("burst", 1e-4, size_bytes=64)))
    way = LinkFaults(plan, 9).ways["to-host"]
    expected = b"".join(way.feed(sent))
    assert expected != sent
    with LINKS[kind]() as (host, device):
        faults = LinkFaults(plan, 9)
        faulty = faults.around(host)
        device.read(0.0)
        with in_thread(lambda: device.write(sent)):
            assert read_exactly(faulty, len(expected)) == expected
            assert faulty.read(0.05) == b""


def test_what_the_host_writes_is_struck_too() -> None:
    host, device = transport_pair()
    faults = LinkFaults(NONE, 1)
    faulty = faults.around(host)
    first, second, third = data_packets(3)
    faults.inject(Fault("packet-loss"), "to-device", where=lambda body: decoded(body).seq == 1)
    for packet in (first, second, third):
        faulty.write(packet)
    assert read_exactly(device, len(first + third) + 1) == first + b"\0" + third
    assert faults.schedule.counts == {("to-device", "packet-loss"): 1}
    faulty.close()
    device.close()


def test_a_stall_holds_the_device_up_and_loses_nothing() -> None:
    host, device = transport_pair(capacity_bytes=1000)
    faults = LinkFaults(NONE, 1)
    faulty = faults.around(host)
    device.write(b"\0")
    faults.inject(Fault("stall", duration_s=30.0), "to-host")
    assert faulty.read(0.05) == b""
    with pytest.raises(LinkTimeout) as caught:
        device.write(bytes(range(1, 251)) * 20)
    assert caught.value.taken_bytes == 1000
    assert faulty.read(0.01) == b""
    faulty.close()
    device.close()


@pytest.mark.parametrize("kind", ["stall", "packet-delay"])
def test_what_was_held_up_arrives_when_it_is_over(kind: str) -> None:
    host, device = transport_pair()
    faults = LinkFaults(NONE, 1)
    faulty = faults.around(host)
    faults.inject(Fault(kind, duration_s=0.2), "to-host")
    begin_s = time.monotonic()
    packet = data_packets(1)[0]
    device.write(packet)
    assert read_exactly(faulty, len(packet)) == packet
    assert time.monotonic() - begin_s >= 0.2
    faulty.close()
    device.close()


def test_a_device_that_takes_nothing_gives_a_timeout_and_what_was_given_before_goes_out_in_order() -> None:
    host, device = transport_pair(capacity_bytes=1000)
    faulty = LinkFaults(NONE, 1).around(host)
    sent = [packet[1:] for packet in data_packets(4)]
    with pytest.raises(LinkTimeout) as caught:
        faulty.write(b"".join(sent[:3]))
    assert caught.value.taken_bytes == len(b"".join(sent[:3]))
    with pytest.raises(LinkTimeout) as caught:  # it does not pile up
        faulty.write(sent[3])
    assert caught.value.taken_bytes == 0
    with in_thread(lambda: faulty.write(sent[3])):
        assert read_exactly(device, len(b"".join(sent))) == b"".join(sent)
    faulty.close()
    device.close()


@pytest.mark.parametrize(("duration_s", "in_time"), [(60.0, False), (0.1, True)])
def test_a_stall_towards_the_device_gives_a_timeout_when_it_is_long_and_a_pause_when_it_is_short(
    duration_s: float, in_time: bool
) -> None:
    host, device = transport_pair()
    faults = LinkFaults(NONE, 1)
    faulty = faults.around(host)
    faults.inject(Fault("stall", duration_s=duration_s), "to-device")
    faulty.write(b"first\0")
    if in_time:
        faulty.write(b"second\0")
        assert read_exactly(device, 13) == b"first\0second\0"
    else:
        with pytest.raises(LinkTimeout) as caught:
            faulty.write(b"second\0")
        assert caught.value.taken_bytes == 0
        assert device.read(0.0) == b"first\0"
        assert device.read(0.01) == b""
    faulty.close()
    device.close()


def test_a_packet_to_be_overtaken_comes_by_itself_when_no_other_does() -> None:
    host, device = transport_pair()
    faults = LinkFaults(NONE, 1)
    faulty = faults.around(host)
    packet = data_packets(1)[0]
    faults.inject(Fault("packet-reorder"), "to-host")
    begin_s = time.monotonic()
    device.write(packet)
    assert read_exactly(faulty, len(packet)) == packet
    assert time.monotonic() - begin_s >= OVERTAKING_S
    faulty.close()
    device.close()


@pytest.mark.parametrize("kind", ["pty", "tcp", "in-process port"])
def test_a_port_that_vanishes_is_lost_and_opens_again(kind: str) -> None:
    with LINKS[kind]() as (host, device):
        host.close()
        faults = LinkFaults(NONE, 1)
        open_again = faults.opener(device.connect if kind == "in-process port" else lambda: open_transport(device.name))
        with closing(open_again()) as faulty:
            faulty.write(b"hello\0")
            read_until(device, b"hello\0")
            faults.inject(Fault("vanish", duration_s=0.05), "to-host")
            with in_thread(lambda: faulty.read(60.0)) as raised:
                device.write(b"these bytes are lost\0")
            assert type(raised[0]) is LinkLost
            for work in (lambda: faulty.read(0.0), lambda: faulty.write(b"x")):
                with pytest.raises(LinkLost, match=r"the port is gone \(EIO\)"):
                    work()
        with closing(open_when_back(open_again)) as faulty:
            faulty.write(b"again\0")
            read_until(device, b"again\0")
            device.write(b"welcome\0")
            assert read_exactly(faulty, 8) == b"welcome\0"
        assert faults.schedule.counts == {("to-host", "vanish"): 1}


def test_nothing_of_the_connection_before_is_left_in_the_next() -> None:
    faults = LinkFaults(NONE, 1)
    first, late, after = data_packets(3)
    for sent, expected in ((first[:100], b"\0"), (late, b"\0"), (after, after)):
        host, device = transport_pair()
        with closing(device), closing(faults.around(host)) as faulty:
            if sent is late:
                faults.inject(Fault("packet-reorder"), "to-host")
            device.write(sent)
            # Half a packet waits for its end, and one that is to be overtaken for others: neither comes with the next connection.
            assert faulty.read(SOON_S) == expected
            assert sent is not after or faulty.read(2 * OVERTAKING_S) == b""


def test_a_port_that_has_vanished_is_not_opened_for_a_while() -> None:
    with closing(InProcessPort()) as device:
        faults = LinkFaults(NONE, 1)
        open_again = faults.opener(device.connect)
        faulty = open_again()
        faults.inject(Fault("vanish", duration_s=60.0), "to-device")
        with pytest.raises(LinkLost):
            faulty.write(b"x\0")
        for _ in range(2):
            with pytest.raises(
                PortError, match="link = in-process host: the port has vanished, as planned; allowed is to try again"
            ):
                open_again()


def open_when_back(open_again):
    until_s = time.monotonic() + SOON_S
    while True:
        try:
            return open_again()
        except PortError:
            assert time.monotonic() < until_s
            time.sleep(0.01)


def read_until(device, wanted: bytes) -> None:
    heard = b""
    until_s = time.monotonic() + SOON_S
    while not heard.endswith(wanted):
        assert time.monotonic() < until_s
        try:
            heard += device.read(0.1)
        except LinkLost:
            heard = b""


def test_a_vanishing_ends_a_read_that_is_under_way_in_another_thread() -> None:
    with closing(InProcessPort()) as device:
        faults = LinkFaults(NONE, 1)
        faulty = faults.around(device.connect())
        with in_thread(lambda: faulty.read(60.0)) as raised:
            time.sleep(0.02)
            faults.inject(Fault("vanish", duration_s=0.1), "to-device")
            with pytest.raises(LinkLost):
                faulty.write(b"the last packet\0")
        assert type(raised[0]) is LinkLost
        faulty.close()


def test_a_vanishing_ends_a_stall() -> None:
    host, device = transport_pair()
    faults = LinkFaults(NONE, 1)
    faulty = faults.around(host)
    faults.inject(Fault("stall", duration_s=60.0), "to-host")
    device.write(b"x\0")
    with in_thread(lambda: faulty.read(60.0)) as raised:
        time.sleep(0.05)
        faults.inject(Fault("vanish"), "to-device")
        with pytest.raises(LinkLost):
            faulty.write(b"x\0")
    assert type(raised[0]) is LinkLost
    device.close()


@pytest.mark.parametrize("fault", [None, Fault("stall", duration_s=60.0)])
def test_closing_ends_a_read_at_once_also_within_a_stall(fault: Fault | None) -> None:
    host, device = transport_pair()
    faults = LinkFaults(NONE, 1)
    faulty = faults.around(host)
    device.write(b"x\0")
    if fault is not None:
        faults.inject(fault, "to-host")

    def read_on() -> None:
        while True:
            faulty.read(60.0)

    with in_thread(read_on) as raised:
        time.sleep(0.02)
        faulty.close()
    assert type(raised[0]) is LinkClosed
    device.close()


def test_a_reader_on_a_harsh_line_ends_and_leaves_nothing() -> None:
    sent = b"".join(data_packets(300))

    def use(seed: int) -> int:
        with LINKS["pty"]() as (host, device):
            faults = LinkFaults(fault_plan("harsh"), seed)
            with Reader(faults.around(host)) as reader, in_thread(lambda: device.write(sent)):
                while reader.get(0.3):
                    pass
            faults.close()
            return faults.schedule.counts.total()

    assert use(1) > 0
    before = descriptors(), threading.active_count()
    assert sum(map(use, range(2, 6))) > 20
    assert (descriptors(), threading.active_count()) == before
