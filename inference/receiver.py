"""The host's gate: a frame that is not authentic, not new or not from this camera never reaches the network."""

from collections import Counter
from typing import Literal

from adc import FrameError, FrameKey, Geometry, KeySchedule, RawFrame, TagError

Cause = Literal["device", "client", "epoch", "policy", "geometry", "replay", "tag"]


class FrameRefused(FrameError):
    """A frame was refused; `cause` says by which check, `counter` which frame it claimed to be."""

    def __init__(self, cause: Cause, counter: int, reason: str) -> None:
        super().__init__(f"frame {counter} refused ({cause}): {reason}")
        self.cause = cause
        self.counter = counter


class Receiver:
    """Accepts the frames of one camera in one live session or one recording, and derives their keys.

    Parameters
    ----------
    schedule
        the camera's key schedule: its device, client, epoch and policy are the only ones accepted.
    live
        True for a session with a camera, False for one recording. In both, counters must rise.
    geometry
        the array that frames must have; None takes that of the first authentic frame.
    after_counter
        the highest counter accepted in earlier live sessions: what a replay of those is found by. A recording has none.

    Attributes
    ----------
    refused
        how many frames were refused, by cause.
    last_counter
        the counter of the last accepted frame, or `after_counter` before the first.

    Raises
    ------
    ValueError
        if `after_counter` is given for a recording, or is negative.
    """

    def __init__(
        self,
        schedule: KeySchedule,
        live: bool = True,
        *,
        geometry: Geometry | None = None,
        after_counter: int | None = None,
    ) -> None:
        if after_counter is not None and not (live and after_counter >= 0):
            raise ValueError(f"after_counter = {after_counter}: allowed is 0 or more in a live session, None for a recording")
        self.refused: Counter[Cause] = Counter()
        self.last_counter = after_counter
        self._schedule = schedule
        self._live = live
        self._geometry = geometry

    def accept(self, raw: RawFrame) -> FrameKey:
        """Return the key of an authentic new frame.

        Raises
        ------
        FrameRefused
            with the first check that fails, of: device, client, epoch, policy, geometry, replay, tag.
        """
        header, schedule = raw.header, self._schedule
        if header.device != schedule.device:
            raise self._refusal("device", raw, f"device {header.device!r}, expected {schedule.device!r}")
        if header.client != schedule.client:
            raise self._refusal("client", raw, f"a frame for client {header.client!r}, expected {schedule.client!r}")
        if header.epoch != schedule.epoch:
            raise self._refusal("epoch", raw, f"epoch {header.epoch}, expected {schedule.epoch}")
        if header.policy != schedule.policy:
            raise self._refusal("policy", raw, f"{header.policy}, expected {schedule.policy}")
        if self._geometry is not None and header.geometry != self._geometry:
            raise self._refusal("geometry", raw, f"{header.geometry}, expected {self._geometry}")
        if self.last_counter is not None and header.counter <= self.last_counter:
            kind = "a live session takes no frame twice" if self._live else "the counters of a recording must rise"
            raise self._refusal("replay", raw, f"counter {header.counter} after {self.last_counter}; {kind}")
        frame_key = schedule.frame_key(header.counter, header.geometry)
        try:
            raw.verify(frame_key)
        except TagError as error:
            raise self._refusal("tag", raw, str(error)) from error
        # Only an authentic frame moves the window: a forged counter must not lock the camera out.
        self._geometry = header.geometry
        self.last_counter = header.counter
        return frame_key

    def _refusal(self, cause: Cause, raw: RawFrame, reason: str) -> FrameRefused:
        self.refused[cause] += 1
        return FrameRefused(cause, raw.header.counter, reason)
