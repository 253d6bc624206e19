"""The demonstration looks at each photograph for an equal share of its frames, and shows the middle of each share."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keycam import demo_scenes
from keycam.demo_scenes import VIEW_PX, DemoScenes
from sensor_sim.scene import PHOTOGRAPHS, SceneError


def test_every_photograph_is_seen_for_its_share_of_the_frames() -> None:
    frames = 2 * len(PHOTOGRAPHS) + 1
    shots = list(DemoScenes(None, None, frames, seed=0))
    assert len(shots) == frames == len(DemoScenes(None, None, frames, seed=0))
    counts = {photograph.name: sum(shot.name == photograph.name for shot in shots) for photograph in PHOTOGRAPHS}
    assert sorted(counts.values()) == [2] * (len(PHOTOGRAPHS) - 1) + [3]
    assert list(dict.fromkeys(shot.name for shot in shots)) == [photograph.name for photograph in PHOTOGRAPHS]
    for shot in shots:
        assert shot.scene.shape == (VIEW_PX, VIEW_PX, 3)
        assert shot.scene.dtype == np.float32
        assert shot.shows


@pytest.mark.parametrize("frames", [1, 5])
def test_with_few_frames_each_shows_another_photograph(frames: int) -> None:
    shots = list(DemoScenes(None, None, frames, seed=0))
    assert [shot.name for shot in shots] == [photograph.name for photograph in PHOTOGRAPHS[:frames]]


@pytest.mark.parametrize("frames", [1, 5, 12, 13, 120, 1000])
def test_the_contact_sheet_shows_the_middle_of_each_of_the_first_photographs(frames: int) -> None:
    shown = sorted(DemoScenes(None, None, frames, seed=0).shown(8))
    assert len(shown) == min(8, frames)
    share = frames / min(frames, len(PHOTOGRAPHS))
    for number, shot in enumerate(shown):
        assert 0 <= shot < frames
        # The middle is rounded down by at most a half, and the ends of the share by at most one.
        assert shot == pytest.approx((number + 0.5) * share, abs=1.5)


@pytest.mark.parametrize("frames", [1, 3, 8, 100])
def test_of_one_picture_the_contact_sheet_shows_equal_shares(tmp_path: Path, frames: int) -> None:
    shown = sorted(DemoScenes(tmp_path / "not opened before it is needed.png", None, frames, seed=0).shown(8))
    assert len(shown) == min(8, frames)
    assert shown[0] >= 0
    assert shown[-1] < frames
    steps = np.diff(shown)
    assert not len(steps) or steps.max() - steps.min() <= 1


def test_a_picture_is_panned_over_by_the_seed(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    first, again, other = ([shot.scene for shot in DemoScenes(tmp_path / "a.png", None, 4, seed)] for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[1], other[1])
    assert not np.array_equal(first[0], first[1])


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(SceneError, match="this is not a file"):
        next(iter(DemoScenes(tmp_path, None, 2, seed=0)))


def test_a_camera_that_stops_early_ends_the_shots(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = [np.full((4, 4, 3), number, np.float32) for number in range(3)]
    monkeypatch.setattr(demo_scenes, "CameraSource", lambda number: iter(scenes) if number == 2 else iter(()))
    shots = list(DemoScenes(None, 2, 10, seed=0))
    assert [shot.scene[0, 0, 0] for shot in shots] == [0, 1, 2]
    assert {shot.name for shot in shots} == {"camera 2"}
    assert len(list(DemoScenes(None, 2, 2, seed=0))) == 2
