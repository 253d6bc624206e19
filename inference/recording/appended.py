"""A file that only grows, by whole parts: what the disk does not take whole is taken back."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from numpy.typing import NDArray


class AppendedFile:
    """A file opened for appending; made where there is none. Raises OSError, as all its methods do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)

    def fileno(self) -> int:
        """The file descriptor, for locks."""
        return self._descriptor

    @property
    def size_bytes(self) -> int:
        """Bytes that the file has now; OSError where somebody has deleted it."""
        status = os.fstat(self._descriptor)
        if not status.st_nlink:
            raise FileNotFoundError(2, "somebody deleted it while it was written", str(self.path))
        return status.st_size

    def append(self, parts: Iterable[bytes | NDArray]) -> int:
        """Append the parts, one after the other, and return where the first of them begins."""
        begin = self.size_bytes
        try:
            for part in parts:
                left = memoryview(part)
                while left:
                    left = left[os.write(self._descriptor, left) :]
        except BaseException:
            with contextlib.suppress(OSError):  # then it stays there, and readers skip it
                self.cut(begin)
            raise
        return begin

    def cut(self, size_bytes: int) -> None:
        """Take back what is behind `size_bytes`."""
        os.ftruncate(self._descriptor, size_bytes)

    def sync(self) -> None:
        """Return when all that was appended is on stable storage."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on stable storage. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
