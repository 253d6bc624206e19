"""Scenes before a camera that runs for days: in their sequence, again and again, and none is lost by a look ahead."""

from collections.abc import Iterator

import numpy as np
import pytest

from firmware_model.scenes import EndlessScenes
from sensor_sim import Scene, SceneError
from sensor_sim.scene import uniform_field


class Film:
    """Three scenes, which may be gone over again; says how often it was begun."""

    def __init__(self, count: int = 3) -> None:
        self.count, self.begun, self.closed = count, 0, 0

    def __iter__(self) -> Iterator[Scene]:
        self.begun += 1
        try:
            for number in range(self.count):
                yield uniform_field(2, 2, number / 10)
        finally:
            self.closed += 1


def levels(scenes: EndlessScenes, count: int) -> list[int]:
    return [round(10 * float(scenes.next()[0, 0, 0])) for _ in range(count)]


def test_scenes_come_in_their_sequence_again_and_again() -> None:
    assert levels(EndlessScenes(Film()), 8) == [0, 1, 2, 0, 1, 2, 0, 1]


def test_a_look_ahead_takes_no_scene_away() -> None:
    scenes = EndlessScenes(Film())
    assert levels(scenes, 1) == [0]
    assert scenes.peek() is scenes.peek()
    assert levels(scenes, 4) == [1, 2, 0, 1]


def test_a_single_scene_is_read_once() -> None:
    class Still(Film):
        def __len__(self) -> int:
            return 1

    still = Still(1)
    scenes = EndlessScenes(still)
    assert scenes.peek() is scenes.next() is scenes.next()
    assert still.begun == 1


def test_a_source_without_a_scene_is_refused() -> None:
    with pytest.raises(SceneError, match="source: it has no scene; allowed is a source of one or more"):
        EndlessScenes(Film(0)).next()


def test_what_a_source_holds_is_let_go_of() -> None:
    film = Film()
    scenes = EndlessScenes(film)
    scenes.next()
    scenes.close()
    assert film.closed == 1
    assert np.array_equal(scenes.next(), uniform_field(2, 2, 0.0))
