"""The one thread that reads a link, so that nothing waits in the port while the host is busy."""

import threading
import weakref

from link.transport.byte_queue import ByteQueue
from link.transport.transport import Transport, closed

CAPACITY_BYTES = 1 << 22
_SLICE_S = 0.5


class Reader:
    """Reads whatever comes, in a thread of its own, into a bounded queue.

    When the queue is full the thread stops reading, so that the other end has to wait; nothing is dropped. Use it as a
    context manager, or call `close`: at any moment, from any thread, more than once. It closes the transport too.

    Parameters
    ----------
    transport
        nobody else may read it any more; any one thread may write it.
    capacity_bytes
        the most that waits in the queue.
    """

    def __init__(self, transport: Transport, *, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._transport = transport
        self._queue = ByteQueue(capacity_bytes)
        self._ending: list[BaseException] = []
        self._thread = threading.Thread(
            target=_read, args=(transport, self._queue, self._ending), name=f"keycam-link {transport.name}", daemon=True
        )
        # The thread does not hold this object, so a reader that is simply forgotten also ends it, within a slice.
        weakref.finalize(self, self._queue.abandon)
        self._thread.start()

    @property
    def waiting_bytes(self) -> int:
        """How many bytes have been read and not been got."""
        return self._queue.waiting_bytes

    def get(self, timeout_s: float | None = None) -> bytes:
        """Everything that has come; b"" when nothing came for `timeout_s`.

        Raises
        ------
        LinkLost
            once, after the last byte that came before the loss; from then on LinkClosed, as after `close`.
        """
        data = self._queue.get(timeout_s)
        if data is not None:
            return data
        self._thread.join()
        raise self._ending.pop() if self._ending else closed(self._transport.name)

    def close(self) -> None:
        """Close the transport and end the thread; what is in the queue is forgotten."""
        self._queue.abandon()
        self._transport.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read(transport: Transport, queue: ByteQueue, ending: list[BaseException]) -> None:
    try:
        while not queue.finished:
            data = transport.read(_SLICE_S)
            queue.put(data)
        transport.close()
    except BaseException as error:
        ending.append(error)
    finally:
        queue.finish()
