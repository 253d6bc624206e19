"""How fast bytes and packets pass over each link, unlimited and on simulated serial lines, between two processes."""

import itertools
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import TypedDict

import numpy as np

from benchmarks.timing import WARM_UP
from link.packet import DEFAULT_PAYLOAD_BYTES, Packet, PacketType
from link.parser import PacketParser
from link.transport import PtyPort, Reader, TcpPort, Transport, open_transport, transport_pair
from link.transport.pacing import BITS_PER_BYTE

CASES = (None, 921_600, 3_000_000, 12_000_000)
UNLIMITED_BYTES = 8 << 20
LINE_S = 0.25
"""How much line time one repeat on a simulated line takes."""
PIECE_BYTES = 1 << 16


class Row(TypedDict):
    """One line of the table; baud and line_share are None where there is no limit, and the payload's where the line sets it.

    line_share is of baud / 10 bytes a second. A cpu_share is the processor time of both ends over the time taken: 1 is one core.
    """

    link: str
    baud: int | None
    mb_per_second: float
    line_share: float | None
    cpu_share: float
    payload_mb_per_second: float | None
    payload_cpu_share: float | None


def bench_link(bauds: Iterable[int | None] = CASES, repeats: int = 30) -> list[Row]:
    """Time transfers from a device to a host over a pseudo-terminal, TCP on loopback, and a queue within the process.

    The device of the first two is a process of its own; the host reads through its reading thread. Links take turns, and
    figures are medians over repeats. Payload is what comes out of the host's parser, of packets of 1 KiB of payload that the
    device encodes meanwhile.

    Raises ValueError for repeats below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats = {repeats}: allowed is 1 or more")
    return [row for baud in bauds for row in _rows(baud, repeats)]


def _rows(baud: int | None, repeats: int) -> list[Row]:
    size = UNLIMITED_BYTES if baud is None else int(baud / BITS_PER_BYTE * LINE_S)
    with _sources(baud) as sources:
        works = [_Work(source, packets) for source in sources for packets in (False, True) if baud is None or not packets]
        for turn in range(WARM_UP + repeats):
            for work in works:
                work.run(size, counts=turn >= WARM_UP)
    return [_row(work, works, baud) for work in works if not work.packets]


def _row(work: "_Work", works: "list[_Work]", baud: int | None) -> Row:
    in_packets = next((other for other in works if other.source is work.source and other.packets), None)
    return Row(
        link=work.source.name,
        baud=baud,
        mb_per_second=work.bytes_per_s / 1e6,
        line_share=None if baud is None else work.bytes_per_s * BITS_PER_BYTE / baud,
        cpu_share=work.cpu_share,
        payload_mb_per_second=None if in_packets is None else in_packets.bytes_per_s / 1e6,
        payload_cpu_share=None if in_packets is None else in_packets.cpu_share,
    )


@dataclass(eq=False)
class _Source:
    """A link at whose other end a device sends `size` bytes when it is told to, and says what processor time that took it."""

    name: str
    reader: Reader
    start: Callable[[int, bool], None]
    device_cpu_s: Callable[[], float]


@dataclass(eq=False)
class _Work:
    source: _Source
    packets: bool
    rates: list[float] = field(default_factory=list)
    cpu_shares: list[float] = field(default_factory=list)

    @property
    def bytes_per_s(self) -> float:
        return float(np.median(self.rates))

    @property
    def cpu_share(self) -> float:
        return float(np.median(self.cpu_shares))

    def run(self, size: int, counts: bool) -> None:
        begin_cpu_s, begin_s = time.process_time(), time.perf_counter()
        self.source.start(size, self.packets)
        received = _payload_of(self.source.reader, size) if self.packets else _bytes_of(self.source.reader, size)
        taken_s = time.perf_counter() - begin_s
        cpu_s = time.process_time() - begin_cpu_s + self.source.device_cpu_s()
        if counts:
            self.rates.append(received / taken_s)
            self.cpu_shares.append(cpu_s / taken_s)


def _bytes_of(reader: Reader, size: int) -> int:
    received = 0
    while received < size:
        received += len(reader.get())
    return received


def _payload_of(reader: Reader, size: int) -> int:
    parser, received = PacketParser(), 0
    while received < size:
        received += sum(len(packet.payload) for packet in parser.feed(reader.get()))
    return received


@contextmanager
def _sources(baud: int | None) -> Iterator[list[_Source]]:
    # Spawned: a forked process would share the threads' locks of this one.
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, baud), daemon=True)
    host, device = transport_pair(baud)
    with ExitStack() as stack:
        stack.callback(process.join)
        process.start()
        there.close()  # so that a device that ends early is the end of the pipe
        stack.enter_context(closing(here))
        stack.callback(here.send, None)
        sources = []
        for name, url in here.recv().items():
            reader = stack.enter_context(Reader(open_transport(url)))

            def start(size: int, packets: bool, name: str = name) -> None:
                here.send((name, size, packets))

            sources.append(_Source(name, reader, start, here.recv))
        stack.enter_context(closing(device))
        sources.append(_within_process(stack.enter_context(Reader(host)), device))
        yield sources


def _within_process(reader: Reader, device: Transport) -> _Source:
    senders: list[threading.Thread] = []

    def start(size: int, packets: bool) -> None:
        senders.append(threading.Thread(target=_send, args=(device, size, packets)))
        senders[-1].start()

    def device_cpu_s() -> float:
        senders.pop().join()
        return 0.0  # it is in that of this process

    return _Source("in-process", reader, start, device_cpu_s)


def _serve(there: Connection, baud: int | None) -> None:
    """The device's process: sends over the link that it is told, until it is told None."""
    # Whoever interrupts the benchmark has read enough.
    with suppress(KeyboardInterrupt, EOFError, OSError), closing(PtyPort(baud=baud)) as pty, closing(TcpPort(baud=baud)) as tcp:
        ports: dict[str, Transport] = {"pty": pty, "tcp": tcp}
        there.send({name: port.name for name, port in ports.items()})
        while (order := there.recv()) is not None:
            name, size, packets = order
            begin_cpu_s = time.process_time()
            _send(ports[name], size, packets)
            there.send(time.process_time() - begin_cpu_s)


def _send(port: Transport, size: int, packets: bool) -> None:
    """Send `size` bytes of noise, or packets with as many bytes of payload between them."""
    noise = np.random.default_rng(1).bytes(PIECE_BYTES)
    seqs = itertools.count()
    for begin in range(0, size, PIECE_BYTES):
        piece = noise[: size - begin]
        port.write(_in_packets(piece, seqs) if packets else piece)


def _in_packets(data: bytes, seqs: Iterator[int]) -> bytes:
    payloads = (data[at : at + DEFAULT_PAYLOAD_BYTES] for at in range(0, len(data), DEFAULT_PAYLOAD_BYTES))
    return b"".join(Packet(PacketType.DATA, payload, seq=next(seqs)).encoded() for payload in payloads)
