"""The simulator's side doors: lines of JSON through a socket of the file system, never over the camera's link."""

import contextlib
import json
import os
import select
import socket
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MOST_LINE_BYTES = 4096
_SLICE_S = 0.2


class SideDoorError(ValueError):
    """A place where no socket can be made: the message names it and what is allowed."""


class SideDoor(ABC):
    """A Unix socket that only its owner can reach; each line, a JSON object, is answered by one. A board has no such door.

    What cannot be done is answered by `{"error": "..."}`.

    Parameters
    ----------
    path
        where the socket is made; what an earlier camera left there is replaced.
    option
        which option named it.
    most_line_bytes
        who sends a longer line is hung up on.

    Raises SideDoorError where it cannot be made.
    """

    is_exclusive = False
    """Whether a second client is refused, and not kept waiting until the first one hangs up."""

    def __init__(self, path: Path, option: str, most_line_bytes: int = MOST_LINE_BYTES) -> None:
        self._path, self._most_line_bytes = path, most_line_bytes
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if path.is_socket():
                path.unlink()
            before = os.umask(0o177)
            try:
                self._socket.bind(str(path))
            finally:
                os.umask(before)
        except OSError as error:
            self._socket.close()
            trouble = "the path is too long" if error.errno is None else error.strerror
            raise SideDoorError(f"{option} = {path}: {trouble}; allowed is a new path of up to 100 bytes") from error
        self._socket.listen(2)
        self._socket.settimeout(_SLICE_S)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"camera-{option}", daemon=True)
        self._thread.start()

    @abstractmethod
    def answer(self, said: dict[str, Any]) -> dict[str, Any]:
        """Do what an object asks for, and say how things stand. Raises ValueError for what cannot be done."""

    def close(self) -> None:
        """Remove the socket and end its thread; harmless when repeated."""
        self._closing.set()
        self._thread.join()
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._socket.accept()
                with connection:
                    connection.settimeout(_SLICE_S)
                    self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        waiting = b""
        while not self._closing.is_set():
            calling = [connection, self._socket] if self.is_exclusive else [connection]
            ready, _, _ = select.select(calling, [], [], _SLICE_S)
            # Whoever hung up is heard before the next one is refused for it.
            if connection not in ready:
                if ready:
                    self._refuse_another()
                continue
            data = connection.recv(65536)
            if not data:
                return
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                connection.sendall(json.dumps(self._answered(line)).encode() + b"\n")
            if len(waiting) > self._most_line_bytes:
                return

    def _refuse_another(self) -> None:
        with contextlib.suppress(OSError):
            another, _ = self._socket.accept()
            with another:
                another.settimeout(_SLICE_S)
                with contextlib.suppress(TimeoutError):
                    another.recv(65536)  # hung up on with its question unread, it would not hear why
                another.sendall(json.dumps({"error": "another client is using it"}).encode() + b"\n")

    def _answered(self, line: bytes) -> dict[str, Any]:
        try:
            said = json.loads(line)
            if not isinstance(said, dict):
                raise ValueError(f"line = {line[:40]!r}: allowed is a JSON object")
            return self.answer(said)
        except (ValueError, RecursionError, OverflowError) as error:
            return {"error": str(error)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
