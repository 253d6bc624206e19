"""Scenes on their way to the camera: what gives way, what waits, what is lost and found again."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from keycam.live.back_off import BackOff
from keycam.live.scene_queue import SceneQueue, Shot
from keycam.live.scene_source import SceneSource
from keycam.live.scene_supply import SceneSupply
from sensor_sim import Scene, SceneError

PATIENCE_S = 10.0


def shot(number: int) -> Shot:
    return Shot(np.full((1, 1, 3), number, np.float32), float(number))


class Scenes:
    """So many scenes for each time that they are gone over; None of them breaks off with an error."""

    def __init__(self, *runs: int | None) -> None:
        self.runs = list(runs)
        self.closed = 0

    def __iter__(self) -> Iterator[Scene]:
        run = self.runs.pop(0) if len(self.runs) > 1 else self.runs[0]
        try:
            if run is None:
                raise SceneError("camera = 7: it does not open; allowed is a connected camera")
            for number in range(run):
                yield np.full((1, 1, 3), number, np.float32)
        finally:
            self.closed += 1


def source(scenes: Scenes, **how: object) -> SceneSource:
    return SceneSource(**{"name": "camera 7", "scenes": scenes, "keep": "all", "fps": None, **how})


def until(condition, text: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, text
        time.sleep(0.005)


def test_the_latest_scene_takes_the_place_of_one_that_nobody_took_and_that_is_counted() -> None:
    queue, ended = SceneQueue("latest"), threading.Event()
    assert all(queue.put(shot(number), ended) for number in range(3))
    taken = queue.get(ended)
    assert taken is not None
    assert taken.seen_s == 2
    assert queue.dropped == 2


def test_with_all_the_next_scene_waits_until_there_is_room() -> None:
    queue, ended = SceneQueue("all"), threading.Event()
    putting = threading.Thread(target=lambda: [queue.put(shot(number), ended) for number in range(3)])
    putting.start()
    assert [queue.get(ended).seen_s for _ in range(3)] == [0, 1, 2]
    putting.join(PATIENCE_S)
    assert queue.dropped == 0


def test_who_waits_for_a_scene_waits_no_longer_than_the_session() -> None:
    queue, ended, found = SceneQueue("latest"), threading.Event(), []
    waiting = threading.Thread(target=lambda: found.append(queue.get(ended)))
    waiting.start()
    ended.set()
    queue.wake()
    waiting.join(PATIENCE_S)
    assert found == [None]
    queue.put(shot(1), threading.Event())
    assert queue.get(threading.Event()).seen_s == 1  # the next session's


def test_what_broke_off_is_told_after_the_scene_that_waits() -> None:
    queue, never = SceneQueue("all"), threading.Event()
    queue.put(shot(1), never)
    queue.close(SceneError("broken"))
    assert queue.get(never).seen_s == 1
    with pytest.raises(SceneError, match="broken"):
        queue.get(never)
    assert not queue.put(shot(2), never)


def test_a_source_that_never_opens_is_refused_at_once() -> None:
    with SceneSupply(source(Scenes(None), comes_back=True)) as supply, pytest.raises(SceneError, match="does not open"):
        supply.start()


def test_a_defect_comes_out_where_it_is_seen_and_is_not_tried_again() -> None:
    def broken() -> Iterator[Scene]:
        yield np.zeros((1, 1, 3), np.float32)
        raise RuntimeError("a defect")

    with SceneSupply(source(broken(), comes_back=True)) as supply:  # type: ignore[arg-type]
        supply.start()
        assert supply.queue.get(threading.Event()) is not None
        with pytest.raises(RuntimeError, match="a defect"):
            supply.queue.get(threading.Event())


def test_a_camera_that_stops_and_then_fails_is_tried_again_until_it_is_back() -> None:
    scenes = Scenes(2, None, 1, 0)
    with SceneSupply(source(scenes, comes_back=True)) as supply:
        supply.start()
        never = threading.Event()
        for seen in (0, 1):
            assert supply.queue.get(never).scene.item(0) == seen
        until(lambda: supply.state.stands == "lost", "its end was not noticed")
        assert "camera 7: it stopped" in supply.state.trouble
        assert supply.queue.get(never).scene.item(0) == 0  # the third try's
        assert supply.state.losses in (1, 2)  # the second try found it gone still; the third's scenes may be over again
        assert scenes.closed >= 2  # or the webcam would stay taken


def test_a_file_is_over_at_its_end_unless_somebody_looks() -> None:
    never = threading.Event()
    with SceneSupply(source(Scenes(2))) as supply:
        supply.start()
        assert [supply.queue.get(never) is None for _ in range(3)] == [False, False, True]
    with SceneSupply(source(Scenes(2), repeats=True)) as supply:
        supply.start()
        assert [supply.queue.get(never).scene.item(0) for _ in range(5)] == [0, 1, 0, 1, 0]


def test_scenes_come_at_their_pace() -> None:
    never = threading.Event()
    with SceneSupply(source(Scenes(6), fps=50.0)) as supply:
        supply.start()
        times_s = [supply.queue.get(never).seen_s for _ in range(6)]
    assert times_s[-1] - times_s[0] >= 4 / 50  # five pauses; a late scene does not hurry the next one by more than one


def test_a_visitors_webcam_takes_the_sources_place_until_it_is_withdrawn() -> None:
    never, visitor = threading.Event(), object()
    with SceneSupply(source(Scenes(1000), keep="latest", fps=200.0)) as supply:
        supply.start()
        assert supply.share(visitor)
        assert not supply.share(object())
        time.sleep(0.05)
        while supply.queue._waiting:  # what came before
            supply.queue.get(never)
        supply.put_shared(object(), np.full((1, 1, 3), -9, np.float32), 0.0)
        supply.put_shared(visitor, np.full((1, 1, 3), -1, np.float32), 0.0)
        assert supply.queue.get(never).scene.item(0) == -1
        supply.unshare(object())
        assert supply.is_shared
        supply.unshare(visitor)
        assert supply.queue.get(never).scene.item(0) >= 0


def test_it_stops_while_it_waits_for_whatever() -> None:
    for how in ({"comes_back": True}, {"fps": 0.01}, {"keep": "all"}):
        supply = SceneSupply(source(Scenes(5, 0), **how))
        supply.start()
        began_s = time.monotonic()
        supply.stop()
        supply.stop()
        assert time.monotonic() - began_s < 1.9
        assert not supply._thread.is_alive()


def test_pauses_grow_to_ten_seconds_and_begin_anew() -> None:
    back_off = BackOff()
    assert [back_off.next_s() for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]
    back_off.worked()
    assert back_off.next_s() == 0.5
