"""Frames between the camera and their results: what is remembered of each until the network has answered."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from adc import KeySchedule, RawFrame
from inference.isp import IspSettings, isp
from inference.stream import FrameResult
from keycam.camera_corrections import UNCORRECTED, CameraCorrections


class Seen(NamedTuple):
    """A frame and what was seen in it.

    Attributes
    ----------
    number, time_s
        Its place in the footage, and when it is shown there.
    result
        What the network says.
    picture
        float32 (3, h, w) in 0..1, what the key holder restores; None where it is not to be revealed.
    """

    number: int
    time_s: float
    result: FrameResult
    picture: NDArray[np.float32] | None


class FramesInFlight:
    """Remembers frames by their counters.

    Parameters
    ----------
    schedule
        Their keys.
    display
        How they are developed where they are to be revealed; None keeps no frame.
    corrections
        Of their camera, for that.
    """

    def __init__(self, schedule: KeySchedule, display: IspSettings | None, corrections: CameraCorrections = UNCORRECTED) -> None:
        self._schedule, self._display, self._corrections = schedule, display, corrections
        self._known: dict[int, tuple[int, float, float | None, RawFrame | None]] = {}

    def add(self, raw: RawFrame, number: int, time_s: float, camera_s: float | None = None) -> None:
        """A frame sets out; `camera_s` is how long the camera took to make it."""
        self._known[raw.header.counter] = (number, time_s, camera_s, None if self._display is None else raw)

    def seen(self, result: FrameResult) -> Seen:
        """Its result is there; frames before it that had none were refused, and are forgotten."""
        for counter in list(self._known):
            number, time_s, camera_s, raw = self._known.pop(counter)
            if counter == result.counter:
                break
        timings_s = result.timings_s if camera_s is None else {"camera": camera_s, **result.timings_s}
        picture = None
        if raw is not None and self._display is not None:
            frame_key, maps = self._schedule.frame_key(counter, raw.header.geometry), self._corrections.of_frame(raw.header)
            picture = isp(raw, frame_key, self._display, maps).restore()
        return Seen(number, time_s, replace(result, timings_s=timings_s), picture)
