"""The stream gives every answer in order, says where time went, passes errors on and ends whenever it is told to."""

import gc
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from adc import Converter, FrameHeader, Geometry, KeySchedule, RawFrame, readout
from inference.answers import ClassAnswer, MaskAnswer
from inference.bounded_queue import BoundedQueue, QueueFinished
from inference.choices import Shuffle
from inference.isp import Corrections, IspSettings, isp
from inference.keyed import convert
from inference.receiver import Receiver
from inference.stream import CorrectionsRefused, Stream, stream

MASTER = bytes(range(32))
GEOMETRY = Geometry(8, 8, 12, "rggb")
SETTINGS = IspSettings(output=(4, 4), gamma="linear")
WAIT_S = 20.0
"""Far longer than anything here takes, so that a hang fails instead of hanging."""


class Volts:
    """Random volts for one frame."""

    exposure_s, temperature_k = 0.01, 300.0

    def __init__(self, counter: int) -> None:
        self.signal_v = np.random.default_rng(counter).random(GEOMETRY.shape, np.float32)


def frame(counter: int, master: bytes = MASTER) -> RawFrame:
    return readout(Volts(counter), Converter(), KeySchedule(master).frame_key(counter, GEOMETRY))


def endless() -> Iterator[RawFrame]:
    counter = 0
    while True:
        yield frame(counter)
        counter += 1


def means(x: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    assert x.dtype == torch.float32 and x.shape == (1, 3, 4, 4)
    assert order.dtype == torch.int64 and order.shape == (1, 16)
    return x.mean(dim=(2, 3))


def started(frames: Iterable[RawFrame], network: Callable[..., torch.Tensor] = means, **options: object) -> Stream:
    return stream(frames, Receiver(KeySchedule(MASTER)), network, settings=SETTINGS, **options)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    wait_until(lambda: not (set(threading.enumerate()) - before))


def test_every_frame_is_answered_in_order_as_it_would_be_alone() -> None:
    results = list(started(frame(counter) for counter in range(20)))
    assert [result.counter for result in results] == list(range(20))
    for result in results:
        image = isp(frame(result.counter), KeySchedule(MASTER).frame_key(result.counter, GEOMETRY), SETTINGS)
        expected = torch.from_numpy(image.x)[None].mean(dim=(2, 3))[0].numpy()
        assert isinstance(result.answer, ClassAnswer)
        assert result.answer.scores.dtype == np.float32
        assert np.array_equal(result.answer.scores, expected)
        assert result.answer.class_index == expected.argmax()


def test_timings_name_every_stage_and_add_up_to_the_frames_way() -> None:
    begin_s = time.perf_counter()

    def slow(x: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        time.sleep(0.02)
        return means(x, order)

    for result in started((frame(counter) for counter in range(3)), slow):
        assert list(result.timings_s) == ["wait", "key_and_verify", "isp", "network"]
        assert min(result.timings_s.values()) >= 0
        assert result.timings_s["network"] >= 0.02
        assert sum(result.timings_s.values()) <= time.perf_counter() - begin_s


def test_an_empty_source_gives_an_empty_stream() -> None:
    results = started([])
    assert list(results) == []
    assert next(results, None) is None


def test_refused_frames_are_counted_by_cause_and_skipped() -> None:
    forged = replace(frame(3), tag=bytes(16))
    results = started([frame(1), forged, frame(2), frame(2), frame(4)])
    assert [result.counter for result in results] == [1, 2, 4]
    assert results.refused == {"tag": 1, "replay": 1}
    assert results.dropped == {}


def test_keeping_all_makes_the_source_wait() -> None:
    taken = []

    def source() -> Iterator[RawFrame]:
        for raw in endless():
            taken.append(raw.header.counter)
            yield raw

    with started(source(), queue_frames=2) as results:
        next(results)
        # Two frames in each queue, one in each thread's hand, and the one that was answered.
        wait_until(lambda: len(taken) == 7)
        time.sleep(0.05)
        assert len(taken) == 7
        assert [next(results).counter for _ in range(10)] == list(range(1, 11))


def test_keeping_the_latest_drops_the_oldest_and_counts_them() -> None:
    sent = threading.Event()

    def source() -> Iterator[RawFrame]:
        for counter in range(50):
            yield frame(counter)
        sent.set()

    results = started(source(), keep="latest", queue_frames=1)
    assert sent.wait(WAIT_S)
    counters = [result.counter for result in results]
    assert counters[-1] == 49
    assert counters == sorted(counters)
    assert len(counters) + sum(results.dropped.values()) == 50
    assert set(results.dropped) <= {"isp_busy", "network_busy"}


def test_an_error_of_the_source_comes_out_after_the_frames_before_it() -> None:
    def source() -> Iterator[RawFrame]:
        yield frame(1)
        yield frame(2)
        raise OSError("the cable is out")

    results = started(source())
    assert [next(results).counter, next(results).counter] == [1, 2]
    with pytest.raises(OSError, match="the cable is out"):
        next(results)
    assert next(results, None) is None


def test_a_source_that_is_no_iterable_is_an_error_of_the_source() -> None:
    with pytest.raises(TypeError, match="not iterable"):
        next(started(5))


def test_an_error_of_the_isp_comes_out() -> None:
    results = stream([frame(1)], Receiver(KeySchedule(MASTER)), means, settings=IspSettings(output=(3, 3)))
    with pytest.raises(ValueError, match="output = "):
        next(results)


def test_an_error_of_the_isp_ends_the_source_before_anyone_asks() -> None:
    results = stream(endless(), Receiver(KeySchedule(MASTER)), means, settings=IspSettings(output=(3, 3)))
    wait_until(lambda: not any(thread.name.startswith("keycam-") for thread in threading.enumerate()))
    with pytest.raises(ValueError, match="output = "):
        next(results)


def test_an_error_of_the_network_comes_out_and_ends_the_stream() -> None:
    def broken(x: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("wrong size")

    results = started(endless(), broken)
    with pytest.raises(RuntimeError, match="wrong size"):
        next(results)
    assert next(results, None) is None


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 3, 4), (2, 3, 4, 4), (1, 257, 4, 4)])
def test_a_network_of_another_output_shape_is_refused(shape: tuple[int, ...]) -> None:
    allowed = r"allowed is \(1, classes\), or \(1, classes, h, w\) with up to 256 classes"
    with pytest.raises(ValueError, match=re.escape(f"network output shape = {shape}: ") + allowed):
        next(started([frame(1)], lambda x, order: torch.zeros(shape)))


