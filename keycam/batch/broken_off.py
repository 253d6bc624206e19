"""Whether a video file was broken off: its container says that it is longer than what is in it."""

from typing import Any

STATING = ("matroska", "flv")
"""Containers that say at their beginning how long they are and are read even where their end is missing."""
LEAST_S = 0.1
"""What is missing at least before a file is blamed: containers round, and coders of sound pad."""
GUESSED = 0.05
"""How near FFmpeg's guess of a duration comes to that from the whole file's size, as a share: headers count in the one only."""


class Reach:
    """How far the packets of a file reach.

    A file is blamed only for more than the longest time between two packets of a track: the last picture of a video with a
    varying rate may be shown for as long, and not every container says so.
    """

    def __init__(self) -> None:
        self._end_s, self._longest_s = 0.0, 0.0
        self._last_s: dict[int, float] = {}

    def add(self, packet: Any) -> None:
        """Count a packet of any track."""
        if not packet.size or packet.time_base is None:
            return
        ticks = packet.dts if packet.pts is None else packet.pts
        if ticks is not None:
            self._end_s = max(self._end_s, float((ticks + (packet.duration or 0)) * packet.time_base))
        if packet.dts is not None:  # rises from packet to packet, as times of showing do not
            track, at_s = packet.stream.index, float(packet.dts * packet.time_base)
            self._longest_s = max(self._longest_s, at_s - self._last_s.get(track, at_s))
            self._last_s[track] = at_s

    def shortfall(self, container: Any) -> str | None:
        """What is there of how much, in words; None where nothing is missing or the file does not say how long it is."""
        stated_s = (container.duration or 0) / 1e6
        does_state = any(name in container.format.name for name in STATING) and not _is_guessed(container, stated_s)
        if not does_state or stated_s <= self._end_s + max(self._longest_s, LEAST_S):
            return None
        return f"{self._end_s:.2f} of {stated_s:.2f} s are there"


def _is_guessed(container: Any, stated_s: float) -> bool:
    """Whether FFmpeg may have worked the duration out from the file's size: it does where the file says bit rates only."""
    rate = sum(getattr(track.codec_context, "bit_rate", None) or 0 for track in container.streams)
    return bool(rate) and abs(8 * container.size / rate - stated_s) < GUESSED * stated_s
