"""The simulator's side door: faults are injected through a socket of the file system, never over the camera's link."""

import contextlib
import json
import os
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware_model.device_faults import FAULT_NAMES, DeviceFault, DeviceFaults

MOST_LINE_BYTES = 4096
_SLICE_S = 0.2


class FaultSocketError(ValueError):
    """A place where no socket can be made: the message names it and what is allowed."""


class FaultSocket:
    """Takes lines of JSON on a Unix socket that only its owner can reach, and answers each by one.

    `{"fault": "brown_out", "after": 3}` injects a fault (see `DeviceFault`), `{"clear": "worn_flash"}` ends a lasting one,
    `{"clear": "all"}` every one. The answer is `{"happened": {...}}`, how often each fault took effect so far, or
    `{"error": "..."}`; any other object is answered so too. A board has no such door.

    Parameters
    ----------
    path
        where the socket is made; what an earlier camera left there is replaced.
    faults
        what it switches.

    Raises FaultSocketError where it cannot be made.
    """

    def __init__(self, path: Path, faults: DeviceFaults) -> None:
        self._path, self._faults = path, faults
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
            raise FaultSocketError(f"faults = {path}: {trouble}; allowed is a new path of up to 100 bytes") from error
        self._socket.listen(2)
        self._socket.settimeout(_SLICE_S)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="camera-faults", daemon=True)
        self._thread.start()

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
            try:
                data = connection.recv(MOST_LINE_BYTES)
            except TimeoutError:
                continue
            if not data:
                return
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                connection.sendall(json.dumps(self._answer(line)).encode() + b"\n")
            if len(waiting) > MOST_LINE_BYTES:
                return

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            said = json.loads(line)
            if not isinstance(said, dict):
                raise ValueError(f"line = {line[:40]!r}: allowed is a JSON object")
            if "clear" in said:
                self._clear(said["clear"])
            elif said:
                self._faults.inject(DeviceFault.from_json(said))
        except (ValueError, RecursionError) as error:
            return {"error": str(error)}
        return {"happened": dict(self._faults.happened)}

    def _clear(self, name: Any) -> None:
        if name != "all" and name not in FAULT_NAMES:
            raise ValueError(f"clear = {name!r}: allowed is all, {', '.join(FAULT_NAMES)}")
        self._faults.clear(None if name == "all" else name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
