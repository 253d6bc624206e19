"""The side door of a camera model: its own faults, by lines of JSON on a Unix socket (docs/camera.md, "Breaking it")."""

import json
import socket
from pathlib import Path
from typing import Any

from hil.infrastructure import InfrastructureError

ANSWER_S = 10.0
_ALLOWED = "allowed is the socket that 'keycam camera --faults' made"


class SideDoor:
    """One such socket; each request opens it anew, so that a camera that was started again is reached as well.

    Parameters
    ----------
    path
        of the socket.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, said: dict[str, Any]) -> dict[str, int]:
        """Say one line; how often each fault took effect so far. Raises InfrastructureError where nobody answers it."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(ANSWER_S)
                connection.connect(str(self._path))
                connection.sendall(json.dumps(said).encode() + b"\n")
                with connection.makefile("rb") as answers:
                    answer = json.loads(answers.readline())
        except (OSError, ValueError) as error:
            raise InfrastructureError(f"side_door = {self._path}: nobody answers ({error}); {_ALLOWED}") from error
        if "error" in answer:
            raise ValueError(str(answer["error"]))
        happened: dict[str, int] = answer["happened"]
        return happened
