"""A camera model as a process of its own, for a command that needs one for as long as it runs."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_S = 180.0
"""The first start after an installation compiles the camera's kernels."""
END_S = 10.0


class CameraNotStarted(ValueError):
    """The camera's process ended before it listened; the message is what it said."""


@contextmanager
def camera_process(
    link: str,
    key: Path,
    *,
    policy: str = "secure",
    source: str = "photographs",
    views: int = 120,
    seed: int = 0,
    baud: int | None = None,
    faults: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Run `keycam camera` beside the block; what it says of itself once it listens, with its `link`, and its `pid`.

    Raises CameraNotStarted with its own sentence where it refuses.
    """
    line = [
        sys.executable, "-m", "keycam", "camera", "--link", link, "--key", str(key), "--policy", policy, "--source", source,
        "--views", str(views), "--seed", str(seed), "--json",
    ]  # fmt: skip
    line += [] if baud is None else ["--baud", str(baud)]
    line += [] if faults is None else ["--faults", str(faults)]
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as camera:
        assert camera.stdout is not None and camera.stderr is not None
        said: list[bytes] = []
        listener = threading.Thread(target=said.extend, args=(camera.stderr,), name="keycam-camera", daemon=True)
        listener.start()
        impatient = threading.Timer(START_S, camera.kill)
        impatient.start()
        try:
            first = camera.stdout.readline()
            impatient.cancel()
            if not first:
                camera.wait()
                listener.join(END_S)
                raise CameraNotStarted(_last_words(said))
            yield {**json.loads(first), "pid": camera.pid}
        finally:
            impatient.cancel()
            camera.terminate()
            try:
                camera.wait(END_S)
            except subprocess.TimeoutExpired:
                camera.kill()
            listener.join(END_S)


def _last_words(said: list[bytes]) -> str:
    lines = [line.decode(errors="replace").strip() for line in said]
    spoken = [line.removeprefix("keycam: ") for line in lines if line]
    return spoken[-1] if spoken else f"camera: it did not listen within {START_S:g} s; allowed is a machine that is less busy"
