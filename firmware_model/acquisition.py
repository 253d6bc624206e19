"""The capture thread of one stream: exposes in time or when triggered, and fills the frame store."""

import math
import threading
import time
from collections.abc import Callable
from typing import cast

from adc import RawFrame
from firmware_model.camera import Camera
from firmware_model.credit_line import CreditLine
from firmware_model.device_settings import DeviceSettings
from firmware_model.device_statistics import DeviceStatistics
from firmware_model.frame_store import FrameStore
from firmware_model.surroundings import Surroundings
from firmware_model.test_patterns import TestPattern
from link.outgoing import OutgoingFrame
from link.samples import SampleFormat

MOST_TRIGGERS = 4
"""Triggers that may wait, one for each frame that may."""


class Acquisition:
    """One stream, from its start to `stop`.

    Before each frame it looks whether the store has room and the host has given credit; where not, the whole frame is dropped
    and counted, no frame counter is used for it and the scene waits for the next one.

    Parameters
    ----------
    camera, surroundings
        make the frames; the camera is used by this thread alone until `stop`.
    store, credit
        take them.
    settings
        trigger mode, test pattern and sample format, which do not change while a stream runs.
    frame_time_s
        says how far two frames are apart, in s, and is asked before each.
    session
        number of the session whose stream it is.
    uptime_ns
        the clock of timestamps.
    statistics
        counts frames.

    Attributes
    ----------
    error
        what ended the thread before `stop`, or None.
    """

    def __init__(
        self,
        camera: Camera,
        surroundings: Surroundings,
        store: FrameStore,
        credit: CreditLine,
        settings: DeviceSettings,
        *,
        frame_time_s: Callable[[], float],
        session: int,
        uptime_ns: Callable[[], int],
        statistics: DeviceStatistics,
    ) -> None:
        self._camera, self._surroundings, self._settings = camera, surroundings, settings
        self._store, self._credit = store, credit
        self._frame_time_s, self._session, self._uptime_ns, self._statistics = frame_time_s, session, uptime_ns, statistics
        self._format = SampleFormat[settings.sample_format.upper()]
        self._triggers = 0
        self._begun_s = -math.inf
        self._news = threading.Condition()
        self._stopping = False
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="camera-capture", daemon=True)
        self._thread.start()

    def trigger(self) -> bool:
        """Ask for one frame; whether the camera takes the trigger, as no more than four wait."""
        with self._news:
            if self._triggers >= MOST_TRIGGERS:
                return False
            self._triggers += 1
            self._news.notify()
            return True

    def reconsider(self) -> None:
        """The time between two frames has changed: a frame that is waited for may be due by now."""
        with self._news:
            self._news.notify()

    def stop(self) -> None:
        """End the stream after the frame under way, which may take as long as an exposure of the simulation."""
        with self._news:
            self._stopping = True
            self._news.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._is_time():
                self._take_frame()
        except Exception as error:  # told to the main loop, which knows what it means for the camera
            self.error = error

    def _is_time(self) -> bool:
        """Wait for the next frame; False when the stream is to end."""
        with self._news:
            if self._settings.trigger_mode == "software":
                self._news.wait_for(lambda: self._stopping or self._triggers)
                self._triggers = max(self._triggers - 1, 0)
            while not self._stopping:
                frame_time_s, now_s = self._frame_time_s(), time.monotonic()
                due_s = self._begun_s + frame_time_s
                if due_s <= now_s:
                    # A frame that comes late by more than another's time does not make the next ones come faster.
                    self._begun_s = due_s if now_s - due_s < frame_time_s else now_s
                    return True
                self._news.wait(due_s - now_s)
            return False

    def _take_frame(self) -> None:
        if not self._store.has_room:
            self._statistics.count("frames_dropped_link")
        elif not self._credit.take():
            self._statistics.count("frames_dropped_credit")
        else:
            began_ns = self._uptime_ns()
            try:
                raw = self._captured()
            except Exception:
                self._credit.give_back(1)
                raise
            frame = OutgoingFrame.of(
                raw, session=self._session, frame_id=0, timestamp_ns=began_ns, sample_format=self._format
            )  # fmt: skip
            self._statistics.count("frames_exposed")
            self._store.put(frame)

    def _captured(self) -> RawFrame:
        if self._settings.test_pattern != "off":
            return self._camera.capture_pattern(cast(TestPattern, self._settings.test_pattern))
        return self._surroundings.captured_by(self._camera)
