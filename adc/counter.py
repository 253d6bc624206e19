"""Frame counters that are never issued twice, not even by a camera that loses power."""

import fcntl
import hashlib
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

EPOCH_FRAMES = 2**48
"""Counters of one epoch, 8,900 years at 1,000 frames/s: the nonce has room for 2**64, but each frame's tag may be guessed.

A forged frame passes with probability 8 ceil(bytes / 16) / 2**106 (RFC 8439's authenticator; 2**-83 at 4K, 2**-72 for the
largest array), so that one attempt at every frame of an epoch succeeds once in 2**24 epochs at worst.
"""
_TITLE = b"keycam counter 1"


class CounterStoreError(RuntimeError):
    """A counter store that is held by another, damaged, lost or used up."""


class CounterStore:
    """Rising frame counters for one epoch of one client of a device, 0 to EPOCH_FRAMES - 1, reserved on disk ahead of use.

    The file says up to where counters may have been issued. A store begins there when it is opened, so a crash skips
    what was reserved and left over and never repeats. Two files belong to it: the path itself and path + ".lock", which
    is held while the store is open and remembers that counters were issued. A path restored from an old backup cannot
    be told from the true one: after a restore, begin a new epoch.

    Parameters
    ----------
    path
        The file; its folder must exist. Where there is neither a file nor a memory of one, counting begins at 0.
    reserve
        How many counters one write to disk pays for, 1 to 2**32.

    Raises
    ------
    CounterStoreError
        When another store holds the path, the file is damaged or gone, or all counters are issued: then a new epoch
        begins, with a file of its own. It never begins again at 0 by itself.
    """

    def __init__(self, path: str | os.PathLike[str], *, reserve: int = 1024) -> None:
        if not isinstance(reserve, int) or not 1 <= reserve <= 2**32:
            raise ValueError(f"reserve = {reserve}: allowed is 1 to 2**32")
        self._path = Path(path)
        self._reserve = reserve
        self._thread_lock = threading.Lock()
        self._process = os.getpid()
        self._holder: int | None = _held(self._path.with_name(self._path.name + ".lock"))
        try:
            self._next = self._limit = self._read()
        except BaseException:
            self.close()
            raise

    def issue(self) -> int:
        """Return a counter that was never returned before and never will be again; any thread may call it."""
        with self._thread_lock:
            if self._holder is None:
                raise CounterStoreError(f"{self._path} is closed: open it again to issue counters")
            if os.getpid() != self._process:
                raise CounterStoreError(f"{self._path} was opened by another process: spawn workers, do not fork them")
            if self._next == self._limit:
                self._extend(self._holder)
            issued = self._next
            self._next += 1
            return issued

    @property
    def left(self) -> int:
        """How many counters this epoch still has; what was reserved before a crash is lost to it."""
        return EPOCH_FRAMES - self._next

    def close(self) -> None:
        """Let another store open the path; harmless when repeated."""
        with self._thread_lock:
            holder, self._holder = self._holder, None
            if holder is not None:
                os.close(holder)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> int:
        return self.issue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _read(self) -> int:
        assert self._holder is not None
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            if os.fstat(self._holder).st_size:
                raise CounterStoreError(f"{self._path} is gone, yet counters were issued: begin a new epoch") from None
            return 0
        title, _, rest = text.partition(b"\n")
        number, _, _ = rest.partition(b"\n")
        if title != _TITLE or not number.isdigit() or text != _written(int(number)):
            raise CounterStoreError(f"{self._path} is damaged: begin a new epoch with a new counter file")
        return int(number)

    def _extend(self, holder: int) -> None:
        limit = min(self._limit + self._reserve, EPOCH_FRAMES)
        if limit <= self._limit:
            raise CounterStoreError(f"{self._path} has issued all 2**48 counters of its epoch: begin a new epoch")
        fresh = self._path.with_name(self._path.name + ".tmp")
        # A cut in the middle of a rename may have left both names on one file, and to write over that would be to damage it.
        fresh.unlink(missing_ok=True)
        with fresh.open("xb") as file:
            file.write(_written(limit))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        if not os.fstat(holder).st_size:
            os.write(holder, b"issued\n")
            os.fsync(holder)
        self._limit = limit


def _held(path: Path) -> int:
    # The lock has a file of its own: replacing the counter file would leave a lock on it behind.
    holder = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(holder)
        if isinstance(error, BlockingIOError):
            holder_named = "held by another camera or by another program that plays one"
            raise CounterStoreError(f"{path} is {holder_named}: a counter file serves one at a time") from None
        raise
    return holder


def _written(limit: int) -> bytes:
    body = _TITLE + b"\n" + str(limit).encode() + b"\n"
    return body + hashlib.sha256(body).hexdigest().encode() + b"\n"
