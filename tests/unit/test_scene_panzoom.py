"""A move over a photograph stays inside it, is smooth, shows the whole and parts, and follows from its seed."""

import numpy as np
import pytest

from sensor_sim.scene import PanZoom, SceneError
from sensor_sim.scene.panzoom import CLOSEST

IMAGE = np.random.default_rng(1).random((60, 90, 3), dtype=np.float32)


@pytest.mark.parametrize("shape", [(60, 90, 3), (90, 60, 3), (50, 50, 3)])
@pytest.mark.parametrize("seed", range(5))
def test_every_view_lies_inside_the_picture_and_is_square(shape: tuple[int, int, int], seed: int) -> None:
    for box in PanZoom(np.zeros(shape, np.float32), 97, 16, seed).boxes():
        assert box.height == box.width
        assert box.top >= 0
        assert box.left >= 0
        # Rounding of one sum in double precision.
        assert box.top + box.height <= shape[0] + 1e-9
        assert box.left + box.width <= shape[1] + 1e-9


def test_the_path_shows_the_whole_and_parts_and_comes_back() -> None:
    sides = np.array([box.height for box in PanZoom(IMAGE, 100, 16, 1).boxes()])
    assert sides[0] == sides.max() == 60
    assert sides.min() == pytest.approx(60 * CLOSEST, rel=1e-3)
    assert (np.abs(np.diff(sides)) > 0).all()


def test_the_path_is_smooth() -> None:
    boxes = PanZoom(IMAGE, 100, 16, 1).boxes()
    centres = np.array([(box.top + box.height / 2, box.left + box.width / 2) for box in boxes])
    # Over 100 views the fastest part, three turns of half the room of at most 90 pixels, moves 2 pi 3 / 100 * 45 = 8.5 pixels.
    assert np.abs(np.diff(centres, axis=0)).max() < 8.5
    # It changes its pace by 2 pi 3 / 100 = 0.19 of that at most from one view to the next.
    assert np.abs(np.diff(centres, n=2, axis=0)).max() < 0.19 * 8.5


def test_one_seed_gives_one_path_each_time_and_another_its_own() -> None:
    path = PanZoom(IMAGE, 5, 16, 1)
    assert np.array_equal(np.stack(list(path)), np.stack(list(path)))
    assert not np.array_equal(np.stack(list(path)), np.stack(list(PanZoom(IMAGE, 5, 16, 2))))


def test_views_have_the_size_that_was_asked_for() -> None:
    views = list(PanZoom(IMAGE, 7, 24, 1))
    assert len(views) == len(PanZoom(IMAGE, 7, 24, 1)) == 7
    assert {view.shape for view in views} == {(24, 24, 3)}
    assert views[0].dtype == np.float32


def test_the_first_view_of_a_square_picture_is_the_picture() -> None:
    square = IMAGE[:, :60]
    # 4 x 4 pixels each: sums of 16 in single precision.
    expected = square.reshape(15, 4, 15, 4, 3).mean(axis=(1, 3))
    assert np.allclose(next(iter(PanZoom(square, 3, 15, 1))), expected, atol=1e-5)


@pytest.mark.parametrize(("frames", "size", "seed", "field"), [(0, 8, 1, "frames"), (3, 0, 1, "size"), (3, 8, -1, "seed")])
def test_an_impossible_number_is_refused_by_name(frames: int, size: int, seed: int, field: str) -> None:
    with pytest.raises(SceneError, match=rf"{field} = .*: allowed is"):
        PanZoom(IMAGE, frames, size, seed)


def test_what_is_no_scene_is_refused() -> None:
    with pytest.raises(SceneError, match=r"image = .*: allowed is float32 \(H, W, 3\)"):
        PanZoom(IMAGE[..., 0], 3, 8, 1)
