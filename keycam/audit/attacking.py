"""The attacker's process, as seen from here: it is handed files of what was seen, and hands back files of what it found."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

import numpy as np

from keycam.audit.case import Arrays

_ENVIRONMENT = {
    # OpenMP's threads wait actively for one another: on a machine whose cores have other work too, two take five times as long
    # as one. The attacks that last spread over the cores by themselves.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # As `keep_freed_memory` says, where the C library is glibc.
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
    "MALLOC_ARENA_MAX": "1",
}


class Attacker:
    """A process that tries attacks one after another; to be used in a `with` block, which ends it.

    Parameters
    ----------
    seed
        Of all that the attacks draw at random.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._tried = 0
        self._folder = tempfile.TemporaryDirectory(prefix="keycam-audit-")
        given, found = Path(self._folder.name) / "seen", Path(self._folder.name) / "found"
        given.mkdir()
        found.mkdir()
        self._given, self._found = given, found
        self._process = subprocess.Popen(
            [sys.executable, "-m", "privacy.attacker", str(given), str(found)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **_ENVIRONMENT},
            start_new_session=True,  # Ctrl-C is for the audit, which ends it without a word
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with self._process:  # waits, and closes the pipes
            pass
        self._folder.cleanup()

    def kill(self) -> None:
        """End what it tries now, which then raises RuntimeError; from any thread."""
        self._process.kill()

    def tries(self, attack: str, given: Arrays) -> Arrays:
        """What the attack of this name finds in what it is given."""
        name = f"{self._tried:03}.npz"
        self._tried += 1
        task = json.dumps({"attack": attack, "seed": self._seed})
        np.savez(self._given / name, **given, task=task)  # type: ignore[arg-type]
        if not self._answers(name):
            code = self._process.wait()
            raise RuntimeError(f"the attacker's process ended with exit code {code} while it tried {attack}")
        (self._given / name).unlink()
        with np.load(self._found / name) as found:
            return {field: found[field] for field in found.files}

    def _answers(self, name: str) -> bool:
        """Whether the process has done its work on a file."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(name, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            return False
        return self._process.stdout.readline().strip() == name
