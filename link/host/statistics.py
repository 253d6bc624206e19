"""What happened on a link, counted by cause: no packet and no frame is lost without being in this table."""

import threading
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "bytes": "bytes that came",
        "packets": "packets that came undamaged",
        "packets_missing": "packets that the camera sent and that did not come undamaged, by its seq",
        "packets_overtaken": "packets that came after later ones",
        "frames_complete": "frames whose every byte came",
        "frames_verified": "frames whose tag, epoch and counter the receiver found right",
        "frames_lost": "frames of which a part never came",
        "frames_unused": "frames that came after the last one that was taken",
        "packets_unused": "packets of frames that came while none were taken",
        "resends_asked": "requests to send parts of a frame again",
        "commands": "commands that were answered",
        "sessions": "sessions that began",
    }
)
"""What became of things; each thing that went wrong is in FAULTS besides, once."""

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "crc": "packets with a wrong CRC-32",
        "cobs": "runs of bytes that are not in COBS",
        "short": "runs of bytes too short for a packet",
        "length": "packets whose length field is wrong",
        "version": "packets of another version",
        "oversized": "runs of bytes too long for a packet",
        "unknown": "packets of a type that hosts do not take",
        "malformed": "packets that are not of their type's form, or do not fit the rest of their frame",
        "duplicate": "packets of a frame that brought nothing new",
        "late": "packets of a frame that was closed",
        "early": "packets of a frame far from those that had begun",
        "too_large": "packets of a frame larger than the host takes",
        "scattered": "packets of a frame with too many gaps",
        "stale_session": "packets of a session that was over",
        "stray": "answers to no command under way",
        "auth": "sealed answers that are not from the camera of the session",
        "hint": "answers in clear to a sealed command, which anybody can forge",
        "gap": "frames of which a part had to be asked for again",
        "timeout": "frames given up, because what was missing did not come",
        "gone": "frames given up, because the camera no longer had them",
        "displaced": "frames given up, because later ones needed their place",
        "cut_off": "frames under way when their session ended",
        "overrun": "frames dropped whole, because the application did not take them",
        "command_repeated": "commands that were sent again",
        "command_lost": "commands that were never answered",
        "write_timeout": "writes that the other end did not take in time",
        "link_lost": "times that the port or the other end was gone",
        "silence": "sessions given up, because nothing came any more",
        "device_reset": "resets of the camera",
        "session_lost": "sessions that the camera had ended",
        "credit_renewed": "times that credit had gone astray with the frames it was for",
        "device": "frames of another camera",
        "client": "frames for another client",
        "epoch": "frames of another epoch",
        "policy": "frames of another readout policy",
        "geometry": "frames of another geometry",
        "replay": "frames whose counter had been seen",
        "tag": "frames whose tag is wrong",
    }
)
"""What went wrong. The last seven are the verdicts of the receiver."""
VERDICTS = ("device", "client", "epoch", "policy", "geometry", "replay", "tag")


class LinkStatistics:
    """Counts by cause, for one link over all of its sessions; any thread may count and read."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, cause: str, times: int = 1) -> None:
        """Count what happened. Raises ValueError for a cause that is not in OUTCOMES or FAULTS."""
        if cause not in FAULTS and cause not in OUTCOMES:
            raise ValueError(f"cause = {cause!r}: allowed is {', '.join((*OUTCOMES, *FAULTS))}")
        with self._lock:
            self._counts[cause] += times

    def __getitem__(self, cause: str) -> int:
        with self._lock:
            return self._counts[cause]

    @property
    def outcomes(self) -> dict[str, int]:
        """All outcomes, those that never came about with 0."""
        with self._lock:
            return {cause: self._counts[cause] for cause in OUTCOMES}

    @property
    def faults(self) -> dict[str, int]:
        """The faults that happened, by cause."""
        with self._lock:
            return {cause: self._counts[cause] for cause in FAULTS if self._counts[cause]}

    def as_json(self) -> dict[str, dict[str, int]]:
        """Both tables."""
        return {"outcomes": self.outcomes, "faults": self.faults}
