"""The output folder: held by one batch at a time, and whole whenever somebody looks.

All that is not finished lies in one hidden folder, `.unfinished`, which is gone when the batch has ended:

    .unfinished/claims/N       frame counters from N on have been taken by a worker
    .unfinished/UID.N/         what a worker is writing of a unit, with counters from N on
    .unfinished/UID/           a unit that is done: renamed, and so there at once or not at all
    .unfinished/UID.whole/     the results of a footage while they are put together
"""

import fcntl
import json
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from keycam.atomic_file import OutputError, make_folder

UNFINISHED, CLAIMS = ".unfinished", "claims"
LEDGER = "units.json"
"""Says of a folder of results what they are of; written last."""
RESULT = "unit.json"
"""Says the same of one unit."""


class CountersTaken(RuntimeError):
    """A worker has begun with these counters before: another one must take fresh ones."""


class OutputFolder:
    """The folder of `--out`, held while the batch runs; a context manager. Raises OutputError."""

    def __init__(self, path: Path) -> None:
        make_folder(path, "out")
        self.path, self.unfinished = path, path / UNFINISHED
        self._holder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._holder)
            raise OutputError(f"out = {path}: another batch is at work there; allowed is one batch at a time") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._holder)

    def begin(self, wanted: Collection[str]) -> None:
        """Sweep what an earlier run left but for the finished units that are `wanted`, and what is put together of them."""
        self.unfinished.mkdir(exist_ok=True)
        for entry in self.unfinished.iterdir():
            uid, _, kind = entry.name.partition(".")
            if uid not in wanted or kind not in ("", "whole"):
                _remove(entry)
        (self.unfinished / CLAIMS).mkdir()

    def end(self, keep_units: bool) -> None:
        """Leave no temporary file: nothing at all, or with `keep_units` the finished units, for a run that goes on."""
        if not keep_units:
            shutil.rmtree(self.unfinished, ignore_errors=True)
            return
        for entry in self.unfinished.iterdir():
            if "." in entry.name and not entry.name.endswith(".whole"):
                _remove(entry)
        shutil.rmtree(self.unfinished / CLAIMS, ignore_errors=True)
        if not any(self.unfinished.iterdir()):
            self.unfinished.rmdir()

    def ledger(self, name: str) -> dict[str, Any] | None:
        """What the results called `name` are of, if they are all there as they were written."""
        folder = self.path / name
        try:
            said: dict[str, Any] = json.loads((folder / LEDGER).read_text())
            is_whole = all((folder / file).stat().st_size == size for file, size in said["bytes"].items())
        except (OSError, ValueError, KeyError):
            return None
        return said if is_whole else None

    def refuse_others(self, name: str, source: Path, digest: str) -> None:
        """Raise OutputError where the place of these results has something else that would be lost."""
        folder = self.path / name
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return
        try:
            said = json.loads((folder / LEDGER).read_text())
            theirs = said["source"]
            is_ours = theirs == str(source) or said["digest"] == digest
        except (OSError, ValueError, KeyError):
            theirs, is_ours = "something else", False
        if not is_ours:
            raise OutputError(
                f"out = {folder}: it holds the results of {theirs}; allowed is another folder for those of {source}"
            )


class UnitFolder:
    """Where one worker writes one unit, from its claim to its end. Needs no hold of the output folder."""

    def __init__(self, out: Path, uid: str, first_counter: int) -> None:
        self._unfinished = out / UNFINISHED
        self._counter = first_counter
        self.done = self._unfinished / uid
        self.path = self._unfinished / f"{uid}.{first_counter}"

    @property
    def is_done(self) -> bool:
        """Whether some worker has finished the unit."""
        return (self.done / RESULT).is_file()

    def claim(self) -> None:
        """Begin. Raises CountersTaken where somebody has begun with these counters before, whatever became of it."""
        claim = self._unfinished / CLAIMS / str(self._counter)
        try:
            os.close(os.open(claim, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        except FileExistsError:
            raise CountersTaken(f"counters from {self._counter} on are taken; allowed is a fresh range") from None
        self.path.mkdir()

    def finish(self, result: dict[str, Any]) -> None:
        """Bring all to stable storage and publish it; where another worker was first, its results stay."""
        write_json(self.path / RESULT, result)
        for file in (*self.path.rglob("*"), self.path):
            sync(file)
        try:
            self.path.rename(self.done)
        except OSError:
            if not self.is_done:
                raise
            self.drop()
        sync(self._unfinished)

    def drop(self) -> None:
        """Leave nothing of what was not finished."""
        shutil.rmtree(self.path, ignore_errors=True)


def write_json(file: Path, said: dict[str, Any]) -> None:
    """Write JSON for people and programs."""
    file.write_text(json.dumps(said, indent=2) + "\n")


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to stable storage."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
