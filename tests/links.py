"""What the tests of links share: every kind of link as two ends, and counting what a process holds."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from link.transport import InProcessPort, PtyPort, TcpPort, Transport, open_transport, transport_pair

SOON_S = 10.0
"""Far more than anything takes here, so that a busy machine fails no test, and far less than for ever."""

Ends = tuple[Transport, Transport]


@contextmanager
def pty_ends(baud: int | None = None) -> Iterator[Ends]:
    with closing(PtyPort(baud=baud)) as device, closing(open_transport(device.name)) as host:
        yield host, device


@contextmanager
def tcp_ends(baud: int | None = None) -> Iterator[Ends]:
    with closing(TcpPort(baud=baud)) as device, closing(open_transport(device.name)) as host:
        yield host, device


@contextmanager
def pair_ends(baud: int | None = None) -> Iterator[Ends]:
    host, device = transport_pair(baud)
    with closing(device), closing(host):
        yield host, device


@contextmanager
def in_process_ends(baud: int | None = None) -> Iterator[Ends]:
    with closing(InProcessPort(baud=baud)) as device, closing(device.connect()) as host:
        yield host, device


LINKS = {"pty": pty_ends, "tcp": tcp_ends, "pair": pair_ends, "in-process port": in_process_ends}


def read_exactly(transport: Transport, count: int) -> bytes:
    """Read until `count` bytes are there or nothing has come for SOON_S."""
    data = b""
    while len(data) < count:
        more = transport.read(SOON_S)
        if not more:
            break
        data += more
    return data


@contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[list[BaseException]]:
    """Run `work` beside the block and wait for its end; its exception, if any, is in the list by then."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    with ExitStack() as stack:
        stack.callback(thread.join, SOON_S)
        thread.start()
        yield raised
    assert not thread.is_alive(), "the work beside the test hangs"


def descriptors() -> int:
    """How many file descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
