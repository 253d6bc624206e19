"""From camera to answers, session after session, while visitors change what they like."""

import statistics
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

from adc import RawFrame
from inference.choices import Keep
from inference.recording import RecordingWriter, recorded
from inference.stream import FrameResult, Stream, stream
from keycam.live.live_camera import LiveCamera, Session
from keycam.live.live_frame import LiveFrame
from keycam.live.meters import Latency, Rate
from keycam.live.networks import LiveNetworks
from keycam.live.settings import CAMERA_SETTINGS, LiveSettings, Value

Look = Callable[[LiveFrame], None]
QUEUE_FRAMES = {"latest": 1, "all": 4}
RECENT_FRAMES = 64
KEPT_EVERY = 6
"""One frame in so many is kept for the audit, which learns more from scenes that differ."""


class Pipeline:
    """Runs the network on a camera's frames until it is stopped or no more come.

    Parameters
    ----------
    camera
        Where frames come from.
    networks
        What answers.
    keep
        What happens to frames that the host is too slow for.
    look
        Is handed every frame that is wanted, in the thread that calls `run`.
    is_wanted
        Whether somebody would look at the next frame: otherwise nothing but the answer is made.
    writer
        Of a recording, or None.

    Attributes
    ----------
    latency
        From scene to answer.
    frames
        How many were answered for.
    """

    def __init__(
        self, camera: LiveCamera, networks: LiveNetworks, keep: Keep, look: Look, is_wanted: Callable[[], bool],
        writer: RecordingWriter | None = None,
    ) -> None:  # fmt: skip
        self.camera, self.networks = camera, networks
        self._keep, self._look, self._is_wanted, self._writer = keep, look, is_wanted, writer
        self.latency = Latency()
        self._began_s: float | None = None
        self._ended_s = 0.0
        self.frames = 0
        self._rate = Rate()
        self._stage_s: dict[str, deque[float]] = {}
        self._counted: dict[str, Counter[str]] = {"dropped": Counter(), "refused": Counter()}
        self._recent: deque[RawFrame] = deque(maxlen=RECENT_FRAMES)
        self._stopping = threading.Event()
        self._change = threading.Lock()
        self._session: Session | None = None
        self._stream: Stream | None = None

    @property
    def settings(self) -> LiveSettings:
        """As they are now."""
        return self.camera.settings

    def set(self, name: str, value: Value) -> None:
        """Change a setting. Raises ValueError for one that there is not, or that camera or recording do not allow."""
        with self._change:
            before = self.camera.settings
            settings = before.with_value(name, value)
            if settings == before:
                return
            if name in CAMERA_SETTINGS and name not in self.camera.takes:
                raise ValueError(f"{name} = {value}: the camera has its own; allowed is what it takes, {self._taken()}")
            if name == "policy":
                self._refuse_another_stream(f"policy = {value}")
            self.camera.set(settings)
            if name == "policy":
                self._end_session()

    def rotate(self) -> None:
        """Begin the next epoch. Raises ValueError where that is not possible."""
        with self._change:
            self._refuse_another_stream("rotate")
            self.camera.rotate()
            self._end_session()

    def stop(self) -> None:
        """End `run` after the frame that it is at, and let go of the camera; harmless when repeated, from any thread."""
        self._stopping.set()
        with self._change:
            self._end_session()
            results = self._stream
        self.camera.close()
        if results is not None:
            results.stop()

    def recent(self) -> tuple[Session | None, list[RawFrame]]:
        """The session of now, and frames that its link carried, the last ones, one in six."""
        with self._change:
            return self._session, list(self._recent)

    def statistics(self) -> dict[str, Any]:
        """What there is to say of the run so far, as JSON has it."""
        standing = self.camera.standing()
        dropped, refused = self._counts()
        return {
            "frames": self.frames,
            "policy": self.settings.policy,
            "shuffle": self.settings.shuffle,
            "frames_per_second": round(self._rate.per_second(perf_counter()), 1),
            "mean_frames_per_second": self._mean_rate(),
            "latency_ms": self.latency.percentiles_ms(),
            "recent_latency_ms": self.latency.recent_ms(),
            "stage_ms": {stage: round(1e3 * statistics.median(list(s)), 2) for stage, s in list(self._stage_s.items())},
            "dropped": standing.pop("dropped") | dropped,
            "refused": refused,
            "recorded": None if self._writer is None else self._writer.frames,
            "source_state": {"name": self.camera.name, **standing},
        }

    def run(self, most_frames: int | None = None) -> None:
        """Answer frame after frame. Raises what source, camera, network and recording break off with."""
        while self._session_answered(most_frames):
            pass

    def _session_answered(self, most_frames: int | None) -> bool:
        """Answer for the frames of one session; whether another one is to follow."""
        with self._change:
            session = self._session = self.camera.session()
            self._recent.clear()
        if self._stopping.is_set():
            return False
        self.networks.key(session.schedule, self.settings.shuffle)
        frames = self._recorded(self.camera.frames(session))
        with stream(
            frames, session.receiver, self.networks, settings=self.networks.settings, keep=self._keep,
            queue_frames=QUEUE_FRAMES[self._keep], corrections=self.networks.corrections,
        ) as results:  # fmt: skip
            self._stream = results
            try:
                for result in results:  # where the session was ended, also those that were on their way
                    self._answered(result, session)
                    if self._stopping.is_set() or self._is_done(most_frames):
                        break
                another = session.ended.is_set() and not self._stopping.is_set() and not self._is_done(most_frames)
            finally:
                session.end()
                self.camera.wake()
                results.stop()
                with self._change:
                    self._counted["dropped"].update(results.dropped)
                    self._counted["refused"].update(results.refused)
                    self._stream = None
        session.wipe()
        return another

    def _answered(self, result: FrameResult, session: Session) -> None:
        now_s = perf_counter()
        seen_s, raw = session.seen_s(result.counter), result.raw
        latency_s = now_s - seen_s
        self.latency.add(latency_s)
        self._began_s, self._ended_s = self._began_s or now_s, now_s
        self._rate.add(now_s)
        self.frames += 1
        for stage, seconds in {"camera": latency_s - sum(result.timings_s.values()), **result.timings_s}.items():
            self._stage_s.setdefault(stage, deque(maxlen=300)).append(seconds)
        if self.frames % KEPT_EVERY == 0:
            self._recent.append(raw)
        settings = self.settings
        self.networks.key(session.schedule, settings.shuffle)
        if not self._is_wanted():
            return
        networks = self.networks
        self._look(
            LiveFrame(
                raw,
                result.answer,
                networks.misread(raw, session.wrong),
                networks.plain(raw, session.schedule) if settings.compare else None,
                networks.restored(raw, session.schedule) if settings.reveal else None,
                seen_s,
                latency_s,
                result.timings_s,
            )
        )

    def _recorded(self, frames: Iterator[RawFrame]) -> Iterable[RawFrame]:
        return frames if self._writer is None else recorded(frames, self._writer)

    def _is_done(self, most_frames: int | None) -> bool:
        return most_frames is not None and self.frames >= most_frames

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.end()
        self.camera.wake()

    def _refuse_another_stream(self, what: str) -> None:
        if self._writer is not None:
            raise ValueError(f"{what}: the recording {self._writer.path} is of one key and policy; allowed is without --record")

    def _mean_rate(self) -> float | None:
        """Frames a second from the first answer to the last."""
        if self._began_s is None or self.frames < 2:
            return None
        return round((self.frames - 1) / (self._ended_s - self._began_s), 2)

    def _taken(self) -> str:
        return ", ".join(sorted(self.camera.takes))

    def _counts(self) -> tuple[dict[str, int], dict[str, int]]:
        with self._change:
            dropped, refused = Counter(self._counted["dropped"]), Counter(self._counted["refused"])
            if self._stream is not None:
                dropped.update(self._stream.dropped)
                refused.update(self._stream.refused)
        return dict(dropped), dict(refused)
