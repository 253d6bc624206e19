"""What is kept of each test: every byte with its time, what the packets said, the faults with their seed, and figures."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hil.decoded_log import write_log
from link.transport import Capture, CapturedTransport, Transport

CAPTURE, LOG, FAULTS, STATISTICS = "link.pcapng", "packets.log", "faults.jsonl", "statistics.json"


class Artefacts:
    """The folder of one test.

    Parameters
    ----------
    folder
        made; emptied of what an earlier run of the same test left.
    test
        the test's name.
    run_seed
        of the run; the test's own follows from it and its name, so that it is the same whichever tests run besides.

    Attributes
    ----------
    folder, seed, figures
        as above; what `figure` was told.
    """

    def __init__(self, folder: Path, test: str, run_seed: int) -> None:
        self.folder, self._test = folder, test
        self.seed = zlib.crc32(f"{run_seed} {test}".encode())
        self.figures: dict[str, float] = {}
        self._tables: dict[str, Any] = {}
        self._capture: Capture | None = None
        folder.mkdir(parents=True, exist_ok=True)
        for name in (CAPTURE, LOG, FAULTS, STATISTICS):
            (folder / name).unlink(missing_ok=True)

    @property
    def fault_file(self) -> Path:
        """Where the schedule of link faults is written."""
        return self.folder / FAULTS

    def figure(self, name: str, value: float) -> None:
        """Keep a measured figure; its name ends with its unit."""
        self.figures[name] = value

    def note(self, name: str, table: Any) -> None:
        """Keep a table of counts, or whatever JSON can hold, under a name."""
        self._tables[name] = table

    def captured(self, open_link: Callable[[], Transport]) -> Callable[[], Transport]:
        """What opens the same link, with all of its bytes written down as this host reads and writes them."""

        def opened() -> Transport:
            transport = open_link()
            if self._capture is None:
                self._capture = Capture(self.folder / CAPTURE, transport.name)
            return CapturedTransport(transport, self._capture)

        return opened

    def close(self, about: dict[str, Any]) -> None:
        """Write what is still to be written; `about` says what ran where."""
        if self._capture is not None:
            self._capture.close()
            write_log(self.folder / CAPTURE, self.folder / LOG)
        written = {"test": self._test, "seed": self.seed, **about, "figures": self.figures, **self._tables}
        (self.folder / STATISTICS).write_text(json.dumps(written, indent=2) + "\n")
