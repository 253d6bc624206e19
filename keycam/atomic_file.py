"""Files and folders that are either whole or not there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class OutputError(ValueError):
    """A file or folder that cannot be written: the message is one sentence that names it and what is allowed."""


def make_folder(folder: Path, field: str) -> None:
    """Make `folder` and see that files can be made in it: before the work, not after it.

    `field` is the option that named it. Raises `OutputError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"{field} = {folder}: {_trouble(error)}; allowed is a folder that can be written") from error


@contextmanager
def folder_of_results(folder: Path, field: str) -> Iterator[None]:
    """`make_folder`; where the block fails or is interrupted, what this made of the path and is still empty is taken away."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]  # the innermost one first
    try:
        make_folder(folder, field)
        yield
    except BaseException:
        for each in made:
            with suppress(OSError):  # somebody has put something there
                each.rmdir()
        raise


@contextmanager
def whole_file(path: Path, field: str, *, private: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes the place of `path` when the block ends well, and vanishes otherwise.

    A private file is its owner's alone, from the beginning. `field` is the option that named it. Raises `OutputError` where
    the system does not let the file be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise _not_written(path, field, error) from error
    os.close(descriptor)
    unfinished = Path(name)
    try:
        yield unfinished
        unfinished.chmod(0o600 if private else 0o666 & ~_umask())
        unfinished.replace(path)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _not_written(path, field, error) from error
        raise


@contextmanager
def whole_folder(path: Path, field: str) -> Iterator[Path]:
    """Give an empty temporary folder beside `path`, which is not there or empty; otherwise as `whole_file`."""
    try:
        if path.exists() and any(path.iterdir()):
            raise OutputError(f"{field} = {path}: something is there already; allowed is a new folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{path.stem}-", dir=path.parent))
    except OSError as error:
        raise _not_written(path, field, error, "folder") from error
    try:
        yield unfinished
        unfinished.chmod(0o777 & ~_umask())
        unfinished.replace(path)
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if isinstance(error, OSError):
            raise _not_written(path, field, error, "folder") from error
        raise


def _not_written(path: Path, field: str, error: OSError, what: str = "file") -> OutputError:
    return OutputError(f"{field} = {path}: {_trouble(error)}; allowed is a {what} in a folder that can be written")


def _trouble(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "a file is in the place of a folder"
    if isinstance(error, IsADirectoryError):
        return "a folder is in the place of the file"
    return f"it cannot be written ({error.strerror or error})"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
