"""Brings what was written to stable storage about once a second, beside the writing: a pipeline does not wait for a disk."""

import contextlib
import threading
from typing import Protocol


class Syncable(Protocol):
    """What can be brought to stable storage, and closed."""

    def sync(self) -> None:
        """Return when everything is on stable storage. Raises OSError, and keeps in mind that it did."""
        ...

    def close(self) -> None:
        """End the use of it."""
        ...


class PeriodicSync:
    """A thread that syncs `files` within `interval_s` seconds after something was written, and at the end, which closes them."""

    def __init__(self, files: Syncable, interval_s: float) -> None:
        self._files = files
        self._interval_s = interval_s
        self._dirty = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keycam-recording-sync", daemon=True)
        self._thread.start()

    def written(self) -> None:
        """Say that there is something to bring to stable storage."""
        self._dirty.set()

    def end(self) -> None:
        """Sync for the last time, close the files and return; harmless when repeated."""
        self._ended.set()
        self._dirty.set()
        if threading.current_thread() is not self._thread:  # in which the last reference to a writer may be dropped
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._dirty.wait()
            self._ended.wait(self._interval_s)
            self._dirty.clear()
            with contextlib.suppress(OSError):  # the writer asks the files
                self._files.sync()
        self._files.close()