def test_a_dense_answer_of_a_network_that_does_not_say_its_order_is_refused() -> None:
    with pytest.raises(ValueError, match="network = function: its answer is dense and it has no output_order"):
        next(started([frame(1)], lambda x, order: x))


class _Dense(nn.Module):
    """Scores of five classes for each pixel, which depend on its neighbours."""

    def __init__(self, named: bool) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.named = named
        self.scores = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.Upsample(scale_factor=2))

    def forward(self, x: torch.Tensor) -> torch.Tensor | dict[str, torch.Tensor]:
        scores = self.scores(x - 0.5)
        return {"aux": -scores, "out": scores} if self.named else scores


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("shuffle", ["input", "every-layer"])
def test_a_dense_answer_comes_back_as_the_mask_that_the_plain_network_gives(shuffle: Shuffle, named: bool) -> None:
    plain = _Dense(named=False)
    keyed = convert(_Dense(named), torch.zeros(1, 3, 4, 4), shuffle)
    classes = set()
    for result in started((frame(counter) for counter in range(5)), keyed):
        image = isp(frame(result.counter), KeySchedule(MASTER).frame_key(result.counter, GEOMETRY), SETTINGS)
        with torch.inference_mode():
            expected = plain(torch.from_numpy(image.restore())[None])[0].argmax(0).numpy()
        assert isinstance(result.answer, MaskAnswer)
        assert result.answer.mask.dtype == np.uint8
        assert np.array_equal(result.answer.mask, expected)
        assert result.answer.mask.shape == (8, 8)
        shares = [float((expected == number).mean()) for number in range(5)]
        assert result.answer.class_shares == pytest.approx(shares)
        classes |= set(expected.reshape(-1))
    assert len(classes) > 1


def test_stopping_before_the_first_frame_is_answered_ends_it() -> None:
    results = started(endless())
    results.stop()
    assert next(results, None) is None
    results.stop()


