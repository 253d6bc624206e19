"""A stream that is watched: every frame compared with the model's, every counter followed, every loss asked for its cause."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from adc import RawFrame
from firmware_model.test_patterns import TestPattern, pattern_codes
from hil.awake import AwakeTimer
from hil.board_keys import schedule_of
from inference.receiver import FrameRefused
from keycam.link_receiver import LinkReceiver
from link.host import VERDICTS, CameraLink, FrameStream, LinkKey
from link.register import Value

PATTERN: TestPattern = "ramp"
FRAME: dict[str, Value] = {
    "height": 32, "width": 32, "test_pattern": PATTERN, "payload_bytes": 256, "frame_rate_hz": 1000.0, "exposure_s": 1e-4,
}  # fmt: skip
IN_FLIGHT = 8
"""Frames that may be on their way, or wait at either end, when a session ends."""
SESSION_ENDS = ("link_lost", "silence", "device_reset", "session_lost")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class WatchedStream:
    """Frames of a test pattern through a link, judged as an application judges them, and then as nobody else can.

    Parameters
    ----------
    link
        opened with the client's key; it is set up.
    key
        that key.
    patience_s
        how long the next verified frame may take.

    Attributes
    ----------
    verified, false_frames, repeated
        frames that were let in; those of them that are not the model's; those whose counter was not above all before.
    hangs
        how often no frame came in time.
    missed
        counters that were passed over between frames that were let in.
    boots
        how often counters went on behind a reserve, as those of another boot do: nothing was lost there.
    last
        counter of the last verified frame, or -1.
    """

    def __init__(self, link: CameraLink, key: LinkKey, patience_s: float) -> None:
        self._link, self._patience_s = link, patience_s
        for name, value in FRAME.items():
            link.write(name, value)
        self._schedule = schedule_of(key, str(link.read("readout_policy")))
        self._receiver = LinkReceiver(self._schedule, link)
        self.verified = self.false_frames = self.repeated = self.hangs = 0
        self.missed = self.boots = 0
        self.last = -1
        self._stream: FrameStream | None = None

    def begin(self) -> None:
        """Let the camera stream."""
        self._stream = self._link.frames()

    def end(self) -> None:
        """Let it stop."""
        if self._stream is not None:
            self._stream.stop()
            self._stream = None

    def next(self) -> int | None:
        """The counter of the next frame that is let in; None where none came in time, which is a hang."""
        assert self._stream is not None
        timer = AwakeTimer(self._patience_s, self._stream.stop)
        try:
            for raw in self._stream:
                if self._is_let_in(raw):
                    return self.last
        finally:
            timer.cancel()
        self.hangs += 1
        self.begin()
        return None

    def counters(self, count: int) -> Iterator[int]:
        """The counters of so many frames that are let in; fewer where it hangs."""
        for _ in range(count):
            counter = self.next()
            if counter is not None:
                yield counter

    @property
    def explained(self) -> int:
        """How many frames may be missing for the causes that were counted so far."""
        statistics = self._link.statistics
        refused = sum(statistics[verdict] for verdict in VERDICTS)
        lost = statistics["frames_lost"] + statistics["frames_unused"] + statistics["overrun"]
        return refused + lost + IN_FLIGHT * sum(statistics[end] for end in SESSION_ENDS)

    def _is_let_in(self, raw: RawFrame) -> bool:
        try:
            frame_key = self._receiver.accept(raw)
        except FrameRefused:
            return False
        try:
            header = raw.header
            raster = raw.restore(frame_key)
        finally:
            frame_key.wipe()
        self.verified += 1
        self.repeated += header.counter <= self.last
        self.false_frames += not np.array_equal(raster, pattern_codes(PATTERN, header.geometry, header.counter))
        self._follow(header.counter)
        return True

    def _follow(self, counter: int) -> None:
        passed_over = max(counter - self.last - 1, 0) if self.last >= 0 else 0
        self.last = counter
        # A camera takes counters from its store in blocks, and after a reset begins behind the last one.
        if passed_over > IN_FLIGHT and self.boots < self._link.statistics["device_reset"]:
            self.boots += 1
        else:
            self.missed += passed_over


def resident_mb() -> float:
    """Memory of this process, MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / 1e6
