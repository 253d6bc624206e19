"""Makes the folder of a recording, or opens one that is there to go on with it: held by one writer at a time."""

import fcntl
from dataclasses import dataclass
from pathlib import Path

from adc import FrameHeader
from inference.recording.appended import AppendedFile, sync_folder
from inference.recording.errors import RecordingError
from inference.recording.index import INDEX_NAME, TITLE
from inference.recording.reader import Recording


@dataclass(frozen=True, eq=False)
class Opened:
    """An index to be written to, and what must be known of what is there already.

    Attributes
    ----------
    index
        The index, with a title and no broken line at its end.
    next_chunk
        The first number that no chunk has.
    first_header
        The header of the first frame, or None before there is one.
    """

    index: AppendedFile
    next_chunk: int
    first_header: FrameHeader | None


def open_index(folder: Path, append: bool) -> Opened:
    """Make a recording, or with `append` go on with one if it is there. Raises RecordingError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not _is_fresh(folder):
            if not append:
                raise _taken(folder)
            if not (folder / INDEX_NAME).is_file():
                Recording(folder)  # which says that it is none, before anything is made in it
        index = AppendedFile(folder / INDEX_NAME)
        try:
            fcntl.flock(index, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not append and index.size_bytes:
                raise _taken(folder)
            return _continued(folder, index)
        except BaseException:
            index.close()
            raise
    except BlockingIOError as error:
        allowed = "allowed is one writer at a time"
        raise RecordingError(f"recording = {folder}: another process or thread is writing it; {allowed}") from error
    except (FileExistsError, NotADirectoryError) as error:
        allowed = "allowed is a new folder"
        raise RecordingError(f"recording = {folder}: a file is in the place of a folder; {allowed}") from error
    except OSError as error:
        allowed = "allowed is a folder that can be written, on a disk with room"
        raise RecordingError(f"recording = {folder}: it cannot be written ({error.strerror}); {allowed}") from error


def _is_fresh(folder: Path) -> bool:
    # Nothing but an empty index is all that may be left of a writer that was stopped at its very beginning.
    return all(entry.name == INDEX_NAME and not entry.stat().st_size for entry in folder.iterdir())


def _continued(folder: Path, index: AppendedFile) -> Opened:
    # Read anew, as another writer may have ended meanwhile.
    there = Recording(folder)
    first_header = there.first_header
    if len(there) and first_header is None:
        trouble = f"none of its {len(there)} frames can be read, so that nobody knows what belongs to it"
        raise RecordingError(f"recording = {folder}: {trouble}; allowed is a new folder")
    # A line without its end is of a frame that was broken off; one more behind it would be lost with it.
    index.cut(there.index.whole_bytes)
    if not there.index.whole_bytes:
        index.append([TITLE])
        index.sync()
        sync_folder(folder)
        sync_folder(folder.parent)
    return Opened(index, 1 + max(there.chunk_sizes, default=-1), first_header)


def _taken(folder: Path) -> RecordingError:
    allowed = "allowed is a new folder, or append where it is a recording of the same camera"
    return RecordingError(f"recording = {folder}: something is there already; {allowed}")
