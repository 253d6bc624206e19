"""The streaming stage: frames in, results out, while the next frames are being captured and developed."""

import threading
import weakref
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import NamedTuple, Self, get_args

import numpy as np

from adc import FrameHeader, RawFrame
from inference.answers import ClassAnswer, MaskAnswer, Network, answer_of
from inference.bounded_queue import BoundedQueue, QueueFinished
from inference.choices import Keep
from inference.isp import Corrections, IspSettings, KeyedImage, isp
from inference.receiver import FrameRefused, Receiver

CorrectionsOf = Callable[[FrameHeader], Corrections | None]
"""What calibration knows of the camera of a frame, given its header: None where that is nothing.

Raises ValueError for a frame that it does not fit, which ends a stream, or CorrectionsRefused, and the stream goes on without it.
"""
CORRECTIONS_REFUSED = "corrections"
"""The cause under which a stream counts such frames, beside those of `Receiver`."""

SOURCE_GRACE_S = 2.0
"""How long `stop` waits for a source that is busy; its daemon thread ends by itself when the source returns."""


class CorrectionsRefused(ValueError):
    """The corrections do not fit a frame, which is refused: one sentence that names the field, its value and what is allowed."""


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What the network says of one frame.

    Attributes
    ----------
    counter
        the frame's counter.
    answer
        a class for all of it, or a mask with a class for each pixel, as the network is one or the other.
    timings_s
        seconds spent in each stage: wait (in queues), key_and_verify, isp, network. They add up to the time from the
        frame's arrival on the host to its result.
    raw
        the frame as it came.
    """

    counter: int
    answer: ClassAnswer | MaskAnswer
    timings_s: dict[str, float]
    raw: RawFrame


class _Arrival(NamedTuple):
    raw: RawFrame
    arrived_s: float


class _Picture(NamedTuple):
    raw: RawFrame
    image: KeyedImage
    timings_s: dict[str, float]
    ready_s: float


class Stream(Iterator[FrameResult]):
    """An iterator of results, in the frames' order; one thread takes frames, one checks and develops them.

    The network runs in the thread that iterates. An exception of the source, of the image signal processor or of the
    network comes out of the iterator, those of the first two after the results of the frames before it; then the stream
    is at its end. Use it as a context manager, or call `stop`: at any moment, from any thread, more than once.

    Parameters are those of `stream`.
    """

    def __init__(
        self,
        frames: Iterable[RawFrame],
        receiver: Receiver,
        network: Network,
        *,
        settings: IspSettings,
        keep: Keep = "all",
        queue_frames: int = 4,
        corrections: CorrectionsOf | None = None,
    ) -> None:
        if keep not in get_args(Keep):
            raise ValueError(f"keep = {keep!r}: allowed is {' or '.join(get_args(Keep))}")
        if not isinstance(queue_frames, int) or queue_frames < 1:
            raise ValueError(f"queue_frames = {queue_frames}: allowed is 1 or more")
        self._network = network
        self._stopped = False
        self._refused: Counter[str] = Counter()
        self._arrivals: BoundedQueue[_Arrival] = BoundedQueue(queue_frames, drop_oldest=keep == "latest")
        self._pictures: BoundedQueue[_Picture] = BoundedQueue(queue_frames, drop_oldest=keep == "latest")
        self._capturing = threading.Thread(target=_capture, args=(frames, self._arrivals), name="keycam-capture", daemon=True)
        self._developing = threading.Thread(
            target=_develop,
            args=(self._arrivals, self._pictures, receiver, settings, corrections, self._refused),
            name="keycam-isp",
            daemon=True,
        )
        # The threads hold the queues but not this object, so a stream that is simply forgotten also ends them.
        weakref.finalize(self, _abandon, self._arrivals, self._pictures)
        self._capturing.start()
        self._developing.start()

    @property
    def refused(self) -> dict[str, int]:
        """How many frames were refused so far, by cause: those of `Receiver`, and "corrections" for one that these do not fit."""
        return dict(self._refused)

    @property
    def dropped(self) -> dict[str, int]:
        """How many frames gave way to newer ones so far, by what was busy: isp_busy, network_busy."""
        counts = {"isp_busy": self._arrivals.dropped, "network_busy": self._pictures.dropped}
        return {cause: count for cause, count in counts.items() if count}

    def __next__(self) -> FrameResult:
        try:
            return self._answer(self._pictures.get())
        except QueueFinished:
            self.stop()
            raise StopIteration from None
        except BaseException:
            self.stop()
            raise

    def _answer(self, picture: _Picture) -> FrameResult:
        import torch

        start_s = perf_counter()
        with torch.inference_mode():
            x = torch.from_numpy(picture.image.x)[None]
            order = torch.from_numpy(picture.image.order.astype(np.int64))[None]
            answer = answer_of(self._network, x, order)
        timings_s = dict(picture.timings_s)
        timings_s["wait"] += start_s - picture.ready_s
        timings_s["network"] = perf_counter() - start_s
        return FrameResult(picture.raw.header.counter, answer, timings_s, picture.raw)

    def stop(self) -> None:
        """End the stream: drop what is queued, end both threads, and let the next `next()` raise StopIteration."""
        _abandon(self._arrivals, self._pictures)
        grace_s, self._stopped = 0.0 if self._stopped else SOURCE_GRACE_S, True
        if threading.current_thread() is not self._capturing:
            self._capturing.join(grace_s)
        if threading.current_thread() is not self._developing:
            self._developing.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def stream(
    frames: Iterable[RawFrame],
    receiver: Receiver,
    network: Network,
    *,
    settings: IspSettings,
    keep: Keep = "all",
    queue_frames: int = 4,
    corrections: CorrectionsOf | None = None,
) -> Stream:
    """Run the network on frames as they arrive.

    Parameters
    ----------
    frames
        the camera's link or a recording: any iterable of frames; iterated in a thread of its own.
    receiver
        accepts or refuses each frame; refused ones are counted and skipped.
    network
        see `inference.answers.Network`; called with a batch of one.
    settings
        how frames are developed; `output` is the network's input size.
    keep
        "all" slows the source down to the network's speed; "latest" drops the oldest waiting frame instead.
    queue_frames
        frames that may wait before the image signal processor, and again before the network.
    corrections
        what calibration knows of the camera, frame by frame: `for_frame` of a correction profile.

    Raises
    ------
    ValueError
        if `keep` or `queue_frames` is not allowed. What goes wrong later comes out of the iterator.
    """
    return Stream(frames, receiver, network, settings=settings, keep=keep, queue_frames=queue_frames, corrections=corrections)


def _capture(frames: Iterable[RawFrame], arrivals: BoundedQueue[_Arrival]) -> None:
    iterator: Iterator[RawFrame] | None = None
    try:
        iterator = iter(frames)
        for raw in iterator:
            if not arrivals.put(_Arrival(raw, perf_counter())):
                break
        if isinstance(iterator, Generator):
            iterator.close()  # here, because only the thread that runs a generator can be sure that it may close it
    except BaseException as error:
        arrivals.finish(error)
    else:
        arrivals.finish()


def _develop(
    arrivals: BoundedQueue[_Arrival],
    pictures: BoundedQueue[_Picture],
    receiver: Receiver,
    settings: IspSettings,
    corrections: CorrectionsOf | None,
    refused: Counter[str],
) -> None:
    try:
        while True:
            raw, arrived_s = arrivals.get()
            start_s = perf_counter()
            try:
                frame_key = receiver.accept(raw)
            except FrameRefused as refusal:
                refused[refusal.cause] += 1
                continue
            verified_s = perf_counter()
            try:
                maps = None if corrections is None else corrections(raw.header)
            except CorrectionsRefused:
                refused[CORRECTIONS_REFUSED] += 1
                continue
            image = isp(raw, frame_key, settings, maps)
            ready_s = perf_counter()
            timings_s = {"wait": start_s - arrived_s, "key_and_verify": verified_s - start_s, "isp": ready_s - verified_s}
            if not pictures.put(_Picture(raw, image, timings_s, ready_s)):
                break
    except QueueFinished:
        pictures.finish()
    except BaseException as error:
        pictures.finish(error)
    finally:
        arrivals.abandon()


def _abandon(arrivals: BoundedQueue[_Arrival], pictures: BoundedQueue[_Picture]) -> None:
    arrivals.abandon()
    pictures.abandon()
