"""The camera's flash: a few small records in a folder, each replaced whole or not at all whenever the power goes."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_model.device_faults import DeviceFaults

MOST_RECORD_BYTES = 8192
"""Two sectors of a common serial flash, and more than any record has."""


class FlashError(ValueError):
    """A folder that cannot serve as a camera's flash: the message names it and what is allowed."""


class FlashWorn(FlashError):
    """What was written does not read back: the record is as it was before."""


class Flash:
    """Named records of up to 8192 bytes, as a flash file system such as littlefs keeps them.

    A record is written beside the old one, read back and put in its place in one step: a power cut leaves the old one or the
    new one. The folder belongs to one camera at a time, and its files to their owner alone.

    Parameters
    ----------
    folder
        made where it is missing.
    faults
        what may go wrong in it.

    Attributes
    ----------
    folder
        as above.

    Raises FlashError where the folder cannot be used or another camera holds it.
    """

    def __init__(self, folder: Path, faults: DeviceFaults | None = None) -> None:
        self.folder = folder
        self._faults = DeviceFaults() if faults is None else faults
        self._holder: int | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._holder = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise FlashError(f"state = {folder}: another camera holds it; allowed is a folder for each camera") from None
        except OSError as error:
            self.close()
            trouble = error.strerror or type(error).__name__
            raise FlashError(
                f"state = {folder}: it cannot be used ({trouble}); allowed is a folder that can be written"
            ) from error

    def read(self, name: str) -> bytes | None:
        """The content of a record, or None where there is none."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Put `content` in the place of a record.

        Raises FlashWorn where it does not read back, PowerCut where the power goes, OSError where the folder is gone or full,
        ValueError for more than 8192 bytes.
        """
        if len(content) > MOST_RECORD_BYTES:
            raise ValueError(f"content = {len(content)} bytes: allowed is up to {MOST_RECORD_BYTES} bytes")
        fresh = self.folder / f"{name}.tmp"
        # A cut in the middle of a rename may have left both names on one file, and to write over that would be to damage it.
        self._faults.flash_step()
        fresh.unlink(missing_ok=True)
        self._faults.flash_step()
        with fresh.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(self._faults.programmed(content))
            file.flush()
            self._faults.flash_step()
            os.fsync(file.fileno())
        if fresh.read_bytes() != content:
            fresh.unlink()
            raise FlashWorn(f"record = {name}: it does not read back as it was written; allowed is a flash that is not worn")
        self._faults.flash_step()
        fresh.replace(self.folder / name)
        self._faults.flash_step()
        self._sync_folder()

    def erase(self, name: str) -> None:
        """Remove a record; harmless where there is none. Raises PowerCut and OSError as `write` does."""
        self._faults.flash_step()
        (self.folder / name).unlink(missing_ok=True)
        self._faults.flash_step()
        self._sync_folder()

    def rot(self, name: str) -> None:
        """Flip bits of a record where it lies, as age and radiation do; nothing happens where there is none."""
        content = self.read(name)
        if content:
            (self.folder / name).write_bytes(self._faults.flipped(content))

    def close(self) -> None:
        """Let another camera have the folder; harmless when repeated."""
        holder, self._holder = self._holder, None
        if holder is not None:
            os.close(holder)

    def _sync_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