def test_leaving_early_with_full_queues_ends_both_threads() -> None:
    with started(endless(), queue_frames=1) as results:
        for result in results:
            if result.counter == 3:
                break
    assert next(results, None) is None


def test_a_stream_that_is_forgotten_ends_its_threads() -> None:
    results = started(endless(), queue_frames=1)
    next(results)
    del results
    gc.collect()  # the fixture waits for the threads


def test_stopping_from_another_thread_ends_a_waiting_consumer() -> None:
    may_end = threading.Event()

    def silent() -> Iterator[RawFrame]:
        yield frame(1)
        may_end.wait(WAIT_S)

    results = started(silent())
    next(results)
    stopper = threading.Timer(0.05, results.stop)
    stopper.start()
    assert next(results, None) is None
    may_end.set()
    stopper.join()


def test_stopping_does_not_wait_for_ever_for_a_source_that_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.stream.SOURCE_GRACE_S", 0.05)
    may_end = threading.Event()

    def stuck() -> Iterator[RawFrame]:
        may_end.wait(WAIT_S)
        yield frame(1)

    results = started(stuck())
    begin_s = time.monotonic()
    results.stop()
    assert time.monotonic() - begin_s < WAIT_S / 2
    may_end.set()


def test_a_generators_last_words_are_heard_in_its_own_thread() -> None:
    closed = []

    def source() -> Iterator[RawFrame]:
        try:
            yield from endless()
        finally:
            closed.append(threading.current_thread().name)

    frames = source()  # held here, so that it does not end for lack of a holder
    with started(frames) as results:
        next(results)
    assert closed == ["keycam-capture"]


@pytest.mark.parametrize(("name", "value"), [("keep", "newest"), ("queue_frames", 0), ("queue_frames", float("nan"))])
def test_an_impossible_option_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name} = .*: allowed is"):
        started([], **{name: value})


def test_a_finished_queue_gives_what_it_holds_and_then_its_error() -> None:
    queue: BoundedQueue[int] = BoundedQueue(2)
    assert queue.put(1) and queue.put(2)
    queue.finish(OSError("gone"))
    queue.finish()
    assert not queue.put(3)
    assert [queue.get(), queue.get()] == [1, 2]
    with pytest.raises(OSError, match="gone"):
        queue.get()


def test_an_abandoned_queue_lets_a_waiting_writer_go() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    queue.put(1)
    outcome = []
    writer = threading.Thread(target=lambda: outcome.append(queue.put(2)))
    writer.start()
    queue.abandon()
    writer.join(WAIT_S)
    assert outcome == [False]
    with pytest.raises(QueueFinished):
        queue.get()


def test_corrections_are_asked_for_each_frame_and_applied() -> None:
    asked = []

    def corrections(header: FrameHeader) -> Corrections:
        asked.append(header.counter)
        return Corrections(GEOMETRY, gain=np.full((8, 8), 0.5, np.float32))

    plain, corrected = (list(started(map(frame, range(3)), **options)) for options in ({}, {"corrections": corrections}))
    assert asked == [0, 1, 2]
    for one, other in zip(plain, corrected, strict=True):
        # Half of what lies above the black level, but where light was cut to 1; samples are rounded to a sixteenth of a DN.
        assert other.answer.scores == pytest.approx(one.answer.scores / 2, abs=0.02)


def test_a_frame_that_the_corrections_do_not_fit_ends_the_stream_with_their_sentence() -> None:
    def refused(header: FrameHeader) -> Corrections:
        raise ValueError(f"device = {header.device}: allowed is the calibrated one, cam9")

    with pytest.raises(ValueError, match="device = cam0: allowed is the calibrated one"):
        list(started([frame(0)], corrections=refused))


def test_a_frame_that_the_corrections_refuse_is_counted_and_the_stream_goes_on() -> None:
    def all_but_one(header: FrameHeader) -> Corrections | None:
        if header.counter == 1:
            raise CorrectionsRefused("analog_gain = 2.0: allowed is the calibrated one, 1.0")
        return None

    results = started(map(frame, range(3)), corrections=all_but_one)
    assert [result.counter for result in results] == [0, 2]
    assert results.refused == {"corrections": 1}
