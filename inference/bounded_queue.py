"""A bounded queue between two threads that can be finished by its writer and abandoned by anyone, without polling."""

import threading
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class QueueFinished(Exception):
    """There is nothing more to get."""


class BoundedQueue(Generic[Item]):
    """First in, first out, at most `capacity` items; when full, `put` waits, or drops the oldest item if `drop_oldest`."""

    def __init__(self, capacity: int, *, drop_oldest: bool = False) -> None:
        self.capacity = capacity
        self.dropped = 0
        self._drop_oldest = drop_oldest
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._finished = False
        self._error: BaseException | None = None

    def put(self, item: Item) -> bool:
        """Add an item; False (and the item is lost) once the queue is finished or abandoned."""
        with self._changed:
            while len(self._items) >= self.capacity and not self._finished:
                if self._drop_oldest:
                    self._items.popleft()
                    self.dropped += 1
                else:
                    self._changed.wait()
            if self._finished:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def get(self) -> Item:
        """Wait for the next item; after the last one raise the writer's error, if any, else QueueFinished."""
        with self._changed:
            while not self._items and not self._finished:
                self._changed.wait()
            if self._items:
                item = self._items.popleft()
                self._changed.notify_all()
                return item
            if self._error is not None:
                raise self._error
            raise QueueFinished

    def finish(self, error: BaseException | None = None) -> None:
        """Take no more items; those inside can still be got, and then `error` comes out. The first call counts."""
        with self._changed:
            if not self._finished:
                self._finished, self._error = True, error
            self._changed.notify_all()

    def abandon(self) -> None:
        """Finish and forget the items inside: every waiting `put` and `get` returns now."""
        with self._changed:
            self._finished, self._error = True, None
            self._items.clear()
            self._changed.notify_all()
