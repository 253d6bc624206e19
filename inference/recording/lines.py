"""JSON lines that say whether they are whole: the last member of each is a CRC-32 of what stands before it."""

import json
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

MOST_BYTES = 1024
"""More than any line of ours has, so that no file, whoever wrote it, makes a reader keep more."""
_DECODER = json.JSONDecoder()
_SEAL = b',"line_crc32":"'


def sealed(said: dict[str, Any]) -> bytes:
    """`said` as one line, ASCII without spaces, with its CRC-32 and its end."""
    body = json.dumps(said, separators=(",", ":"))[:-1].encode("ascii")
    return body + _SEAL + _closing(body)


def opened(line: bytes) -> dict[str, Any] | None:
    """What `sealed` made a line of, without its CRC-32; None for a line that is not whole or not of that form."""
    body, found, closing = line.rpartition(_SEAL)
    if not found or closing != _closing(body):
        return None
    try:
        text = body.decode("ascii") + "}"
        said, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return said if end == len(text) and isinstance(said, dict) else None


def whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file that have their end; `file.tell()` is behind the one that was given last.

    Of a line longer than MOST_BYTES, which `opened` refuses anyway, only the beginning is given.
    """
    while line := file.readline(MOST_BYTES):
        end = line
        while end and not end.endswith(b"\n"):
            end = file.readline(MOST_BYTES)
        if not end:
            return
        yield line


def _closing(body: bytes) -> bytes:
    return b'%08x"}\n' % zlib.crc32(body)
